/**
 * @file A pre-norm layer of a decoder in one operation, on whole sequences.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { causalAttention, type GroupedHeads } from "./causal-attention.js";
import { kernelInputs, updateScaling, updatesQueryValueAlone, type DecoderLinear, type DecoderParts } from "./decoder-parts.js";
import { isFollowed } from "./differentiate.js";
import { hasKernel } from "./fused.js";
import { isHalf } from "./half-tensor.js";
import { linear } from "./linear.js";
import { rmsNorm } from "./rms-norm.js";
import { rotary, type RotarySettings } from "./rotary.js";
import { expectRank, expectShape } from "./shape-check.js";
import { siluGate } from "./silu-gate.js";

/** Numbers of a layer that are not trained. */
export interface DecoderSettings extends GroupedHeads {
  readonly rotary: Required<RotarySettings>;
  /** Added to the mean squares of the norms. */
  readonly epsilon: number;
}

/** Keys and values of all tokens that the new ones may see, made from the new ones'. */
export type Remember = (fresh: { readonly keys: tf.Tensor; readonly values: tf.Tensor }) => { readonly keys: tf.Tensor; readonly values: tf.Tensor };

/**
 * Computes `m = x + o(attention(rotary(q), rotary(k), v))` of `norm x`, and returns `m + down(silu(gate(norm m))·up(norm m))`.
 *
 * A backend's whole-layer kernel does so on sequences from their start, where q and v alone have low-rank updates, weights are in 32 bits and
 * none is differentiated by.
 *
 * @param x - `[B, N, D]`.
 * @param remember - joins keys and values to those of earlier tokens.
 * @returns the shape of `x`.
 * @throws {UsageError} when shapes do not agree.
 */
export function decoderLayer(x: tf.Tensor, parts: DecoderParts, settings: DecoderSettings, remember?: Remember): tf.Tensor {
  checkLayer(x, parts, settings);
  const { query, key, value, output, gate, up, down } = parts;
  const linears = [query, key, value, output, gate, up, down];
  const whole = remember === undefined && settings.rotary.start === 0 && hasKernel("EstaDecoderLayer");
  const plain = updatesQueryValueAlone(parts) && linears.every(({ weight }) => !isFollowed(weight) && !isHalf(weight));
  return whole && plain ? decoderLayerFused(x, parts, settings) : decoderLayerComposed(x, parts, settings, remember);
}

/** The definition of {@link decoderLayer} in smaller operations. */
export function decoderLayerComposed(x: tf.Tensor, parts: DecoderParts, { heads, keyValueHeads, rotary: turns, epsilon }: DecoderSettings, remember: Remember = (fresh) => fresh): tf.Tensor {
  const apply = ({ weight, bias, lora }: DecoderLinear, input: tf.Tensor): tf.Tensor => linear(input, weight, bias, lora);
  return tf.tidy(() => {
    const normed = rmsNorm(x, parts.inputNorm, epsilon);
    const queries = rotary(apply(parts.query, normed), heads, turns);
    const { keys, values } = remember({ keys: rotary(apply(parts.key, normed), keyValueHeads, turns), values: apply(parts.value, normed) });
    const middle = tf.add(x, apply(parts.output, causalAttention(queries, keys, values, { heads, keyValueHeads })));
    const open = rmsNorm(middle, parts.postNorm, epsilon);
    return tf.add(middle, apply(parts.down, siluGate(apply(parts.gate, open), apply(parts.up, open))));
  });
}

function decoderLayerFused(x: tf.Tensor, parts: DecoderParts, { heads, keyValueHeads, rotary: turns, epsilon }: DecoderSettings): tf.Tensor {
  return tf.tidy(() => {
    const none = tf.zeros([0]);
    const given = Object.entries({ x, ...kernelInputs(parts) });
    const inputs = Object.fromEntries(given.map(([name, tensor]) => [name, tensor ?? none]));
    const [y] = tf.engine().runKernel<tf.Tensor[]>("EstaDecoderLayer", inputs, {
      heads, keyValueHeads, interleaved: turns.layout === "interleaved", theta: turns.theta, epsilon, scaling: updateScaling(parts),
      keep: Object.values(inputs).some(isFollowed), keepX: isFollowed(x),
    });
    return y!;
  });
}

function checkLayer(x: tf.Tensor, { inputNorm, query, key, value, output, postNorm, gate, up, down }: DecoderParts, { heads, keyValueHeads }: DecoderSettings): void {
  const where = "decoderLayer";
  expectRank(where, "x", x.shape, 3, "[B, N, D]");
  const width = x.shape[2]!;
  if (![heads, keyValueHeads, heads / keyValueHeads, width / heads / 2].every((count) => Number.isInteger(count) && count > 0)) {
    throw new UsageError(`${where}: x has width ${width}, heads is ${heads} and keyValueHeads ${keyValueHeads}, expected keyValueHeads to divide heads and a width of heads times an even number of features.`);
  }
  const because = `x has width ${width}`;
  for (const [name, gain] of [["input norm", inputNorm], ["post norm", postNorm]] as const) expectShape(where, `the gain of the ${name}`, gain.shape, [width], because);
  const [hidden, narrow] = [gate.weight.shape[0] ?? 0, (width / heads) * keyValueHeads];
  const layers = [["query", query, width, width], ["key", key, narrow, width], ["value", value, narrow, width], ["output", output, width, width], ["gate", gate, hidden, width], ["up", up, hidden, width], ["down", down, width, hidden]] as const;
  for (const [name, { weight, bias, lora }, out, inputs] of layers) {
    expectShape(where, `the weight of ${name}`, weight.shape, [out, inputs], because);
    if (bias !== undefined) expectShape(where, `the bias of ${name}`, bias.shape, [out], because);
    if (lora === undefined) continue;
    const rank = lora.loraA.shape[0] ?? 0;
    expectShape(where, `loraA of ${name}`, lora.loraA.shape, [rank, inputs], because);
    expectShape(where, `loraB of ${name}`, lora.loraB.shape, [out, rank], `${because}, loraA has rank ${rank}`);
  }
}
