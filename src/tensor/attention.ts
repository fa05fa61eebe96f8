/**
 * @file Multi-head self-attention from packed queries, keys and values.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { hasKernel, runFused } from "./fused.js";
import { matrixProduct } from "./matrix-product.js";
import { expectRank } from "./shape-check.js";

/**
 * Attends every token to every token: per head, `softmax(q·kᵀ/√dh)·v`.
 *
 * @param qkv - shape `[B, N, 3D]`, packed as timm does: all queries, all keys, all values, each as H heads of dh = D/H columns.
 * @param heads - H, a divisor of D.
 * @returns shape `[B, N, D]`, heads side by side.
 * @throws {UsageError} when the width is not 3·heads·dh.
 */
export function attention(qkv: tf.Tensor, heads: number): tf.Tensor {
  checkAttention("attention", qkv, heads);
  if (!hasKernel("EstaAttention")) return attentionComposed(qkv, heads);
  return runFused("EstaAttention", { qkv }, { heads });
}

/** @throws {UsageError} when packed queries, keys and values are not `[B, N, 3D]`, or D is no multiple of the heads. */
export function checkAttention(where: string, qkv: tf.Tensor, heads: number): void {
  expectRank(where, "qkv", qkv.shape, 3, "[B, N, 3D]");
  const width = qkv.shape[2]!;
  if (!(Number.isInteger(heads) && heads > 0 && width % (3 * heads) === 0)) {
    throw new UsageError(`${where}: qkv has width ${width} and heads is ${heads}, expected a width of 3·heads·(columns per head).`);
  }
}

/** The definition of {@link attention} in TensorFlow.js operations. */
export function attentionComposed(qkv: tf.Tensor, heads: number): tf.Tensor {
  const [batch, tokens, width] = qkv.shape as [number, number, number];
  const headWidth = width / 3 / heads;
  return tf.tidy(() => {
    const packed = tf.transpose(tf.reshape(qkv, [batch, tokens, 3, heads, headWidth]), [2, 0, 3, 1, 4]);
    const part = (index: number): tf.Tensor =>
      tf.reshape(tf.slice(packed, [index, 0, 0, 0, 0], [1, batch, heads, tokens, headWidth]), [batch * heads, tokens, headWidth]);
    const scores = matrixProduct(tf.mul(part(0), 1 / Math.sqrt(headWidth)), part(1), false, true);
    const mixed = tf.reshape(tf.matMul(tf.softmax(scores), part(2)), [batch, heads, tokens, headWidth]);
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, heads * headWidth]);
  });
}
