/**
 * @file Learned tokens that travel with an image's own, between its class token and its patches.
 */
import { tf, type Tensor } from "../tensor/index.js";

/**
 * Puts prompts behind the class token, in place of any that came along.
 *
 * @param x - `[B, M, D]`, M ≥ N: the image's N tokens, and between the first of them and the rest M − N prompts.
 * @param tokens - N.
 * @param prompts - `[p, D]`, the same for every image; none takes the old ones away.
 * @returns `[B, N + p, D]`.
 *
 * Source: Jia et al. 2022, visual prompt tuning (deep: replaced at each layer).
 */
export function withPrompts(x: Tensor, tokens: number, prompts?: Tensor): Tensor {
  const [batch, count, width] = x.shape as [number, number, number];
  if (prompts === undefined && count === tokens) return x;
  return tf.tidy(() => {
    const classToken = tf.slice(x, [0, 0, 0], [batch, 1, width]);
    const patches = tf.slice(x, [0, 1 + count - tokens, 0], [batch, tokens - 1, width]);
    const between = prompts === undefined ? [] : [tf.broadcastTo(tf.expandDims(prompts, 0), [batch, prompts.shape[0]!, width])];
    return tf.concat([classToken, ...between, patches], 1);
  });
}
