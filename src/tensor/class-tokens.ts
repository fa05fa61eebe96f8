/**
 * @file The class token put before the patches, and the positions added.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused } from "./fused.js";
import { expectRank, expectShape } from "./shape-check.js";

/**
 * Puts the class token before each image's patches and adds the position embeddings.
 *
 * @param patches - shape `[B, P, D]`.
 * @param classToken - shape `[1, 1, D]`.
 * @param positions - shape `[1, P + 1, D]`, the class token's first.
 * @returns shape `[B, P + 1, D]`.
 * @throws {UsageError} when shapes do not agree.
 */
export function classTokens(patches: tf.Tensor, classToken: tf.Tensor, positions: tf.Tensor): tf.Tensor {
  expectRank("classTokens", "patches", patches.shape, 3, "[B, P, D]");
  const [, count, width] = patches.shape as [number, number, number];
  const why = `patches are ${count} of width ${width}`;
  expectShape("classTokens", "classToken", classToken.shape, [1, 1, width], why);
  expectShape("classTokens", "positions", positions.shape, [1, count + 1, width], why);
  if (!hasKernel("EstaClassTokens")) return classTokensComposed(patches, classToken, positions);
  return runFused("EstaClassTokens", { patches, classToken, positions });
}

/** The definition of {@link classTokens} in TensorFlow.js operations. */
export function classTokensComposed(patches: tf.Tensor, classToken: tf.Tensor, positions: tf.Tensor): tf.Tensor {
  const [batch, , width] = patches.shape as [number, number, number];
  return tf.tidy(() => tf.add(tf.concat([tf.broadcastTo(classToken, [batch, 1, width]), patches], 1), positions));
}
