/**
 * @file Top-1 accuracy of every stitch, low-rank updates folded in first.
 */
import { UsageError } from "../checks.js";
import { eachLogits } from "../stitching/forward.js";
import { ownName } from "../tuning/method.js";
import { disposeMerged, mergeModel } from "../tuning/merge.js";
import { stitchView, type TunedModel } from "../tuning/tuned-model.js";
import type { BatchSource } from "./batches.js";
import { adaptedStitches, type Progress } from "./train.js";

export interface EvaluateOptions {
  /** Stitches to run; all adapted ones by default. */
  readonly stitchIds?: readonly number[];
  /** Images run together; 100 by default. */
  readonly batchSize?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between batches by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Share of a split's images that each stitch puts first, in 0–1, by stitch id.
 *
 * Each batch goes through every stitch before the next is read; stitches without parameters of their own share the blocks that they
 * begin with in common.
 */
export async function evaluateStitches(model: TunedModel, split: BatchSource, options: EvaluateOptions = {}): Promise<Map<number, number>> {
  const { batchSize = 100, onProgress, signal } = options;
  const stitchIds = options.stitchIds ?? adaptedStitches(model);
  const merged = mergeModel(model);
  const groups = sharingParameters(model, stitchIds);
  const { configs, routes } = model.family;
  const correct = new Map(stitchIds.map((stitchId) => [stitchId, 0]));
  const total = groups.length * Math.ceil(split.count / batchSize);
  let done = 0;
  try {
    for await (const { images, labels } of split.batches(batchSize)) {
      const answers = labels.dataSync();
      for (const group of groups) {
        signal?.throwIfAborted();
        eachLogits(configs, group.map((stitchId) => routes[stitchId]!), stitchView(merged, group[0]!), images, (place, logits) => {
          const stitchId = group[place]!;
          correct.set(stitchId, correct.get(stitchId)! + countCorrect(logits.dataSync() as Float32Array, answers, undefined, `evaluate, stitch ${stitchId}`));
        });
        onProgress?.({ done: ++done, total, label: `batch ${Math.ceil(done / groups.length)}` });
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  } finally {
    disposeMerged(merged);
  }
  return new Map([...correct].map(([stitchId, count]) => [stitchId, count / split.count]));
}

/** Stitches that read the same parameters, together; each that has some of its own, alone. */
function sharingParameters({ partition }: Pick<TunedModel, "partition">, stitchIds: readonly number[]): number[][] {
  const alone = (stitchId: number): boolean => partition[stitchId]!.some(({ name }) => name.startsWith(ownName(stitchId, "")));
  const together = stitchIds.filter((stitchId) => !alone(stitchId));
  return [...stitchIds.filter(alone).map((stitchId) => [stitchId]), ...(together.length > 0 ? [together] : [])];
}

/**
 * Images whose highest logit is their label's; only labels that `counts` accepts.
 *
 * @param logits - `[B, C]`, row-major.
 * @param where - whose logits they are, for the message.
 * @throws {UsageError} when a logit is not a finite number.
 */
export function countCorrect(logits: Float32Array, labels: ArrayLike<number>, counts: (label: number) => boolean = () => true, where = "countCorrect"): number {
  const classes = logits.length / labels.length;
  let correct = 0;
  let sum = 0; // finite only where every logit is
  for (let at = 0; at < logits.length; at++) sum += logits[at]!;
  if (!Number.isFinite(sum)) throw new UsageError(`${where}: a logit is ${logits.find((logit) => !Number.isFinite(logit))}, expected finite numbers: the training diverged, lower the learning rate.`);
  for (let image = 0; image < labels.length; image++) {
    let best = 0;
    for (let label = 1; label < classes; label++) if (logits[image * classes + label]! > logits[image * classes + best]!) best = label;
    if (best === labels[image] && counts(best)) correct++;
  }
  return correct;
}
