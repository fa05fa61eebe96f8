/**
 * @file Layer normalisation over the last axis.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused } from "./fused.js";
import { expectShape, lastAxis } from "./shape-check.js";

/**
 * Normalises each row to mean 0 and variance 1, then scales and shifts: `(x − mean)/√(variance + epsilon)·gain + bias`.
 *
 * The variance is the population variance, as in PyTorch.
 *
 * @param x - shape `[..., D]`.
 * @param gain - shape `[D]`.
 * @param bias - shape `[D]`.
 * @returns the shape of `x`.
 * @throws {UsageError} when widths do not agree.
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor {
  const width = lastAxis("layerNorm", "x", x.shape);
  expectShape("layerNorm", "gain", gain.shape, [width], `x has width ${width}`);
  expectShape("layerNorm", "bias", bias.shape, [width], `x has width ${width}`);
  if (!hasKernel("EstaLayerNorm")) return layerNormComposed(x, gain, bias, epsilon);
  return runFused("EstaLayerNorm", { x, gain, bias }, { epsilon });
}

/** The definition of {@link layerNorm} in TensorFlow.js operations. */
export function layerNormComposed(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.tidy(() => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), gain), bias);
  });
}
