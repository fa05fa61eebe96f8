/**
 * @file Bias and residual branch in one addition.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused } from "./fused.js";
import { expectShape, lastAxis } from "./shape-check.js";

/**
 * Returns `x + bias + residual`.
 *
 * @param x - shape `[..., D]`.
 * @param bias - shape `[D]`.
 * @param residual - the shape of `x`.
 * @throws {UsageError} when shapes do not agree.
 */
export function biasResidual(x: tf.Tensor, bias: tf.Tensor, residual: tf.Tensor): tf.Tensor {
  const width = lastAxis("biasResidual", "x", x.shape);
  expectShape("biasResidual", "bias", bias.shape, [width], `x has width ${width}`);
  expectShape("biasResidual", "residual", residual.shape, x.shape, "the shape of x");
  if (!hasKernel("EstaBiasResidual")) return biasResidualComposed(x, bias, residual);
  return runFused("EstaBiasResidual", { x, bias, residual });
}

/** The definition of {@link biasResidual} in TensorFlow.js operations. */
export function biasResidualComposed(x: tf.Tensor, bias: tf.Tensor, residual: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.add(tf.add(x, bias), residual));
}
