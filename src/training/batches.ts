/**
 * @file Images to engine tensors: normalised batches in a seeded order that any step can find again.
 */
import type { Rng } from "../rng.js";
import { tf } from "../tensor/index.js";
import type { ImageSplit } from "../datasets/dataset.js";
import type { Batch } from "./gradients.js";

/** Mean and standard deviation of each channel, of values in 0–1: the weights' own recipe. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** A split, normalised once and laid out as the models read it. */
export interface PreparedSplit {
  /** `[count, 3, size, size]`. */
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
  readonly count: number;
  readonly imageSize: number;
}

/** Normalises a split: (byte / 255 − mean) / std, channels first. */
export function prepareSplit({ images, labels, count }: ImageSplit, imageSize: number, { mean, std }: Normalisation): PreparedSplit {
  const area = imageSize * imageSize;
  const pixels = new Float32Array(count * 3 * area);
  const table = [0, 1, 2].map((channel) => Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - mean[channel]!) / std[channel]!));
  for (let image = 0; image < count; image++) {
    for (let channel = 0; channel < 3; channel++) {
      const values = table[channel]!;
      const target = (image * 3 + channel) * area;
      for (let pixel = 0; pixel < area; pixel++) pixels[target + pixel] = values[images[(image * area + pixel) * 3 + channel]!]!;
    }
  }
  return { pixels, labels, count, imageSize };
}

/** Copies the chosen images into a batch of tensors; the caller disposes it ({@link disposeBatch}). */
export function batchOf({ pixels, labels, imageSize }: PreparedSplit, indices: readonly number[]): Batch {
  const size = 3 * imageSize * imageSize;
  const chosen = new Float32Array(indices.length * size);
  indices.forEach((index, place) => chosen.set(pixels.subarray(index * size, (index + 1) * size), place * size));
  return {
    images: tf.tensor(chosen, [indices.length, 3, imageSize, imageSize], "float32"),
    labels: tf.tensor(Int32Array.from(indices, (index) => labels[index]!), [indices.length], "int32"),
  };
}

/** Frees a batch. */
export function disposeBatch({ images, labels }: Batch): void {
  images.dispose();
  labels.dispose();
}

/** Consecutive batches over a whole split; each is freed when the next is asked for. */
export function* eachBatch(split: PreparedSplit, batchSize: number): Generator<Batch> {
  for (let start = 0; start < split.count; start += batchSize) {
    const batch = batchOf(split, range(start, Math.min(start + batchSize, split.count)));
    try {
      yield batch;
    } finally {
      disposeBatch(batch);
    }
  }
}

/** Steps of one pass over the data; a last incomplete batch is dropped, unless it is the only one. */
export function stepsPerEpoch(count: number, batchSize: number): number {
  return Math.max(1, Math.floor(count / batchSize));
}

/** Image indices of a training step: every epoch is a new seeded order, a function of seed and epoch alone. */
export function trainingOrder(count: number, batchSize: number, rng: Rng): (step: number) => readonly number[] {
  const perEpoch = stepsPerEpoch(count, batchSize);
  let shuffled: { epoch: number; order: number[] } | undefined;
  return (step) => {
    const epoch = Math.floor(step / perEpoch);
    if (shuffled?.epoch !== epoch) shuffled = { epoch, order: rng.stream(`batches/${epoch}`).shuffle(range(0, count)) };
    const start = (step % perEpoch) * batchSize;
    return shuffled.order.slice(start, start + batchSize);
  };
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, offset) => start + offset);
}
