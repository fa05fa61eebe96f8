/**
 * @file Images cut into patches, so that a patch embedding is a linear layer.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { hasKernel, runFused } from "./fused.js";
import { expectRank } from "./shape-check.js";

/**
 * Cuts images into square patches, row by row; each patch is flattened as channel, row, column.
 *
 * That is the order of a convolution weight `[D, 3, p, p]` flattened to `[D, 3·p·p]`, so
 * `linear(patchify(images, p), weight, bias)` is timm's patch embedding.
 *
 * @param images - shape `[B, channels, height, width]`.
 * @param patchSize - p, a divisor of height and width.
 * @returns shape `[B, P, channels·p·p]`, P = (height/p)·(width/p).
 * @throws {UsageError} when the patch size does not divide the image.
 */
export function patchify(images: tf.Tensor, patchSize: number): tf.Tensor {
  expectRank("patchify", "images", images.shape, 4, "[B, channels, height, width]");
  const [, , height, width] = images.shape as [number, number, number, number];
  if (!(Number.isInteger(patchSize) && patchSize > 0 && height % patchSize === 0 && width % patchSize === 0)) {
    throw new UsageError(`patchify: patchSize is ${patchSize}, expected a divisor of the image's ${height}×${width} pixels.`);
  }
  if (!hasKernel("EstaPatchify")) return patchifyComposed(images, patchSize);
  return runFused("EstaPatchify", { images }, { patchSize });
}

/** The definition of {@link patchify} in TensorFlow.js operations. */
export function patchifyComposed(images: tf.Tensor, patchSize: number): tf.Tensor {
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const rows = height / patchSize;
  const columns = width / patchSize;
  return tf.tidy(() => {
    const cut = tf.reshape(images, [batch, channels, rows, patchSize, columns, patchSize]);
    return tf.reshape(tf.transpose(cut, [0, 2, 4, 1, 3, 5]), [batch, rows * columns, channels * patchSize * patchSize]);
  });
}
