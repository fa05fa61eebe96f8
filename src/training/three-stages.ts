/**
 * @file SN-Net's way to a task in three stages: fine-tune every anchor, join them by least squares and train the stitches, evaluate them all to choose.
 */
import type { LoadedAnchor } from "../anchors/load-weights.js";
import { UsageError } from "../checks.js";
import type { StitchFamily } from "../stitching/family.js";
import { anchorPrefix } from "../stitching/route-parts.js";
import { stitchParameters } from "../tuning/merge.js";
import { adapt, structureOf, testImages, type adapt as Adapt, type AdaptOptions, type AdaptResult, type AdaptSettings, type AnchorFamily, type StitchOutcome } from "./adapt.js";
import { adaptationWork, shareDone, totalWork, type WorkSettings } from "./adaptation-work.js";
import type { Dataset } from "../datasets/dataset.js";
import { bestStitches } from "./stitch-scores.js";

/**
 * Adapts in three stages, each of as many steps as the settings say (SN-Net's order of work; equal steps are our choice).
 *
 * Validation accuracy chooses what is deployed, the best of each FLOPs bin, in place of importance. Only the last stage keeps a checkpoint.
 *
 * @throws {UsageError} as {@link adapt}; and with refit, which leaves nothing to choose by.
 */
export const adaptInThreeStages: typeof Adapt = async (family, dataset, settings, options) => {
  if (settings.refit === true) throw new UsageError("adaptInThreeStages: refit is true, expected false: validation accuracy chooses what is deployed, and refit trains on the validation images.");
  const started = performance.now();
  const { checkpoint: _kept, onTrained: _shown, afterStep: _looked, onProgress, ...first } = options;
  const work = threeStagesWork(structureOf(family, dataset.classes, settings), { ...settings, validation: dataset.val.count, test: testImages(dataset, settings).count });
  const told = (part: number, prefix: string): Pick<AdaptOptions, "onProgress"> =>
    (onProgress === undefined ? {} : { onProgress: ({ share, ...progress }) => onProgress({ ...progress, label: prefix + progress.label, share: shareDone(work, part, share ?? progress.done / progress.total) }) });
  const anchors: LoadedAnchor[] = [];
  for (const [index, { anchorId }] of family.anchors.entries()) anchors.push(await fineTuned(family, index, dataset, settings, { ...first, ...told(index, `stage 1, ${anchorId}, `) }));
  const seconds = (performance.now() - started) / 1000;
  const result = await adapt({ ...family, anchors }, dataset, settings, { ...options, ...told(anchors.length, "") });
  return { ...result, outcomes: chosenByValidation(result, settings), seconds: { ...result.seconds, train: result.seconds.train + seconds } };
};

/** Multiply–accumulates of every anchor's fine-tuning, and then of the adaptation of all stitches. */
export function threeStagesWork({ configs, costs }: Pick<StitchFamily, "configs" | "costs">, settings: WorkSettings): number[] {
  const flops = costs.map((cost) => cost.flops);
  return [
    ...flops.slice(0, configs.length).map((anchor) => totalWork(adaptationWork([anchor], { ...settings, method: { kind: "full" }, validation: 1, test: 1 }))),
    totalWork(adaptationWork(flops, settings)),
  ];
}

/** An anchor after full fine-tuning alone, as plain weights. */
async function fineTuned(family: AnchorFamily, index: number, dataset: Dataset, settings: AdaptSettings, options: Parameters<typeof Adapt>[3]): Promise<LoadedAnchor> {
  const anchor = family.anchors[index]!;
  const prefix = anchorPrefix(index);
  let parameters = anchor.parameters;
  const { testStream: _read, ...held } = dataset;
  await adapt(family, { ...held, val: firstOf(dataset.val), test: firstOf(dataset.val) }, { ...settings, method: { kind: "full" }, anchorAlone: index }, {
    ...options,
    onTrained: (model) => {
      parameters = Object.fromEntries(Object.entries(stitchParameters(model, index)).map(([name, value]) => [name.slice(prefix.length), value]));
    },
  });
  return { ...anchor, config: { ...anchor.config, classes: dataset.classes }, parameters };
}

/** The first image of a split: stage 1 measures nothing. */
function firstOf(split: Dataset["val"]): Dataset["val"] {
  return { ...split, count: 1, images: split.images.subarray(0, split.images.length / split.count), labels: split.labels.subarray(0, 1) };
}

function chosenByValidation({ family, outcomes }: AdaptResult, { train }: AdaptSettings): StitchOutcome[] {
  const chosen = new Set(bestStitches(family, outcomes.map(({ stitchId }) => stitchId), outcomes.map(({ validationTop1 }) => validationTop1!), train.sampler.bins));
  return outcomes.map((outcome) => ({ ...outcome, selected: chosen.has(outcome.stitchId) }));
}
