/**
 * @file The course of every adaptation, of images or text: start, train, score, evaluate.
 */
import type { AnchorConfig } from "../anchors/anchor.js";
import type { VitConfig } from "../anchors/vit-shape.js";
import { createRng } from "../rng.js";
import type { StitchFamily } from "../stitching/family.js";
import { disposeModel, trainableCount, type TunedModel } from "../tuning/tuned-model.js";
import type { PreparedSplit } from "./batches.js";
import { stitchScores, type StitchScore } from "./stitch-scores.js";
import type { PreparedText } from "./text-batches.js";
import { train, type TrainOptions, type TrainSettings } from "./train.js";

/** What came of an adaptation. */
export interface Adaptation<Outcome, Config extends AnchorConfig = VitConfig> {
  readonly family: StitchFamily<Config>;
  readonly outcomes: readonly Outcome[];
  /** Elements that training moved. */
  readonly trainable: number;
  /** Loss before each step, and the stitch it ran. */
  readonly losses: readonly number[];
  readonly drawn: readonly number[];
  readonly seconds: { readonly initialise: number; readonly train: number; readonly evaluate: number };
}

/** How an adaptation is watched, interrupted and resumed. */
export interface AdaptationOptions<Config extends AnchorConfig = VitConfig> extends Omit<TrainOptions, "rng" | "stitchIds" | "afterStep"> {
  readonly seed: number;
  /** Shown the trained model and its scores once, before it is evaluated; the evaluation waits. */
  readonly onTrained?: (model: TunedModel<Config>, scores: readonly StitchScore[]) => void | Promise<void>;
}

/** What images and text do each in their own way. */
export interface AdaptationParts<Data extends PreparedSplit | PreparedText, Outcome, Config extends AnchorConfig> {
  readonly prepare: () => Data;
  /** Makes the model to train. */
  readonly start: (data: Data) => TunedModel<Config>;
  /** Watches the training in place of what the options say. */
  readonly watch?: (model: TunedModel<Config>) => Pick<TrainOptions, "onProgress" | "afterStep">;
  readonly evaluate: (model: TunedModel<Config>, scores: readonly StitchScore[]) => Promise<readonly Outcome[]>;
}

/** Runs an adaptation from its data to its outcomes. The model is freed at the end. */
export async function runAdaptation<Data extends PreparedSplit | PreparedText, Outcome, Config extends AnchorConfig>(
  { prepare, start, watch, evaluate }: AdaptationParts<Data, Outcome, Config>, settings: TrainSettings, { seed, onTrained, ...options }: AdaptationOptions<Config>,
): Promise<Adaptation<Outcome, Config>> {
  const started = performance.now();
  const data = prepare();
  const model = start(data);
  try {
    const initialised = performance.now();
    const state = await train(model, data, settings, { ...options, ...watch?.(model), rng: createRng(seed) });
    options.signal?.throwIfAborted();
    const trained = performance.now();
    const scores = stitchScores(model, state, settings.sampler);
    await onTrained?.(model, scores);
    const shown = performance.now();
    const outcomes = await evaluate(model, scores);
    const seconds = { initialise: (initialised - started) / 1000, train: (trained - initialised) / 1000, evaluate: (performance.now() - shown) / 1000 };
    return { family: model.family, outcomes, trainable: trainableCount(model), losses: state.losses, drawn: state.drawn, seconds };
  } finally {
    disposeModel(model);
  }
}
