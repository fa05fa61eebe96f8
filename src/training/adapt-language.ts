/**
 * @file Adapts a stitched family of decoders to instructions: the same course as that of images.
 */
import type { LlamaConfig } from "../anchors/llama-shape.js";
import { throwProblems, UsageError, wholeNumberProblem } from "../checks.js";
import type { Exchange } from "../language/prompt-template.js";
import { stitchIdsOf, type StitchFamily } from "../stitching/family.js";
import type { RouteOptions } from "../stitching/route.js";
import type { PositionOptions } from "../stitching/stitch-space.js";
import { tf, type Tensor } from "../tensor/index.js";
import { methodProblems, type TuningMethod } from "../tuning/method.js";
import type { TunedModel } from "../tuning/tuned-model.js";
import { runAdaptation, type Adaptation, type AdaptationOptions } from "./adaptation.js";
import { evaluateText, type TextQuality } from "./evaluate-text.js";
import { familyContext, languageStructure, type LanguageAnchor, type LanguageFamily } from "./language-family.js";
import { startTunedModel } from "./start-model.js";
import type { StitchScore } from "./stitch-scores.js";
import { prepareText, type PreparedText, type TextFormat } from "./text-batches.js";
import { trainProblems, type Progress, type TrainSettings } from "./train.js";

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

export type LanguageAdaptOptions = AdaptationOptions<LlamaConfig>;

/** What came of one stitch. */
export interface LanguageOutcome extends StitchScore {
  /** On the test examples; null where there are none. */
  readonly test: TextQuality | null;
  /** Null where there are no validation examples. */
  readonly validationPerplexity: number | null;
}

/** What came of an adaptation. */
export type LanguageAdaptResult = Adaptation<LanguageOutcome, LlamaConfig>;

/** Lists everything wrong with the settings on a family, before any tensor is made. */
export function adaptLanguageProblems(where: string, family: { readonly anchors: readonly Pick<LanguageAnchor, "config">[] }, settings: LanguageAdaptSettings): string[] {
  const structure = languageStructure(family, settings);
  const { kind } = settings.method;
  return [
    ...(kind === "pst" || kind === "full" ? methodProblems(where, settings.method, structure.configs[0]!.width) : [`${where}: method is ${JSON.stringify(kind)}, expected pst or full: the other techniques are for images.`]),
    ...trainProblems(where, settings.train, settings.method, stitchIdsOf(structure, settings.anchorAlone).length),
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
export function startLanguageModel(family: LanguageFamily, data: PreparedText, settings: LanguageAdaptSettings, seed: number, onProgress?: (progress: Progress) => void): TunedModel<LlamaConfig> {
  return startTunedModel(languageStructure(family, settings), family.anchors, settings, seed, data.count, settings.initialExamples, (indices) => tokenRows(data, indices), { onProgress });
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
  const { onProgress, signal } = options;
  const format = formatOf(family);
  const evaluated = async (model: TunedModel<LlamaConfig>, name: string, examples: readonly Exchange[], maximum: number): Promise<Map<number, TextQuality>> =>
    examples.length === 0 ? new Map() : evaluateText(model, examples, format, {
      maximum,
      ...(onProgress === undefined ? {} : { onProgress: (progress: Progress) => onProgress({ ...progress, label: `${name}, ${progress.label}` }) }),
      ...(signal === undefined ? {} : { signal }),
    });
  return runAdaptation({
    prepare: () => prepareText(instructions.train, format, "training example"),
    start: (data) => startLanguageModel(family, data, settings, options.seed, onProgress),
    async evaluate(model, scores) {
      const validation = await evaluated(model, "validation", instructions.validation, 0);
      const test = await evaluated(model, "test", instructions.test, settings.maximumTokens);
      return scores.map((score) => ({ ...score, test: test.get(score.stitchId) ?? null, validationPerplexity: validation.get(score.stitchId)?.perplexity ?? null }));
    },
  }, settings.train, options);
}

/** Multiply–accumulates of one token within a full context. */
export function flopsPerToken({ configs, costs }: StitchFamily<LlamaConfig>, stitchId: number): number {
  return Math.round(costs[stitchId]!.flops / configs[0]!.context);
}
