/**
 * @file One layer of a decoder on one token in one operation, for backends that have it.
 */
import type * as tf from "@tensorflow/tfjs-core";
import type { GroupedHeads } from "./causal-attention.js";
import { kernelInputs, updateScaling, type DecoderParts } from "./decoder-parts.js";
import { hasKernel, runFused } from "./fused.js";
import type { RotarySettings } from "./rotary.js";

/** Everything that a layer reads beside the token. */
export interface DecoderTokenParts extends DecoderParts {
  /** Memory of keys and of values, each `[1, room, Hkv·dh]`; the token's are written at row `start`. */
  readonly keys: tf.Tensor;
  readonly values: tf.Tensor;
}

/** Whether the current backend has {@link decoderToken}. */
export function hasDecoderToken(): boolean {
  return hasKernel("EstaDecoderToken");
}

/**
 * Runs a pre-norm layer on the token at position `start`: x + o(attention(norm x)), then x + down(silu(gate(norm x))·up(norm x)).
 *
 * Not differentiable. Writes the token's keys and values into the memory.
 *
 * @param x - shape `[1, 1, D]`.
 * @returns shape `[1, 1, D]`.
 */
export function decoderToken(x: tf.Tensor, parts: DecoderTokenParts, { heads, keyValueHeads }: GroupedHeads, { layout, theta, start = 0 }: RotarySettings, epsilon: number): tf.Tensor {
  const { keys, values } = parts;
  return runFused(
    "EstaDecoderToken",
    { x, keys, values, ...kernelInputs(parts) },
    { position: start, heads, keyValueHeads, interleaved: layout === "interleaved", theta, epsilon, scaling: updateScaling(parts) },
  );
}
