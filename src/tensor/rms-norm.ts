/**
 * @file Root-mean-square normalisation over the last axis.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused } from "./fused.js";
import { expectShape, lastAxis } from "./shape-check.js";

/**
 * Scales each row to mean square 1, then by a gain: `x/√(mean(x²) + epsilon)·gain`.
 *
 * @param x - shape `[..., D]`.
 * @param gain - shape `[D]`.
 * @returns the shape of `x`.
 * @throws {UsageError} when widths do not agree.
 *
 * Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
 */
export function rmsNorm(x: tf.Tensor, gain: tf.Tensor, epsilon: number): tf.Tensor {
  const width = lastAxis("rmsNorm", "x", x.shape);
  expectShape("rmsNorm", "gain", gain.shape, [width], `x has width ${width}`);
  if (!hasKernel("EstaRmsNorm")) return rmsNormComposed(x, gain, epsilon);
  return runFused("EstaRmsNorm", { x, gain }, { epsilon });
}

/** The definition of {@link rmsNorm} in TensorFlow.js operations. */
export function rmsNormComposed(x: tf.Tensor, gain: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.tidy(() => {
    const meanSquare = tf.mean(tf.square(x), -1, true);
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), gain);
  });
}
