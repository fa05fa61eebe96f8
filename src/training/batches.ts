/**
 * @file Images and texts to batches, in a seeded order that any step can find again.
 */
import type { Rng } from "../rng.js";
import { tf } from "../tensor/index.js";
import { normalise, type ImageSplit, type Normalisation, type PictureStream } from "../datasets/dataset.js";
import type { Batch, ImageBatch } from "./gradients.js";
import { tokenBatchOf, type PreparedText } from "./text-batches.js";

/** A split, normalised once and laid out as the models read it. */
export interface PreparedSplit {
  /** `[count, 3, size, size]`. */
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
  readonly count: number;
  readonly imageSize: number;
  /** The bytes that the pixels were made from, where they were made from any. */
  readonly images?: ImageSplit["images"];
}

/** Normalises a whole split, channels first. */
export function prepareSplit({ images, labels, count }: ImageSplit, imageSize: number, normalisation: Normalisation): PreparedSplit {
  return { pixels: normalise(images, imageSize, range(0, count), normalisation), labels, count, imageSize, images };
}

/** Copies the chosen images into a batch of tensors, or the chosen texts into rows of tokens; the caller disposes it ({@link disposeBatch}). */
export function batchOf(data: PreparedSplit, indices: readonly number[]): ImageBatch;
export function batchOf(data: PreparedSplit | PreparedText, indices: readonly number[]): Batch;
export function batchOf(data: PreparedSplit | PreparedText, indices: readonly number[]): Batch {
  if ("examples" in data) return tokenBatchOf(data, indices);
  const { pixels, labels, imageSize } = data;
  const size = 3 * imageSize * imageSize;
  const chosen = new Float32Array(indices.length * size);
  indices.forEach((index, place) => chosen.set(pixels.subarray(index * size, (index + 1) * size), place * size));
  return {
    images: tf.tensor(chosen, [indices.length, 3, imageSize, imageSize], "float32"),
    labels: tf.tensor(Int32Array.from(indices, (index) => labels[index]!), [indices.length], "int32"),
  };
}

/** Frees a batch. */
export function disposeBatch(batch: Batch): void {
  if ("images" in batch) tf.dispose([batch.images, batch.labels]);
}

/** Consecutive batches over a whole split; each is freed when the next is asked for. */
export function* eachBatch(split: PreparedSplit, batchSize: number): Generator<ImageBatch> {
  for (let start = 0; start < split.count; start += batchSize) {
    const batch = batchOf(split, range(start, Math.min(start + batchSize, split.count)));
    try {
      yield batch;
    } finally {
      disposeBatch(batch);
    }
  }
}

/** Images that come in batches, whether they are held or read from their files. */
export interface BatchSource {
  readonly count: number;
  /** Consecutive batches over all images; each is freed when the next is asked for. */
  batches(batchSize: number): Iterable<ImageBatch> | AsyncIterable<ImageBatch>;
}

/** Batches of a held split. */
export function heldBatches(split: PreparedSplit): BatchSource {
  return { count: split.count, batches: (batchSize) => eachBatch(split, batchSize) };
}

/** Batches of pictures that are read from their files; the next ones are read while a batch is at work. */
export function streamedBatches(stream: PictureStream, imageSize: number, normalisation: Normalisation): BatchSource {
  const { count } = stream;
  return {
    count,
    async *batches(batchSize) {
      const readFrom = (start: number): Promise<ImageSplit> | undefined => {
        const reading = start < count ? stream.read(start, Math.min(start + batchSize, count)) : undefined;
        reading?.catch(() => undefined); // told when it is waited for
        return reading;
      };
      let next = readFrom(0);
      for (let start = 0; start < count; start += batchSize) {
        const read = prepareSplit((await next)!, imageSize, normalisation);
        next = readFrom(start + batchSize);
        yield* eachBatch(read, batchSize);
      }
    },
  };
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
