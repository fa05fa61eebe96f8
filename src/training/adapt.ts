/**
 * @file Adapts a stitched family to one task: initialise, train, score, select, evaluate. The whole of ESTA in one call.
 */
import type { LoadedAnchor } from "../anchors/load-weights.js";
import type { HostTensor } from "../anchors/parameters.js";
import { choiceProblem, throwProblems, wholeNumberProblem } from "../checks.js";
import { firstImages, firstOfStream, trainVal, type Dataset, type ImageSplit, type Normalisation, type PictureStream } from "../datasets/dataset.js";
import { stitchFamily, stitchIdsOf, type StitchFamily } from "../stitching/family.js";
import { anchorPrefix } from "../stitching/route-parts.js";
import type { PositionOptions } from "../stitching/stitch-space.js";
import type { RouteOptions } from "../stitching/route.js";
import type { TunedModel } from "../tuning/tuned-model.js";
import { methodProblems, type TuningMethod } from "../tuning/method.js";
import { adaptationWork, shareDone } from "./adaptation-work.js";
import { runAdaptation, type Adaptation, type AdaptationOptions } from "./adaptation.js";
import { batchOf, disposeBatch, heldBatches, prepareSplit, streamedBatches, type PreparedSplit } from "./batches.js";
import type { TrainState } from "./checkpoint.js";
import { evaluateStitches } from "./evaluate.js";
import { fitProbe, type Probe } from "./linear-probe.js";
import { startTunedModel } from "./start-model.js";
import type { StitchScore } from "./stitch-scores.js";
import { adaptedStitches, trainProblems, type Progress, type TrainSettings } from "./train.js";

/** Anchors with their values and preprocessing. */
export interface AnchorFamily {
  readonly familyId: string;
  readonly anchors: readonly LoadedAnchor[];
  /** Short names of the anchors, for figures. */
  readonly labels: readonly string[];
  readonly normalisation: Normalisation;
}

/** What heads start from. */
export const headStarts = ["random", "probe"] as const;
export type HeadStart = (typeof headStarts)[number];

/** Everything that decides the outcome of an adaptation, beside the seed. */
export interface AdaptSettings extends PositionOptions, RouteOptions {
  readonly method: TuningMethod;
  readonly train: TrainSettings;
  /** Images that start the stitching layers; 100 (SN-Net). */
  readonly initialImages: number;
  /**
   * What the heads start from: small random weights ("random", the default), or each anchor's linear probe on the training images ("probe").
   * The smallest anchor's head is trained only when that anchor is drawn: from random weights, short runs leave it near chance (measured).
   */
  readonly headStart?: HeadStart;
  /** Adapts this anchor alone, not the stitches; all stitches by default. */
  readonly anchorAlone?: number;
  /** Test images to use, from the first; all by default, and where there are fewer. */
  readonly testImages?: number;
  /**
   * Trains on training and validation images together, once settings are chosen; nothing is left to validate on. False by default.
   */
  readonly refit?: boolean;
}

export interface AdaptOptions extends AdaptationOptions {
  /** Shown the model after each training step, to look at it; the training waits. @param tell - says meanwhile, as progress, what is being done. */
  readonly afterStep?: (model: TunedModel, state: TrainState, tell: (label: string) => void) => void | Promise<void>;
}

/** What came of one stitch. */
export interface StitchOutcome extends StitchScore {
  /** Test accuracy, 0–1. */
  readonly top1: number;
  /** Validation accuracy, 0–1: for the oracle's choice only. Null where training read the validation images. */
  readonly validationTop1: number | null;
}

/** What came of an adaptation. */
export type AdaptResult = Adaptation<StitchOutcome>;

/** Lists everything wrong with the settings on a family and a task, before any tensor is made. */
export function adaptProblems(where: string, family: AnchorFamily, settings: AdaptSettings): string[] {
  const structure = structureOf(family, 2, settings);
  return [
    ...methodProblems(where, settings.method, structure.configs[0]!.width),
    ...trainProblems(where, settings.train, settings.method, stitchIdsOf(structure, settings.anchorAlone).length),
    ...wholeNumberProblem(where, "initialImages", settings.initialImages, 1, Infinity),
    ...(settings.anchorAlone === undefined ? [] : wholeNumberProblem(where, "anchorAlone", settings.anchorAlone, 0, family.anchors.length - 1)),
    ...choiceProblem(where, "headStart", settings.headStart ?? "random", headStarts),
    ...(settings.testImages === undefined ? [] : wholeNumberProblem(where, "testImages", settings.testImages, 1, Infinity)),
  ];
}

/** The family's structure with heads of the task's classes. */
export function structureOf({ anchors }: Pick<AnchorFamily, "anchors">, classes: number, options: PositionOptions & RouteOptions = {}): StitchFamily {
  return stitchFamily(anchors.map(({ config }) => ({ ...config, classes })), options);
}

/**
 * Makes the model that an adaptation trains: pretrained anchors, stitching layers from least squares on training images, and heads
 * from linear probes on them where the settings say so (our choice; as linear probing before fine-tuning, Kumar et al. 2022).
 *
 * The caller disposes it (`disposeModel`).
 */
export function startModel(anchorFamily: AnchorFamily, data: PreparedSplit, classes: number, settings: AdaptSettings, seed: number): TunedModel {
  const family = structureOf(anchorFamily, classes, settings);
  return startTunedModel(family, anchorFamily.anchors, settings, seed, data.count, settings.initialImages, (indices) => imageBatches(data, indices, 20), settings.headStart === "probe" ? { starts: probedHeads(anchorFamily, data, classes, settings.anchorAlone) } : {});
}

/** Steps of the probes that heads start from: after 300 they fit the training images so well that little gradient is left for the rest (measured). */
const HEAD_STEPS = 20;

/** A head, and what else it was fitted on beside the anchor and the images. */
interface KnownHead extends Pick<PreparedSplit, "labels"> {
  readonly head: Probe;
  readonly classes: number;
  readonly normalisation: Normalisation;
}

/** Heads by the anchor's values and the images that they were fitted on: neighbouring runs start from the same. */
const knownHeads = new WeakMap<LoadedAnchor["parameters"], WeakMap<Uint8Array, KnownHead>>();

function probedHead(anchor: LoadedAnchor, data: PreparedSplit, classes: number, normalisation: Normalisation): Probe {
  const { images, labels } = data;
  const ofAnchor = knownHeads.get(anchor.parameters) ?? new WeakMap<Uint8Array, KnownHead>();
  const known = images && ofAnchor.get(images);
  if (known !== undefined && known.labels === labels && known.classes === classes && known.normalisation === normalisation) return known.head;
  const head = fitProbe(anchor, data, classes, HEAD_STEPS);
  if (images !== undefined) knownHeads.set(anchor.parameters, ofAnchor.set(images, { head, labels, classes, normalisation }));
  return head;
}

/** Every anchor's linear probe, or that of the anchor alone, under its head's names. */
function probedHeads({ anchors, normalisation }: AnchorFamily, data: PreparedSplit, classes: number, anchorAlone?: number): Record<string, HostTensor> {
  const probed = anchors.flatMap((anchor, index) => (anchorAlone === undefined || anchorAlone === index ? [[index, probedHead(anchor, data, classes, normalisation)] as const] : []));
  return Object.fromEntries(probed.flatMap(([index, { weight, bias }]) => [[`${anchorPrefix(index)}head.weight`, weight], [`${anchorPrefix(index)}head.bias`, bias]]));
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
  const { afterStep, ...adaptationOptions } = options;
  const { seed, onProgress, signal } = options;
  const { normalisation } = anchorFamily;
  const prepare = (split: ImageSplit): PreparedSplit => prepareSplit(split, dataset.imageSize, normalisation);
  const test = testImages(dataset, settings);
  const told = (model: TunedModel) => partsTold(model, settings, settings.refit === true ? 0 : dataset.val.count, test.count, onProgress);
  return runAdaptation({
    prepare: () => prepare(trainingImages(dataset, settings)),
    start: (data) => startModel(anchorFamily, data, dataset.classes, settings, seed),
    watch: (model) => ({ ...told(model)(0), ...(afterStep === undefined ? {} : { afterStep: (state: TrainState, tell: (label: string) => void) => afterStep(model, state, tell) }) }),
    async evaluate(model, scores) {
      const part = told(model);
      const stop = signal === undefined ? {} : { signal };
      const validation = settings.refit === true ? undefined : await evaluateStitches(model, heldBatches(prepare(dataset.val)), { ...part(1, "validation, "), ...stop });
      const batches = "read" in test ? streamedBatches(test, dataset.imageSize, normalisation) : heldBatches(prepare(test));
      const tested = await evaluateStitches(model, batches, { ...part(2, "test, "), ...stop });
      return scores.map((score) => ({ ...score, top1: tested.get(score.stitchId)!, validationTop1: validation?.get(score.stitchId) ?? null }));
    },
  }, settings.train, adaptationOptions);
}

/** Progress of training (part 0), validation (1) and test (2), each as a share of all three. */
function partsTold(model: TunedModel, settings: AdaptSettings, valImages: number, testImages: number, onProgress: ((progress: Progress) => void) | undefined) {
  const work = adaptationWork(adaptedStitches(model).map((stitchId) => model.family.costs[stitchId]!.flops), { ...settings, validation: valImages, test: testImages });
  return (part: number, prefix = ""): { onProgress?: (progress: Progress) => void } =>
    (onProgress === undefined ? {} : { onProgress: ({ done, total, label }) => onProgress({ done, total, label: prefix + label, share: shareDone(work, part, done / total) }) });
}

/** The test images to use, held or in their files. */
export function testImages({ test, testStream }: Dataset, { testImages: count = Infinity }: AdaptSettings): ImageSplit | PictureStream {
  return testStream === undefined ? firstImages(test, count) : firstOfStream(testStream, count);
}

/** The training split, or with refit its images and then those of the validation split. */
function trainingImages(dataset: Dataset, { refit = false }: AdaptSettings): ImageSplit {
  return refit ? trainVal(dataset) : dataset.train;
}

function datasetProblems({ familyId, anchors }: AnchorFamily, { name, imageSize }: Dataset): string[] {
  const expected = anchors[0]!.config.imageSize;
  return imageSize === expected ? [] : [`adapt: task ${name} has images of ${imageSize} pixels, expected ${expected} as family ${familyId} reads: load it with imageSize ${expected}.`];
}
