/**
 * @file Grouped-query attention of tokens to themselves and to those before them.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { hasKernel, runFused } from "./fused.js";
import { matrixProduct } from "./matrix-product.js";
import { expectRank, expectShape } from "./shape-check.js";

/** Heads of queries, and of keys and values, which groups of H/Hkv query heads share. */
export interface GroupedHeads {
  /** H. */
  readonly heads: number;
  /** Hkv, a divisor of H. */
  readonly keyValueHeads: number;
}

/** What stands for minus infinity in a score: its exponential is 0, and it stays finite in a gradient. */
const FORBIDDEN = -1e9;

/**
 * Attends each token to itself and its predecessors: per head, `softmax(q·kᵀ/√dh)·v` over the allowed keys.
 *
 * The queries belong to the last N of M tokens; with keys and values kept from earlier calls, M is larger than N.
 *
 * @param queries - shape `[B, N, H·dh]`.
 * @param keys - shape `[B, M, Hkv·dh]`, M at least N.
 * @param values - the shape of `keys`.
 * @returns shape `[B, N, H·dh]`, heads side by side.
 * @throws {UsageError} when shapes and heads do not agree.
 *
 * Source: Ainslie et al., GQA, 2023.
 */
export function causalAttention(queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, { heads, keyValueHeads }: GroupedHeads): tf.Tensor {
  expectRank("causalAttention", "queries", queries.shape, 3, "[B, N, H·dh]");
  expectRank("causalAttention", "keys", keys.shape, 3, "[B, M, Hkv·dh]");
  const [batch, tokens, width] = queries.shape as [number, number, number];
  const known = keys.shape[1]!;
  const whole = [heads, keyValueHeads].every((count) => Number.isInteger(count) && count > 0);
  if (!whole || heads % keyValueHeads !== 0 || width % heads !== 0) {
    throw new UsageError(`causalAttention: queries have width ${width}, heads is ${heads} and keyValueHeads ${keyValueHeads}, expected heads to divide the width and keyValueHeads to divide heads.`);
  }
  if (known < tokens) throw new UsageError(`causalAttention: ${tokens} queries and ${known} keys arrived, expected at least as many keys.`);
  const expected = [batch, known, (width / heads) * keyValueHeads];
  expectShape("causalAttention", "keys", keys.shape, expected, `queries are [${queries.shape.join(", ")}]`);
  expectShape("causalAttention", "values", values.shape, expected, `queries are [${queries.shape.join(", ")}]`);
  if (!hasKernel("EstaCausalAttention")) return causalAttentionComposed(queries, keys, values, { heads, keyValueHeads });
  return runFused("EstaCausalAttention", { queries, keys, values }, { heads, keyValueHeads });
}

/** The definition of {@link causalAttention} in TensorFlow.js operations: the queries of a group are rows of one product. */
export function causalAttentionComposed(queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, { heads, keyValueHeads }: GroupedHeads): tf.Tensor {
  const [batch, tokens, width] = queries.shape as [number, number, number];
  const known = keys.shape[1]!;
  const headWidth = width / heads;
  const group = heads / keyValueHeads;
  return tf.tidy(() => {
    const grouped = tf.transpose(tf.reshape(queries, [batch, tokens, keyValueHeads, group, headWidth]), [0, 2, 3, 1, 4]);
    const rows = tf.reshape(grouped, [batch * keyValueHeads, group * tokens, headWidth]);
    const perHead = (x: tf.Tensor): tf.Tensor =>
      tf.reshape(tf.transpose(tf.reshape(x, [batch, known, keyValueHeads, headWidth]), [0, 2, 1, 3]), [batch * keyValueHeads, known, headWidth]);
    let scores = matrixProduct(tf.mul(rows, 1 / Math.sqrt(headWidth)), perHead(keys), false, true);
    if (tokens > 1) scores = tf.add(scores, causalMask(group, tokens, known));
    const mixed = tf.reshape(tf.matMul(tf.softmax(scores), perHead(values)), [batch, keyValueHeads, group, tokens, headWidth]);
    return tf.reshape(tf.transpose(mixed, [0, 3, 1, 2, 4]), [batch, tokens, width]);
  });
}

/** 0 where query row n of a group may see a key, {@link FORBIDDEN} where the key comes later: `[1, group·N, M]`. */
function causalMask(group: number, tokens: number, known: number): tf.Tensor {
  const mask = new Float32Array(group * tokens * known);
  for (let row = 0; row < group * tokens; row++) mask.fill(FORBIDDEN, row * known + (known - tokens) + (row % tokens) + 1, (row + 1) * known);
  return tf.tensor(mask, [1, group * tokens, known]);
}
