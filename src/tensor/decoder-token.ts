/**
 * @file One layer of a decoder on one token in one operation, for backends that have it.
 */
import type * as tf from "@tensorflow/tfjs-core";
import type { GroupedHeads } from "./causal-attention.js";
import { hasKernel, runFused } from "./fused.js";
import type { LoraFactors } from "./linear.js";
import type { RotarySettings } from "./rotary.js";

/** A linear layer without its input: see `linear`. */
export interface LinearParts {
  readonly weight: tf.Tensor;
  readonly bias?: tf.Tensor | undefined;
}

/** Everything that a layer reads beside the token. */
export interface DecoderTokenParts {
  readonly inputNorm: tf.Tensor;
  readonly query: LinearParts;
  readonly key: LinearParts;
  readonly value: LinearParts;
  readonly output: LinearParts;
  readonly postNorm: tf.Tensor;
  readonly gate: LinearParts;
  readonly up: LinearParts;
  readonly down: LinearParts;
  /** Updates of q and v, of one scaling. */
  readonly queryLora?: LoraFactors | undefined;
  readonly valueLora?: LoraFactors | undefined;
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
  const { inputNorm, query, key, value, output, postNorm, gate, up, down, queryLora, valueLora, keys, values } = parts;
  return runFused(
    "EstaDecoderToken",
    {
      x, keys, values, inputNorm, query: query.weight, key: key.weight, value: value.weight, output: output.weight, postNorm, gate: gate.weight, up: up.weight, down: down.weight,
      queryBias: query.bias, keyBias: key.bias, valueBias: value.bias, outputBias: output.bias, gateBias: gate.bias, upBias: up.bias, downBias: down.bias,
      queryA: queryLora?.loraA, queryB: queryLora?.loraB, valueA: valueLora?.loraA, valueB: valueLora?.loraB,
    },
    { position: start, heads, keyValueHeads, interleaved: layout === "interleaved", theta, epsilon, scaling: queryLora?.scaling ?? valueLora?.scaling ?? 0 },
  );
}
