/**
 * @file An adaptation to look at while it goes on: stops a few times and measures every stitch on some validation images.
 */
import { throwProblems, wholeNumberProblem } from "../checks.js";
import { firstImages, type Dataset } from "../datasets/dataset.js";
import { trainableCount, type TunedModel } from "../tuning/tuned-model.js";
import { adapt, type AdaptOptions, type AdaptResult, type AdaptSettings, type AnchorFamily } from "./adapt.js";
import { heldBatches, prepareSplit } from "./batches.js";
import type { TrainState } from "./checkpoint.js";
import { evaluateStitches } from "./evaluate.js";

/** What is known at the end of a stage. */
export interface StageResult extends AdaptResult {
  /** Steps done, of {@link StageResult.steps}. */
  readonly step: number;
  readonly steps: number;
}

/** How an adaptation is watched. */
export interface StagesOptions extends Pick<AdaptOptions, "seed" | "onProgress" | "signal"> {
  /** Pauses, evenly spread over the steps; the last one is at the end of the training. */
  readonly stages: number;
  /** Validation images that each pause measures on, from the first. */
  readonly stageImages: number;
  /**
   * Told after each pause; the training waits for it. Both accuracies of an outcome are those on the stage's validation images; nothing
   * is selected yet and scores are left at 0.
   */
  readonly onStage: (result: StageResult) => void | Promise<void>;
}

/**
 * Adapts exactly as {@link adapt} does, with the same result, and shows the way there.
 *
 * The test images are used once, after the training.
 *
 * @throws {UsageError} as {@link adapt} does, and for wrong numbers of stages or images.
 */
export async function adaptInStages(family: AnchorFamily, dataset: Dataset, settings: AdaptSettings, options: StagesOptions): Promise<AdaptResult> {
  const { stages, stageImages, onStage, ...adaptOptions } = options;
  const { steps } = settings.train;
  throwProblems([
    ...(settings.refit === true ? ["adaptInStages: refit is true, expected false: the stages are measured on validation images, which refit trains on."] : []),
    ...wholeNumberProblem("adaptInStages", "stages", stages, 1, steps, "the number of steps"),
    ...wholeNumberProblem("adaptInStages", "stageImages", stageImages, 1, dataset.val.count, "the validation images"),
  ]);
  const pauses = new Set(Array.from({ length: stages }, (_, stage) => Math.round((steps * (stage + 1)) / stages)));
  const watched = heldBatches(prepareSplit(firstImages(dataset.val, stageImages), dataset.imageSize, family.normalisation));
  const afterStep = async (model: TunedModel, state: TrainState): Promise<void> => {
    if (!pauses.has(state.step)) return;
    const top1 = await evaluateStitches(model, watched, options.signal === undefined ? {} : { signal: options.signal });
    await onStage({ step: state.step, steps, ...soFar(model, top1, state) });
  };
  return adapt(family, dataset, settings, { ...adaptOptions, afterStep });
}

function soFar(model: TunedModel, top1: ReadonlyMap<number, number>, { losses, drawn }: Pick<AdaptResult, "losses" | "drawn">): AdaptResult {
  const outcomes = [...top1].map(([stitchId, share]) => ({
    stitchId, top1: share, validationTop1: share, importance: 0, visits: drawn.filter((one) => one === stitchId).length, selected: false,
  }));
  return { family: model.family, outcomes, trainable: trainableCount(model), losses: [...losses], drawn: [...drawn], seconds: { initialise: 0, train: 0, evaluate: 0 } };
}
