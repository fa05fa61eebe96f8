/**
 * @file How much of a task colour and place alone give away: ridge regression from pixels to classes.
 */
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { classCounts, type Dataset, type ImageSplit } from "../datasets/dataset.js";
import { computedValues, tf } from "../tensor/index.js";
import { countCorrect } from "./evaluate.js";

/** Strengths that are tried, as shares of the mean squared norm of a training picture less their mean: the least of them is well above what float32 rounds. */
const strengths: readonly number[] = Array.from({ length: 11 }, (_, index) => 10 ** (index / 2 - 3));

/** What the probe found. */
export interface PixelProbe {
  /** Share of the test pictures classified correctly, 0–1. */
  readonly top1: number;
  /** Strength chosen on validation, one of {@link strengths}. */
  readonly strength: number;
}

/**
 * Ridge regression from the bytes of a picture to one number a class, fitted on training, its strength chosen on validation (the greatest of those that are equally accurate; our choice).
 *
 * Solved in its dual form: there are fewer pictures than bytes.
 */
export function pixelProbe({ train, val, test, classes, imageSize }: Pick<Dataset, "train" | "val" | "test" | "classes" | "imageSize">): PixelProbe {
  const bytes = imageSize * imageSize * 3;
  const mean = meanPicture(train, bytes);
  const products = (split: ImageSplit): Matrix => {
    const values = computedValues(() => tf.matMul(centred(split, mean), centred(train, mean), false, true));
    return Matrix.from1DArray(split.count, train.count, Array.from(values));
  };
  const shares = classCounts(train, classes).map((count) => count / train.count);
  const targets = new Matrix(Array.from(train.labels, (label) => shares.map((share, other) => (other === label ? 1 : 0) - share)));
  const [own, ofVal, ofTest] = [products(train), products(val), products(test)];
  const scale = own.trace() / train.count;
  const correct = (split: ImageSplit, kernel: Matrix, dual: Matrix): number => {
    const scores = kernel.mmul(dual).addRowVector(shares);
    return countCorrect(Float32Array.from(scores.to1DArray()), split.labels) / split.count;
  };
  let best: { readonly strength: number; readonly dual: Matrix; readonly top1: number } | undefined;
  for (const strength of strengths) {
    const dual = new CholeskyDecomposition(Matrix.add(own, Matrix.eye(train.count, train.count, scale * strength))).solve(targets);
    const top1 = correct(val, ofVal, dual);
    if (best === undefined || top1 >= best.top1) best = { strength, dual, top1 };
  }
  return { top1: correct(test, ofTest, best!.dual), strength: best!.strength };
}

function meanPicture({ images, count }: ImageSplit, bytes: number): Float32Array {
  const sum = new Float64Array(bytes);
  for (let at = 0; at < count * bytes; at++) sum[at % bytes]! += images[at]!;
  return Float32Array.from(sum, (value) => value / count);
}

/** Shape `[count, bytes]`, values of about −1 to 1. */
function centred({ images, count }: ImageSplit, mean: Float32Array): ReturnType<typeof tf.tensor2d> {
  return tf.tensor2d(Float32Array.from(images.subarray(0, count * mean.length), (value, at) => (value - mean[at % mean.length]!) / 255), [count, mean.length]);
}
