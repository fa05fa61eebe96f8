/**
 * @file Rotary position embedding: pairs of features turned by an angle that grows with the position.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { hasKernel, runFused } from "./fused.js";
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
  if (hasKernel("EstaRotary")) {
    const { layout, theta, start = 0 } = settings;
    return runFused("EstaRotary", { x }, { heads, interleaved: layout === "interleaved", theta, start, direction: 1 });
  }
  const turned = tf.customGrad((value) => {
    const input = value as tf.Tensor;
    return { value: turn(input, heads, settings, 1), gradFunc: (dy) => turn(dy as tf.Tensor, heads, settings, -1) }; // turning back is the transpose
  });
  return turned(x);
}

/** The definition of {@link rotary} in TensorFlow.js operations: `x·cos + partner·sin` with tables as wide as x; `direction` −1 turns back. */
function turn(x: tf.Tensor, heads: number, { layout, theta, start = 0 }: RotarySettings, direction: 1 | -1): tf.Tensor {
  const [, tokens, width] = x.shape as [number, number, number];
  const half = width / heads / 2;
  return tf.tidy(() => {
    const pairs = tf.reshape(x, layout === "interleaved" ? [x.size / 2, 2, 1] : [x.size / (2 * half), 2, half]);
    const size = [pairs.shape[0]!, 1, pairs.shape[2]!];
    const partner = tf.reshape(tf.concat([tf.slice(pairs, [0, 1, 0], size), tf.slice(pairs, [0, 0, 0], size)], 1), x.shape);
    const { cosines, sines } = angles(tokens, heads, half, { layout, theta, start }, direction);
    return tf.add(tf.mul(x, tf.tensor(cosines, [tokens, width])), tf.mul(partner, tf.tensor(sines, [tokens, width])));
  });
}

/** Cosine and signed sine of every feature of every token: the first of a pair takes its partner away, the second adds it. */
function angles(tokens: number, heads: number, half: number, { layout, theta, start }: Required<RotarySettings>, direction: 1 | -1): { cosines: Float32Array; sines: Float32Array } {
  const width = 2 * heads * half;
  const cosines = new Float32Array(tokens * width);
  const sines = new Float32Array(tokens * width);
  for (let pair = 0; pair < half; pair++) {
    const speed = theta ** (-pair / half);
    const [first, second] = layout === "interleaved" ? [2 * pair, 2 * pair + 1] : [pair, pair + half];
    for (let token = 0; token < tokens; token++) {
      const cosine = Math.cos((start + token) * speed);
      const sine = direction * Math.sin((start + token) * speed);
      for (let at = token * width; at < (token + 1) * width; at += 2 * half) {
        cosines[at + first] = cosines[at + second] = cosine;
        sines[at + first] = -sine;
        sines[at + second] = sine;
      }
    }
  }
  return { cosines, sines };
}
