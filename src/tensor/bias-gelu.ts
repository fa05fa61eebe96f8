/**
 * @file Bias and GELU in one operation.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused } from "./fused.js";
import { expectShape, lastAxis } from "./shape-check.js";

/**
 * Adds a bias and applies the exact GELU: with `z = x + bias`, `z·Φ(z) = z·(1 + erf(z/√2))/2`.
 *
 * @param x - shape `[..., D]`.
 * @param bias - shape `[D]`.
 * @returns the shape of `x`.
 * @throws {UsageError} when widths do not agree.
 */
export function biasGelu(x: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const width = lastAxis("biasGelu", "x", x.shape);
  expectShape("biasGelu", "bias", bias.shape, [width], `x has width ${width}`);
  if (!hasKernel("EstaBiasGelu")) return biasGeluComposed(x, bias);
  return runFused("EstaBiasGelu", { x, bias });
}

/** The definition of {@link biasGelu} in TensorFlow.js operations. */
export function biasGeluComposed(x: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const z = tf.add(x, bias);
    return tf.mul(z, tf.mul(tf.add(tf.erf(tf.mul(z, Math.SQRT1_2)), 1), 0.5));
  });
}
