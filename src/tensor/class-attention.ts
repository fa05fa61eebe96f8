/**
 * @file The attention of the class token alone.
 */
import * as tf from "@tensorflow/tfjs-core";
import { attention, checkAttention } from "./attention.js";
import { hasKernel, runFused } from "./fused.js";
import { takeToken } from "./take-token.js";

/**
 * Attends the first token to every token: the first row of {@link attention}.
 *
 * @param qkv - shape `[B, N, 3D]`, packed as for {@link attention}; N at least 1.
 * @param heads - H, a divisor of D.
 * @returns shape `[B, D]`, heads side by side.
 * @throws {UsageError} when the width is not 3·heads·dh, or there is no token.
 */
export function classAttention(qkv: tf.Tensor, heads: number): tf.Tensor {
  checkAttention("classAttention", qkv, heads);
  if (!hasKernel("EstaClassAttention") || qkv.shape[1] === 0) return classAttentionComposed(qkv, heads);
  return runFused("EstaClassAttention", { qkv }, { heads });
}

/** The definition of {@link classAttention} in other operations. */
export function classAttentionComposed(qkv: tf.Tensor, heads: number): tf.Tensor {
  return tf.tidy(() => takeToken(attention(qkv, heads), 0));
}
