/**
 * @file Self-attention whose keys and values begin with learned ones.
 */
import * as tf from "@tensorflow/tfjs-core";
import { matrixProduct } from "./matrix-product.js";
import { expectShape } from "./shape-check.js";

/**
 * Attends every token to the prefix and to every token: per head, `softmax(q·[Pk; k]ᵀ/√dh)·[Pv; v]`.
 *
 * Composed of TensorFlow.js operations; no backend has a kernel of its own for it.
 *
 * @param qkv - shape `[B, N, 3D]`, packed as `attention` takes it.
 * @param heads - H, a divisor of D.
 * @param keys - Pk, shape `[p, D]`, the same for every image.
 * @param values - Pv, shape `[p, D]`.
 * @returns shape `[B, N, D]`.
 * @throws {UsageError} when keys and values do not have the width of qkv.
 *
 * Source: Li and Liang 2021, prefix tuning, as keys and values without their reparametrisation.
 */
export function prefixAttention(qkv: tf.Tensor, heads: number, keys: tf.Tensor, values: tf.Tensor): tf.Tensor {
  const [batch, tokens, packedWidth] = qkv.shape as [number, number, number];
  const width = packedWidth / 3;
  const prefix = keys.shape[0]!;
  expectShape("prefixAttention", "keys", keys.shape, [prefix, width], `qkv is [${batch}, ${tokens}, ${packedWidth}]`);
  expectShape("prefixAttention", "values", values.shape, [prefix, width], `keys are [${prefix}, ${width}]`);
  const headWidth = width / heads;
  return tf.tidy(() => {
    const packed = tf.transpose(tf.reshape(qkv, [batch, tokens, 3, heads, headWidth]), [2, 0, 3, 1, 4]);
    const part = (index: number): tf.Tensor => tf.reshape(tf.slice(packed, [index, 0, 0, 0, 0], [1, batch, heads, tokens, headWidth]), [batch, heads, tokens, headWidth]);
    const before = (learned: tf.Tensor, own: tf.Tensor): tf.Tensor => {
      const perHead = tf.reshape(tf.transpose(tf.reshape(learned, [prefix, heads, headWidth]), [1, 0, 2]), [1, heads, prefix, headWidth]);
      const all = tf.concat([tf.broadcastTo(perHead, [batch, heads, prefix, headWidth]), own], 2);
      return tf.reshape(all, [batch * heads, prefix + tokens, headWidth]);
    };
    const queries = tf.reshape(tf.mul(part(0), 1 / Math.sqrt(headWidth)), [batch * heads, tokens, headWidth]);
    const scores = matrixProduct(queries, before(keys, part(1)), false, true);
    const mixed = tf.reshape(tf.matMul(tf.softmax(scores), before(values, part(2))), [batch, heads, tokens, headWidth]);
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, width]);
  });
}
