/**
 * @file What every data set is once loaded: three splits of byte pictures of one size with whole-number labels.
 */
import { createHash } from "node:crypto";
import { UsageError } from "../checks.js";

/** VTAB's three groups of tasks. */
export type TaskGroup = "natural" | "specialised" | "structured";

/** Pictures and labels of one split. */
export interface ImageSplit {
  /** `[count, height, width, 3]`: red, green, blue bytes. */
  readonly images: Uint8Array;
  /** `[count]`: 0 … classes − 1. */
  readonly labels: Int32Array;
  readonly count: number;
}

/** Pictures that are read from their files when they are needed: a split too large to be held. */
export interface PictureStream {
  /** `[count]`: 0 … classes − 1. */
  readonly labels: Int32Array;
  readonly count: number;
  /** Reads pictures `start` to `end − 1`. @throws {UsageError} that names every damaged one. */
  read(start: number, end: number): Promise<ImageSplit>;
}

/** The three splits of a task. */
export interface TaskSplits {
  /** 800 pictures in VTAB-1k and in the kit's own tasks. */
  readonly train: ImageSplit;
  /** 200 pictures; settings are chosen on these. */
  readonly val: ImageSplit;
  /** Read once, for the reported number. */
  readonly test: ImageSplit;
}

/** A loaded task. */
export interface Dataset extends TaskSplits {
  readonly name: string;
  readonly classes: number;
  /** One name per class, in the order of the labels, where the source has names. */
  readonly classNames?: readonly string[];
  /** Side of every picture, in pixels. */
  readonly imageSize: number;
  readonly group: TaskGroup;
  /** Where the pictures come from, for tables and records. */
  readonly source: string;
  /** Of all pixels and labels, see {@link hashSplits}. */
  readonly sha256: string;
  /** In place of `test`, which is empty then, where the caller asked for test pictures as a stream. */
  readonly testStream?: PictureStream;
}

/** How bytes become network inputs: `(byte / 255 − mean) / std` per channel (red, green, blue). */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The recipe of the AugReg checkpoints and of the kit's own anchors: [0, 255] becomes [−1, 1]. */
export const halfNormalisation: Normalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/**
 * Makes a batch of network inputs, `[B, 3, imageSize, imageSize]` float32, from byte pictures.
 *
 * @param images - `[count, imageSize, imageSize, 3]` bytes.
 * @param indices - which pictures, in this order; one may occur twice.
 * @param target - written instead of a new array when given; of exactly the batch's size.
 * @throws {UsageError} when an index or the target's size does not fit, or a standard deviation is not positive.
 */
export function normalise(images: Uint8Array, imageSize: number, indices: ArrayLike<number>, { mean, std }: Normalisation, target?: Float32Array): Float32Array {
  const plane = imageSize * imageSize;
  const count = images.length / (plane * 3);
  const batch = target ?? new Float32Array(indices.length * plane * 3);
  if (batch.length !== indices.length * plane * 3) {
    throw new UsageError(`normalise: the target holds ${batch.length} numbers, expected ${indices.length * plane * 3} (${indices.length} pictures of 3×${imageSize}×${imageSize}).`);
  }
  const tables = [0, 1, 2].map((channel) => levels(mean[channel]!, std[channel]!));
  for (let b = 0; b < indices.length; b++) {
    const index = indices[b]!;
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new UsageError(`normalise: index ${index} at place ${b}, expected a whole number from 0 to ${count - 1} (the split has ${count} pictures of ${imageSize}×${imageSize}).`);
    }
    for (let channel = 0; channel < 3; channel++) {
      const table = tables[channel]!;
      let from = index * plane * 3 + channel;
      const start = (b * 3 + channel) * plane;
      for (let to = start; to < start + plane; to++, from += 3) batch[to] = table[images[from]!]!;
    }
  }
  return batch;
}

/** The network input of each of the 256 byte values. */
function levels(mean: number, std: number): Float32Array {
  if (!(std > 0) || !Number.isFinite(mean)) throw new UsageError(`normalise: mean ${mean} and std ${std}, expected numbers with std above 0.`);
  return Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean) / std);
}

/** The 1,000 pictures of the last training run, once settings are chosen: train followed by val. */
export function trainVal({ train, val }: Pick<TaskSplits, "train" | "val">): ImageSplit {
  const images = new Uint8Array(train.images.length + val.images.length);
  images.set(train.images);
  images.set(val.images, train.images.length);
  return { images, labels: Int32Array.of(...train.labels, ...val.labels), count: train.count + val.count };
}

/** The first `count` pictures of a stream (all when it has fewer). */
export function firstOfStream(stream: PictureStream, count: number): PictureStream {
  return count >= stream.count ? stream : { ...stream, labels: stream.labels.subarray(0, count), count };
}

/** The first `count` pictures of a split (all when it has fewer), sharing its memory. */
export function firstImages(split: ImageSplit, count: number): ImageSplit {
  if (count >= split.count) return split;
  const bytes = split.images.length / split.count;
  return { images: split.images.subarray(0, count * bytes), labels: split.labels.subarray(0, count), count };
}

/** How many pictures of a split carry each label, `[classes]`. */
export function classCounts(split: ImageSplit, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of split.labels) counts[label]!++;
  return counts;
}

/** Accuracy on a split of always answering its most frequent class, a fraction. */
export function majorityShare(split: ImageSplit, classes: number): number {
  return Math.max(...classCounts(split, classes)) / split.count;
}

/** SHA-256 over train, val and test in turn: the count (little-endian 32 bits), all pixels, all labels (little-endian 32 bits). */
export function hashSplits({ train, val, test }: TaskSplits): string {
  const hash = createHash("sha256");
  for (const split of [train, val, test]) {
    hash.update(Int32Array.of(split.count));
    hash.update(split.images);
    hash.update(split.labels);
  }
  return hash.digest("hex");
}

/** Packs pictures of one size and their labels into a split. */
export function makeSplit(pictures: readonly Uint8Array[], labels: readonly number[]): ImageSplit {
  const bytes = pictures[0]?.length ?? 0;
  const images = new Uint8Array(bytes * pictures.length);
  pictures.forEach((picture, index) => images.set(picture, index * bytes));
  return { images, labels: Int32Array.from(labels), count: pictures.length };
}
