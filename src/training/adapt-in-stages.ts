/**
 * @file An adaptation to look at while it goes on: stops a few times and measures every stitch on some validation images.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { throwProblems, wholeNumberProblem } from "../checks.js";
import { firstImages, type Dataset } from "../datasets/dataset.js";
import { createRng } from "../rng.js";
import { disposeModel, trainableCount, type TunedModel } from "../tuning/tuned-model.js";
import { adapt, adaptProblems, startModel, type AdaptOptions, type AdaptResult, type AdaptSettings, type AnchorFamily } from "./adapt.js";
import { prepareSplit } from "./batches.js";
import { evaluateStitches } from "./evaluate.js";
import { train, type Progress } from "./train.js";

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
  const where = "adaptInStages";
  throwProblems([
    ...adaptProblems(where, family, settings),
    ...wholeNumberProblem(where, "stages", options.stages, 1, settings.train.steps, "the number of steps"),
    ...wholeNumberProblem(where, "stageImages", options.stageImages, 1, dataset.val.count, "the validation images"),
  ]);
  const folder = mkdtempSync(join(tmpdir(), "adapt-in-stages-"));
  const checkpoint = join(folder, "state.safetensors");
  const { seed, onProgress, signal } = options;
  try {
    await trainInStages(family, dataset, settings, options, checkpoint);
    signal?.throwIfAborted();
    return await adapt(family, dataset, settings, { seed, checkpoint, ...(onProgress && { onProgress }), ...(signal && { signal }) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Trains to the end, leaving the state in `checkpoint`. */
async function trainInStages(family: AnchorFamily, dataset: Dataset, settings: AdaptSettings, options: StagesOptions, checkpoint: string): Promise<void> {
  const { seed, stages, stageImages, onStage, onProgress, signal } = options;
  const { steps } = settings.train;
  const data = prepareSplit(dataset.train, dataset.imageSize, family.normalisation);
  const watched = prepareSplit(firstImages(dataset.val, stageImages), dataset.imageSize, family.normalisation);
  const model = startModel(family, data, dataset.classes, settings, seed);
  try {
    for (let stage = 1; stage <= stages; stage++) {
      const last = Math.round((steps * stage) / stages);
      const pause = new AbortController();
      const watch = (progress: Progress): void => {
        onProgress?.(progress);
        if (progress.done >= last || signal?.aborted === true) pause.abort();
      };
      const state = await train(model, data, settings.train, { rng: createRng(seed), checkpoint, checkpointEvery: steps + 1, signal: pause.signal, onProgress: watch });
      if (signal?.aborted === true) return;
      const top1 = await evaluateStitches(model, watched, signal === undefined ? {} : { signal });
      await onStage({ step: state.step, steps, ...soFar(model, top1, state) });
    }
  } finally {
    disposeModel(model);
  }
}

function soFar(model: TunedModel, top1: ReadonlyMap<number, number>, { losses, drawn }: Pick<AdaptResult, "losses" | "drawn">): AdaptResult {
  const outcomes = [...top1].map(([stitchId, share]) => ({
    stitchId, top1: share, validationTop1: share, importance: 0, visits: drawn.filter((one) => one === stitchId).length, selected: false,
  }));
  return { family: model.family, outcomes, trainable: trainableCount(model), losses, drawn, seconds: { initialise: 0, train: 0, evaluate: 0 } };
}
