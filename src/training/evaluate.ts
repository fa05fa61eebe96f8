/**
 * @file Top-1 accuracy of every stitch, low-rank updates folded in first.
 */
import { computedValues } from "../tensor/index.js";
import { disposeMerged, mergeModel } from "../tuning/merge.js";
import { modelLogits, type TunedModel } from "../tuning/tuned-model.js";
import { eachBatch, type PreparedSplit } from "./batches.js";
import type { Progress } from "./train.js";

export interface EvaluateOptions {
  /** Stitches to run; all adapted ones by default. */
  readonly stitchIds?: readonly number[];
  /** Images run together; 200 by default. */
  readonly batchSize?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between stitches by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Share of a split's images that each stitch puts first, in 0–1, by stitch id. */
export async function evaluateStitches(model: TunedModel, split: PreparedSplit, options: EvaluateOptions = {}): Promise<Map<number, number>> {
  const { batchSize = 200, onProgress, signal } = options;
  const stitchIds = options.stitchIds ?? model.partition.flatMap((trainables, stitchId) => (trainables.length > 0 ? [stitchId] : []));
  const merged = mergeModel(model);
  const correct = new Map(stitchIds.map((stitchId) => [stitchId, 0]));
  try {
    for (const [place, stitchId] of stitchIds.entries()) {
      signal?.throwIfAborted();
      for (const batch of eachBatch(split, batchSize)) {
        const logits = computedValues(() => modelLogits(merged, stitchId, batch.images));
        correct.set(stitchId, correct.get(stitchId)! + countCorrect(logits, batch.labels.dataSync()));
      }
      onProgress?.({ done: place + 1, total: stitchIds.length, label: `stitch ${stitchId}` });
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    disposeMerged(merged);
  }
  return new Map([...correct].map(([stitchId, count]) => [stitchId, count / split.count]));
}

/** Images whose highest logit is their label's; only labels that `counts` accepts. @param logits - `[B, C]`, row-major. */
export function countCorrect(logits: Float32Array, labels: ArrayLike<number>, counts: (label: number) => boolean = () => true): number {
  const classes = logits.length / labels.length;
  let correct = 0;
  for (let image = 0; image < labels.length; image++) {
    let best = 0;
    for (let label = 1; label < classes; label++) if (logits[image * classes + label]! > logits[image * classes + best]!) best = label;
    if (best === labels[image] && counts(best)) correct++;
  }
  return correct;
}
