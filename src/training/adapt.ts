/**
 * @file Adapts a stitched family to one task: initialise, train, score, select, evaluate. The whole of ESTA in one call.
 */
import type { LoadedAnchor } from "../anchors/load-weights.js";
import { throwProblems, wholeNumberProblem } from "../checks.js";
import { firstImages, firstOfStream, trainVal, type Dataset, type ImageSplit, type Normalisation } from "../datasets/dataset.js";
import { createRng } from "../rng.js";
import { stitchFamily, type StitchFamily } from "../stitching/family.js";
import type { PositionOptions } from "../stitching/stitch-space.js";
import type { RouteOptions } from "../stitching/route.js";
import { disposeModel, trainableCount, type TunedModel } from "../tuning/tuned-model.js";
import { methodProblems, type TuningMethod } from "../tuning/method.js";
import { batchOf, disposeBatch, heldBatches, prepareSplit, streamedBatches, type BatchSource, type PreparedSplit } from "./batches.js";
import type { TrainState } from "./checkpoint.js";
import { evaluateStitches } from "./evaluate.js";
import { startTunedModel } from "./start-model.js";
import { stitchScores, type StitchScore } from "./stitch-scores.js";
import { adaptedStitches, train, trainProblems, type Progress, type TrainSettings } from "./train.js";

export type { StitchScore } from "./stitch-scores.js";

/** Anchors with their values and preprocessing. */
export interface AnchorFamily {
  readonly familyId: string;
  readonly anchors: readonly LoadedAnchor[];
  /** Short names of the anchors, for figures. */
  readonly labels: readonly string[];
  readonly normalisation: Normalisation;
}

/** Everything that decides the outcome of an adaptation, beside the seed. */
export interface AdaptSettings extends PositionOptions, RouteOptions {
  readonly method: TuningMethod;
  readonly train: TrainSettings;
  /** Images that start the stitching layers; 100 (SN-Net). */
  readonly initialImages: number;
  /** Adapts this anchor alone, not the stitches; all stitches by default. */
  readonly anchorAlone?: number;
  /** Test images to use, from the first; all by default, and where there are fewer. */
  readonly testImages?: number;
  /**
   * Trains on training and validation images together, once settings are chosen; nothing is left to validate on. False by default.
   */
  readonly refit?: boolean;
}

export interface AdaptOptions {
  readonly seed: number;
  /** File that keeps the training state; none by default. */
  readonly checkpoint?: string;
  readonly checkpointEvery?: number;
  /** Names the settings in the checkpoint. */
  readonly fingerprint?: string;
  readonly onProgress?: (progress: Progress) => void;
  /** Shown the model after each training step, to look at it; the training waits. */
  readonly afterStep?: (model: TunedModel, state: TrainState) => void | Promise<void>;
  /** Shown the trained model and its scores once, before it is evaluated; the evaluation waits. */
  readonly onTrained?: (model: TunedModel, scores: readonly StitchScore[]) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/** What came of one stitch. */
export interface StitchOutcome extends StitchScore {
  /** Test accuracy, 0–1. */
  readonly top1: number;
  /** Validation accuracy, 0–1: for the oracle's choice only. Null where training read the validation images. */
  readonly validationTop1: number | null;
}

/** What came of an adaptation. */
export interface AdaptResult {
  readonly family: StitchFamily;
  readonly outcomes: readonly StitchOutcome[];
  /** Elements that training moved. */
  readonly trainable: number;
  /** Loss before each step, and the stitch it ran. */
  readonly losses: readonly number[];
  readonly drawn: readonly number[];
  readonly seconds: { readonly initialise: number; readonly train: number; readonly evaluate: number };
}

/** Lists everything wrong with the settings on a family and a task, before any tensor is made. */
export function adaptProblems(where: string, family: AnchorFamily, settings: AdaptSettings): string[] {
  const structure = structureOf(family, 2, settings);
  const stitches = settings.anchorAlone === undefined ? structure.space.stitches.length : 1;
  const sampler = { ...settings.train.sampler, bins: Math.min(settings.train.sampler.bins, stitches) };
  return [
    ...methodProblems(where, settings.method, structure.configs[0]!.width),
    ...trainProblems(where, { ...settings.train, sampler }, stitches),
    ...wholeNumberProblem(where, "initialImages", settings.initialImages, 1, Infinity),
    ...(settings.anchorAlone === undefined ? [] : wholeNumberProblem(where, "anchorAlone", settings.anchorAlone, 0, family.anchors.length - 1)),
    ...(settings.testImages === undefined ? [] : wholeNumberProblem(where, "testImages", settings.testImages, 1, Infinity)),
  ];
}

/** The family's structure with heads of the task's classes. */
export function structureOf({ anchors }: Pick<AnchorFamily, "anchors">, classes: number, options: PositionOptions & RouteOptions = {}): StitchFamily {
  return stitchFamily(anchors.map(({ config }) => ({ ...config, classes })), options);
}

/**
 * Makes the model that an adaptation trains: pretrained anchors, stitching layers from least squares on training images.
 *
 * The caller disposes it ({@link disposeModel}).
 */
export function startModel(anchorFamily: AnchorFamily, data: PreparedSplit, classes: number, settings: AdaptSettings, seed: number): TunedModel {
  const family = structureOf(anchorFamily, classes, settings);
  return startTunedModel(family, anchorFamily.anchors, settings, seed, data.count, settings.initialImages, (indices) => imageBatches(data, indices, 20));
}

function* imageBatches(data: PreparedSplit, indices: readonly number[], size: number) {
  for (let start = 0; start < indices.length; start += size) {
    const batch = batchOf(data, indices.slice(start, start + size));
    yield batch.images;
    disposeBatch(batch);
  }
}

/**
 * Adapts the family, or one anchor alone, on the task's training split (refit: and its validation split), and evaluates every
 * stitch once on validation (refit: not) and test.
 *
 * @throws {UsageError} when settings, images or classes do not fit, or the loss is not a number.
 */
export async function adapt(anchorFamily: AnchorFamily, dataset: Dataset, settings: AdaptSettings, options: AdaptOptions): Promise<AdaptResult> {
  throwProblems([...datasetProblems(anchorFamily, dataset), ...adaptProblems("adapt", anchorFamily, settings)]);
  const { afterStep, onTrained, ...trainOptions } = options;
  const { seed, onProgress, signal } = options;
  const prepare = (split: Dataset["train"]): PreparedSplit => prepareSplit(split, dataset.imageSize, anchorFamily.normalisation);
  const started = performance.now();
  const data = prepare(trainingImages(dataset, settings));
  const model = startModel(anchorFamily, data, dataset.classes, settings, seed);
  try {
    const initialised = performance.now();
    const test = testBatches(dataset, settings, anchorFamily.normalisation);
    const told = partsTold(model, settings, settings.refit === true ? 0 : dataset.val.count, test.count, onProgress);
    const look = afterStep === undefined ? {} : { afterStep: (state: TrainState) => afterStep(model, state) };
    const state = await train(model, data, settings.train, { ...trainOptions, ...told(0), ...look, rng: createRng(seed) });
    signal?.throwIfAborted();
    const trained = performance.now();
    const scores = stitchScores(model, state, settings.train.sampler);
    await onTrained?.(model, scores);
    const shown = performance.now();
    const stop = signal === undefined ? {} : { signal };
    const validation = settings.refit === true ? undefined : await evaluateStitches(model, heldBatches(prepare(dataset.val)), { ...told(1, "validation, "), ...stop });
    const tested = await evaluateStitches(model, test, { ...told(2, "test, "), ...stop });
    const outcomes = scores.map((score) => ({ ...score, top1: tested.get(score.stitchId)!, validationTop1: validation?.get(score.stitchId) ?? null }));
    const seconds = { initialise: (initialised - started) / 1000, train: (trained - initialised) / 1000, evaluate: (performance.now() - shown) / 1000 };
    return { family: model.family, outcomes, trainable: trainableCount(model), losses: state.losses, drawn: state.drawn, seconds };
  } finally {
    disposeModel(model);
  }
}

/**
 * Progress of training (part 0), validation (1) and test (2), each as a share of all three: a part weighs its multiply–accumulates,
 * a training step those of its forward pass twice with frozen weights and three times with all.
 */
function partsTold(model: TunedModel, { method, train: { steps, batchSize } }: AdaptSettings, valImages: number, testImages: number, onProgress: ((progress: Progress) => void) | undefined) {
  const costs = adaptedStitches(model).map((stitchId) => model.family.costs[stitchId]!.flops);
  const all = costs.reduce((sum, cost) => sum + cost, 0);
  const work = [(steps * batchSize * (method.kind === "full" ? 3 : 2) * all) / costs.length, valImages * all, testImages * all];
  const until = (part: number): number => work.slice(0, part).reduce((sum, one) => sum + one, 0) / work.reduce((sum, one) => sum + one, 0);
  return (part: number, prefix = ""): { onProgress?: (progress: Progress) => void } =>
    (onProgress === undefined ? {} : { onProgress: ({ done, total, label }) => onProgress({ done, total, label: prefix + label, share: until(part) + (until(part + 1) - until(part)) * (done / total) }) });
}

function testBatches({ test, testStream, imageSize }: Dataset, { testImages = Infinity }: AdaptSettings, normalisation: Normalisation): BatchSource {
  if (testStream !== undefined) return streamedBatches(firstOfStream(testStream, testImages), imageSize, normalisation);
  return heldBatches(prepareSplit(firstImages(test, testImages), imageSize, normalisation));
}

/** The training split, or with refit its images and then those of the validation split. */
function trainingImages({ train, val, test }: Dataset, { refit = false }: AdaptSettings): ImageSplit {
  return refit ? trainVal({ train, val, test }) : train;
}

function datasetProblems({ familyId, anchors }: AnchorFamily, { name, imageSize }: Dataset): string[] {
  const expected = anchors[0]!.config.imageSize;
  return imageSize === expected ? [] : [`adapt: task ${name} has images of ${imageSize} pixels, expected ${expected} as family ${familyId} reads: load it with imageSize ${expected}.`];
}
