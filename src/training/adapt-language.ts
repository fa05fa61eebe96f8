/**
 * @file Adapts a stitched family of decoders to instructions: initialise, train, score, select, evaluate. The same steps as {@link adapt} takes on images.
 */
import type { LlamaConfig } from "../anchors/llama-shape.js";
import { throwProblems, UsageError, wholeNumberProblem } from "../checks.js";
import type { Exchange } from "../language/prompt-template.js";
import { createRng } from "../rng.js";
import type { StitchFamily } from "../stitching/family.js";
import type { RouteOptions } from "../stitching/route.js";
import type { PositionOptions } from "../stitching/stitch-space.js";
import { tf, type Tensor } from "../tensor/index.js";
import { methodProblems, type TuningMethod } from "../tuning/method.js";
import { disposeModel, trainableCount, type TunedModel } from "../tuning/tuned-model.js";
import type { TrainState } from "./checkpoint.js";
import { evaluateText, type TextQuality } from "./evaluate-text.js";
import { familyContext, languageStructure, type LanguageAnchor, type LanguageFamily } from "./language-family.js";
import { startTunedModel } from "./start-model.js";
import { stitchScores, type StitchScore } from "./stitch-scores.js";
import { prepareText, type PreparedText, type TextFormat } from "./text-batches.js";
import { train, trainProblems, type Progress, type TrainOptions, type TrainSettings } from "./train.js";

/** Instructions with their answers, by use. */
export interface Instructions {
  readonly train: readonly Exchange[];
  /** To choose settings by: perplexity alone. May be empty. */
  readonly validation: readonly Exchange[];
  /** May be empty. */
  readonly test: readonly Exchange[];
}

/** Everything that decides the outcome of an adaptation, beside the seed. */
export interface LanguageAdaptSettings extends PositionOptions, RouteOptions {
  readonly method: TuningMethod;
  readonly train: TrainSettings;
  /** Training examples that start the stitching layers. */
  readonly initialExamples: number;
  /** Adapts this anchor alone, not the stitches; all stitches by default. */
  readonly anchorAlone?: number;
  /** Most tokens of an answer in the test; 0 writes none. */
  readonly maximumTokens: number;
}

export interface LanguageAdaptOptions extends Omit<TrainOptions, "rng" | "afterStep" | "stitchIds"> {
  readonly seed: number;
  /** Shown the trained model and its scores once, before it is evaluated; the evaluation waits. */
  readonly onTrained?: (model: TunedModel<LlamaConfig>, scores: readonly StitchScore[]) => void | Promise<void>;
}

/** What came of one stitch. */
export interface LanguageOutcome extends StitchScore {
  /** On the test examples; null where there are none. */
  readonly test: TextQuality | null;
  /** Null where there are no validation examples. */
  readonly validationPerplexity: number | null;
}

/** What came of an adaptation. */
export interface LanguageAdaptResult {
  readonly family: StitchFamily<LlamaConfig>;
  readonly outcomes: readonly LanguageOutcome[];
  /** Elements that training moved. */
  readonly trainable: number;
  /** Loss before each step, and the stitch it ran. */
  readonly losses: readonly number[];
  readonly drawn: readonly number[];
  readonly seconds: { readonly initialise: number; readonly train: number; readonly evaluate: number };
}

/** Lists everything wrong with the settings on a family, before any tensor is made. */
export function adaptLanguageProblems(where: string, family: { readonly anchors: readonly Pick<LanguageAnchor, "config">[] }, settings: LanguageAdaptSettings): string[] {
  const structure = languageStructure(family, settings);
  const stitches = settings.anchorAlone === undefined ? structure.space.stitches.length : 1;
  const sampler = { ...settings.train.sampler, bins: Math.min(settings.train.sampler.bins, stitches) };
  const { kind } = settings.method;
  return [
    ...(kind === "pst" || kind === "full" ? methodProblems(where, settings.method, structure.configs[0]!.width) : [`${where}: method is ${JSON.stringify(kind)}, expected pst or full: the other techniques are for images.`]),
    ...trainProblems(where, { ...settings.train, sampler }, stitches),
    ...wholeNumberProblem(where, "initialExamples", settings.initialExamples, 1, Infinity),
    ...wholeNumberProblem(where, "maximumTokens", settings.maximumTokens, 0, Infinity),
    ...(settings.anchorAlone === undefined ? [] : wholeNumberProblem(where, "anchorAlone", settings.anchorAlone, 0, family.anchors.length - 1)),
  ];
}

/** How the family reads text. */
export function formatOf(family: LanguageFamily): TextFormat {
  return { tokenizer: family.tokenizer, template: family.template, context: familyContext(family) };
}

/** Makes the model that an adaptation trains. The caller disposes it. */
export function startLanguageModel(family: LanguageFamily, data: PreparedText, settings: LanguageAdaptSettings, seed: number): TunedModel<LlamaConfig> {
  return startTunedModel(languageStructure(family, settings), family.anchors, settings, seed, data.count, settings.initialExamples, (indices) => tokenRows(data, indices));
}

/** Each example by itself: no padding goes into the least squares. */
function* tokenRows({ examples }: PreparedText, indices: readonly number[]): Generator<Tensor> {
  for (const index of indices) {
    const { tokens } = examples[index]!;
    const row = tf.tensor2d(tokens, [1, tokens.length], "int32");
    yield row;
    row.dispose();
  }
}

/**
 * Adapts the family, or one anchor alone, to the training instructions; only responses count. Every stitch is evaluated once.
 *
 * @throws {UsageError} when settings do not fit, an example is longer than the context, or the loss is not a number.
 */
export async function adaptLanguage(family: LanguageFamily, instructions: Instructions, settings: LanguageAdaptSettings, options: LanguageAdaptOptions): Promise<LanguageAdaptResult> {
  throwProblems(adaptLanguageProblems("adapt", family, settings));
  if (instructions.train.length === 0) throw new UsageError("adapt: no training example arrived, expected at least one.");
  const { seed, onTrained, ...trainOptions } = options;
  const { onProgress, signal } = options;
  const format = formatOf(family);
  const started = performance.now();
  const data = prepareText(instructions.train, format, "training example");
  const model = startLanguageModel(family, data, settings, seed);
  try {
    const initialised = performance.now();
    const state: TrainState = await train(model, data, settings.train, { ...trainOptions, rng: createRng(seed) });
    signal?.throwIfAborted();
    const trained = performance.now();
    const scores = stitchScores(model, state, settings.train.sampler);
    await onTrained?.(model, scores);
    const shown = performance.now();
    const evaluated = async (name: string, examples: readonly Exchange[], maximum: number): Promise<Map<number, TextQuality>> =>
      examples.length === 0 ? new Map() : evaluateText(model, examples, format, {
        maximum,
        ...(onProgress === undefined ? {} : { onProgress: (progress: Progress) => onProgress({ ...progress, label: `${name}, ${progress.label}` }) }),
        ...(signal === undefined ? {} : { signal }),
      });
    const validation = await evaluated("validation", instructions.validation, 0);
    const test = await evaluated("test", instructions.test, settings.maximumTokens);
    const outcomes = scores.map((score) => ({ ...score, test: test.get(score.stitchId) ?? null, validationPerplexity: validation.get(score.stitchId)?.perplexity ?? null }));
    const seconds = { initialise: (initialised - started) / 1000, train: (trained - initialised) / 1000, evaluate: (performance.now() - shown) / 1000 };
    return { family: model.family, outcomes, trainable: trainableCount(model), losses: state.losses, drawn: state.drawn, seconds };
  } finally {
    disposeModel(model);
  }
}

/** Multiply–accumulates of one token within a full context. */
export function flopsPerToken({ configs, costs }: StitchFamily<LlamaConfig>, stitchId: number): number {
  return Math.round(costs[stitchId]!.flops / configs[0]!.context);
}
