/**
 * @file The kit as a library: what notebooks and programs import.
 */
export { UsageError } from "./checks.js";
export { createRng } from "./rng.js";
export type { RandomStream, Rng } from "./rng.js";

// The engine
export { tf, useBackend } from "./tensor/index.js";
export type { BackendChoice, BackendInUse, BackendName, BackendOptions, Tensor, Variable } from "./tensor/index.js";

// Anchors
export { families, familyOf } from "./anchors/registry.js";
export type { AnchorEntry, FamilyEntry } from "./anchors/registry.js";
export { loadFamily, loadWeights } from "./anchors/load-weights.js";
export type { LoadedAnchor } from "./anchors/load-weights.js";
export type { HostTensor } from "./anchors/parameters.js";
export { readSafetensors, readSafetensorsSummary, writeSafetensors } from "./anchors/safetensors.js";
export type { StoredTensor, StoredTensors, TensorToStore } from "./anchors/safetensors.js";
export { vitConfig } from "./anchors/vit-shape.js";
export type { VitConfig } from "./anchors/vit-shape.js";
export type { AnchorConfig } from "./anchors/anchor.js";
export { llamaConfig } from "./anchors/llama-shape.js";
export type { LlamaConfig } from "./anchors/llama-shape.js";
export { loadLlama } from "./anchors/load-llama.js";
export { readLlama2c } from "./anchors/llama2c.js";
export type { LoadedDecoder } from "./anchors/llama2c.js";
export { KeyValueMemory } from "./anchors/key-value-memory.js";
export { decodeTokens } from "./anchors/decode.js";
export type { DecodingOptions, NextLogits } from "./anchors/decode.js";
export { loadAnchorFamily } from "./experiments/vtab-sources.js";

// Tasks
export { listTasks, loadTask, taskNames } from "./datasets/registry.js";
export type { LoadTaskOptions } from "./datasets/registry.js";
export type { TaskCard } from "./datasets/task-recipe.js";
export { findVtabTasks, loadVtabTask } from "./datasets/vtab.js";
export type { LoadVtabOptions } from "./datasets/vtab.js";
export { classCounts, firstImages, hashSplits, majorityShare, makeSplit } from "./datasets/dataset.js";
export type { Dataset, ImageSplit, TaskGroup } from "./datasets/dataset.js";

// Stitching
export { stitchFamily, stitchLabel } from "./stitching/family.js";
export type { StitchFamily } from "./stitching/family.js";
export { nearestMap, stitchOf, stitchSpace } from "./stitching/stitch-space.js";
export type { AnchorStitch, JoinedStitch, PositionOptions, Stitch, StitchSpace, StitchingLayerPlace } from "./stitching/stitch-space.js";
export { routeOf } from "./stitching/route.js";
export type { Route, RouteOptions, RouteStep } from "./stitching/route.js";
export { stitchTokenLoss } from "./stitching/token-loss.js";
export type { TokenBatch } from "./stitching/token-loss.js";
export { stitchCosts } from "./stitching/costs.js";
export type { StitchCosts } from "./stitching/costs.js";

// Tuning and sampling
export { biasScopes, defaultPst, loraTargetChoices, stitchTrainables, trainableElements } from "./tuning/method.js";
export type { AddedMethod, BiasScope, FullMethod, LoraTargets, PstMethod, Trainable, TuningMethod } from "./tuning/method.js";
export type { OwnMethod } from "./tuning/own-technique.js";
export type { SharedTrainables } from "./tuning/shared-trainables.js";
export { createTunedModel, disposeModel, modelLogits, trainableCount } from "./tuning/tuned-model.js";
export type { TunedModel } from "./tuning/tuned-model.js";
export { importanceVariants } from "./sampling/importance.js";
export type { ImportanceVariant } from "./sampling/importance.js";
export { createSampler, defaultSampler, importanceProbabilities, samplerKinds } from "./sampling/sampler.js";
export type { Sampler, SamplerKind, SamplerSettings } from "./sampling/sampler.js";
export { flopsBins } from "./sampling/flops-bins.js";
export { bestPerBin, topK, withAnchors } from "./sampling/selection.js";

// Training
export { adapt, structureOf } from "./training/adapt.js";
export type { AdaptOptions, AdaptResult, AdaptSettings, AnchorFamily, StitchOutcome } from "./training/adapt.js";
export type { StitchScore } from "./training/stitch-scores.js";
export { adaptedRecord, loadAdapted, readAdaptedRecord, saveAdapted } from "./training/adapted-file.js";
export { exportStitch, mostImportantStitch } from "./training/export-stitch.js";
export type { AdaptedModel, AdaptedRecord } from "./training/adapted-file.js";
export { adaptLanguage, flopsPerToken, formatOf } from "./training/adapt-language.js";
export type { Instructions, LanguageAdaptOptions, LanguageAdaptResult, LanguageAdaptSettings, LanguageOutcome } from "./training/adapt-language.js";
export { adaptedLanguageRecord, loadAdaptedLanguage, saveAdaptedLanguage } from "./training/adapted-language-file.js";
export type { AdaptedLanguageModel, AdaptedLanguageRecord } from "./training/adapted-language-file.js";
export { answersOf, evaluateText, scoreAnswers } from "./training/evaluate-text.js";
export type { AnswerScores, EvaluateTextOptions, TextQuality } from "./training/evaluate-text.js";
export { languageStructure, loadLanguageFamily } from "./training/language-family.js";
export type { LanguageAnchor, LanguageAnchorFolder, LanguageFamily } from "./training/language-family.js";
export type { TextFormat } from "./training/text-batches.js";
export type { Progress, TrainSettings } from "./training/train.js";
export { learningRate, vtabSchedule } from "./training/schedule.js";
export type { Schedule } from "./training/schedule.js";

// Experiments
export { experimentOf, experiments, profileOf } from "./experiments/index.js";
export { defineExperiment, profiles } from "./experiments/experiment.js";
export type { Experiment, ExperimentDefinition, PlainData, PlannedExperiment, PlannedRun, PlanOptions, Profile, ReportContext, RunContext } from "./experiments/experiment.js";
export { instructionRowsOf } from "./experiments/instruction-following.js";
export { languageBase, languageSettingsOf } from "./experiments/language-settings.js";
export type { LanguageSettings } from "./experiments/language-settings.js";
export { instructionsOf, pairOf } from "./experiments/language-sources.js";
export type { InstructionSource } from "./experiments/language-sources.js";
export { runExperiment } from "./experiments/run-experiment.js";
export type { ScheduleOptions, ScheduleSummary } from "./experiments/run-experiment.js";
export type { RunEvent } from "./experiments/run-events.js";
export type { FailedRun } from "./experiments/work-through.js";
export { runInMemory } from "./experiments/run-in-memory.js";
export type { RunInMemoryOptions } from "./experiments/run-in-memory.js";
export { measuredStitchClaims, reportStitchRows, stitchFigures, stitchReportFiles } from "./experiments/stitch-report.js";
export { defineVtabStudy, stitchRowsOf } from "./experiments/vtab-study.js";
export type { Variant, VtabStudy } from "./experiments/vtab-study.js";
export { adaptSettingsOf, vtabBase } from "./experiments/vtab-settings.js";
export type { VtabSettings } from "./experiments/vtab-settings.js";

// Results
export { judge, pairedDifference } from "./reporting/claims.js";
export type { ClaimResult } from "./reporting/claims.js";
export { areasBySeed } from "./reporting/tables.js";
export { stitchRows } from "./reporting/record.js";
export type { StitchRow } from "./reporting/record.js";
export { instructionRows, samplesOf } from "./reporting/instruction-rows.js";
export type { InstructionRow, SampleAnswer } from "./reporting/instruction-rows.js";
export { dataFrame, frameRows, frameToCsv, meansBy } from "./reporting/data-frame.js";
export { parseRows, readRows, rowsToCsv, writeRows } from "./reporting/rows-csv.js";
export type { RunRecord } from "./reporting/run-record.js";
export { areaUnderFrontier, bestWithin, commonRange, paretoFrontier } from "./reporting/pareto.js";
export { interpolationFigure } from "./reporting/figures/interpolation-figure.js";
export { paretoFigure } from "./reporting/figures/pareto-figure.js";
export type { ParetoFigureOptions } from "./reporting/figures/pareto-figure.js";
export { conflictMean, pairRows, scopeLabels } from "./reporting/conflict.js";
export type { PairRow } from "./reporting/conflict.js";
export { conflictFigure } from "./reporting/figures/conflict-figure.js";
export { exploredGroups, exploredMeasures } from "./reporting/report-page/stitch-means.js";
export type { ExploredGroup, ExploredMeasure, ExploredStitch } from "./reporting/report-page/stitch-means.js";
export { stitchExplorerFigure } from "./reporting/figures/stitch-explorer-figure.js";
export type { BudgetQuantity, StitchExplorerOptions } from "./reporting/figures/stitch-explorer-figure.js";
export { renderFigure, writeFigure } from "./reporting/figures/render.js";
export type { Figure } from "./reporting/figures/figure.js";

// Notebooks
export { adaptInStages } from "./training/adapt-in-stages.js";
export type { StageResult, StagesOptions } from "./training/adapt-in-stages.js";
export { stitchSpaceFigure } from "./reporting/figures/stitch-space-figure.js";
export type { DrawnStitch, StitchSpaceFigureOptions } from "./reporting/figures/stitch-space-figure.js";
export { figureContent, interruptSignal, liveDisplay, liveFigure, progressDisplay, show, showExpected, showFigure, showTable, tableContent } from "./reporting/notebook-display.js";
export type { ExpectedNumber, LiveDisplay, LiveFigure, MimeBundle, NotebookContent, ProgressState, TableValue } from "./reporting/notebook-display.js";
