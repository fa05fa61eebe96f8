/**
 * @file Rotary position embedding: pairs of features turned by an angle that grows with the position.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { expectRank } from "./shape-check.js";

/** Which features of a head form a pair:
 * - *interleaved* - neighbours (2k, 2k + 1), as llama2.c and the original LLaMA code do
 * - *half-split* - (k, k + half), as Hugging Face checkpoints expect */
export type RotaryLayout = "interleaved" | "half-split";

/** How positions become angles. */
export interface RotarySettings {
  readonly layout: RotaryLayout;
  /** Base of the angles, 10000 in LLaMA. */
  readonly theta: number;
  /** Position of the first token: the number of tokens that came before. */
  readonly start?: number;
}

/**
 * Turns pair k of the token at position p by the angle `p·theta^(−2k/dh)`, the same in every head.
 *
 * @param x - shape `[B, N, H·dh]`, heads side by side.
 * @param heads - H; dh is even.
 * @returns the shape of `x`.
 * @throws {UsageError} when the width is not H heads of an even number of features.
 *
 * Source: Su et al., RoFormer, 2021.
 */
export function rotary(x: tf.Tensor, heads: number, settings: RotarySettings): tf.Tensor {
  expectRank("rotary", "x", x.shape, 3, "[B, N, H·dh]");
  const width = x.shape[2]!;
  if (!(Number.isInteger(heads) && heads > 0 && width % (2 * heads) === 0)) {
    throw new UsageError(`rotary: x has width ${width} and heads is ${heads}, expected a width of heads times an even number of features.`);
  }
  const turned = tf.customGrad((value) => {
    const input = value as tf.Tensor;
    return { value: turn(input, heads, settings, 1), gradFunc: (dy) => turn(dy as tf.Tensor, heads, settings, -1) }; // turning back is the transpose
  });
  return turned(x);
}

/** The definition of {@link rotary} in TensorFlow.js operations; `direction` −1 turns back. */
function turn(x: tf.Tensor, heads: number, { layout, theta, start = 0 }: RotarySettings, direction: 1 | -1): tf.Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const half = width / heads / 2;
  const { cosines, sines } = angles(tokens, half, theta, start, direction);
  return tf.tidy(() => {
    const pairAxis = layout === "interleaved" ? 4 : 3;
    const pairs = tf.reshape(x, layout === "interleaved" ? [batch, tokens, heads, half, 2] : [batch, tokens, heads, 2, half]);
    const tableShape = layout === "interleaved" ? [1, tokens, 1, half, 1] : [1, tokens, 1, 1, half];
    const [first, second] = tf.split(pairs, 2, pairAxis) as [tf.Tensor, tf.Tensor];
    const cosine = tf.tensor(cosines, tableShape);
    const sine = tf.tensor(sines, tableShape);
    const turnedFirst = tf.sub(tf.mul(first, cosine), tf.mul(second, sine));
    const turnedSecond = tf.add(tf.mul(first, sine), tf.mul(second, cosine));
    return tf.reshape(tf.concat([turnedFirst, turnedSecond], pairAxis), x.shape);
  });
}

function angles(tokens: number, half: number, theta: number, start: number, direction: 1 | -1): { cosines: Float32Array; sines: Float32Array } {
  const cosines = new Float32Array(tokens * half);
  const sines = new Float32Array(tokens * half);
  for (let pair = 0; pair < half; pair++) {
    const speed = theta ** (-pair / half);
    for (let token = 0; token < tokens; token++) {
      cosines[token * half + pair] = Math.cos((start + token) * speed);
      sines[token * half + pair] = direction * Math.sin((start + token) * speed);
    }
  }
  return { cosines, sines };
}
