/**
 * @file Forward pass of a LLaMA-style decoder, part by part, from a parameter tree with Hugging Face's names.
 *
 * Pre-norm layers: RMSNorm, rotary positions, grouped-query attention, SwiGLU; linears without bias unless adaptation adds one.
 */
import { decoderLayer, decoderToken, hasDecoderToken, linear, rmsNorm, tf, updatesQueryValueAlone, type DecoderLinear, type DecoderParts, type RotarySettings, type Tensor } from "../tensor/index.js";
import type { KeyValueMemory } from "./key-value-memory.js";
import { keyValueWidth, llamaHeadName, type LlamaConfig } from "./llama-shape.js";
import { scopedView, type ParameterView } from "./parameters.js";

/** Token ids, int32 `[B, N]`, to features `[B, N, D]`. */
export function llamaEmbed(view: ParameterView, tokens: Tensor): Tensor {
  return tf.gather(view.get("model.embed_tokens.weight"), tokens);
}

/**
 * Layer n on features `[B, N, D]`: x + o(attention(norm x)), then x + down(silu(gate(norm x))·up(norm x)).
 *
 * @param memory - keys and values of the tokens before these under the name `slot`; the new ones are added to it.
 */
export function llamaLayer(config: LlamaConfig, parameters: ParameterView, layer: number, x: Tensor, memory?: KeyValueMemory, slot = String(layer)): Tensor {
  const view = scopedView(parameters, `model.layers.${layer}.`);
  const part = (module: string): DecoderLinear => ({ weight: view.get(`${module}.weight`), bias: view.find?.(`${module}.bias`), lora: view.lora(module) });
  const parts: DecoderParts = {
    inputNorm: view.get("input_layernorm.weight"), query: part("self_attn.q_proj"), key: part("self_attn.k_proj"), value: part("self_attn.v_proj"), output: part("self_attn.o_proj"),
    postNorm: view.get("post_attention_layernorm.weight"), gate: part("mlp.gate_proj"), up: part("mlp.up_proj"), down: part("mlp.down_proj"),
  };
  const { heads, keyValueHeads, rmsNormEpsilon: epsilon, rotaryLayout, ropeTheta } = config;
  const rotary = { layout: rotaryLayout, theta: ropeTheta, start: memory?.length(slot) ?? 0 };
  if (memory !== undefined && x.size === config.width && hasDecoderToken() && updatesQueryValueAlone(parts)) return oneToken(config, parts, rotary, x, memory, slot);
  return decoderLayer(x, parts, { heads, keyValueHeads, rotary, epsilon }, memory === undefined ? undefined : (fresh) => memory.extend(slot, fresh));
}

/** {@link llamaLayer}, and of what it returns that which the head reads: with a memory the last token alone, `[B, 1, D]`. */
export function llamaLastLayer(config: LlamaConfig, parameters: ParameterView, layer: number, x: Tensor, memory?: KeyValueMemory, slot?: string): Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  return tf.tidy(() => {
    const y = llamaLayer(config, parameters, layer, x, memory, slot);
    return memory === undefined || tokens === 1 ? y : tf.slice(y, [0, tokens - 1, 0], [batch, 1, width]);
  });
}

/** {@link llamaLayer} on a single token, in one operation; low-rank updates hang below q and v alone. */
function oneToken(config: LlamaConfig, parts: DecoderParts, rotary: RotarySettings, x: Tensor, memory: KeyValueMemory, slot: string): Tensor {
  const { keys, values } = memory.reserve(slot, keyValueWidth(config));
  return decoderToken(x, { ...parts, keys, values }, config, rotary, config.rmsNormEpsilon);
}

/** Final norm `[B, N, D]`. */
export function llamaNorm({ rmsNormEpsilon }: LlamaConfig, view: ParameterView, x: Tensor): Tensor {
  return rmsNorm(x, view.get("model.norm.weight"), rmsNormEpsilon);
}

/** Logits `[B, N, V]` of normed features. */
export function llamaHead(config: LlamaConfig, view: ParameterView, x: Tensor): Tensor {
  return linear(x, view.get(`${llamaHeadName(config)}.weight`));
}

/** Logits `[B, N, V]` of one decoder on token ids, int32 `[B, N]`; with a memory, which they follow, those of the last token alone, `[B, 1, V]`. */
export function llamaLogits(config: LlamaConfig, view: ParameterView, tokens: Tensor, memory?: KeyValueMemory): Tensor {
  return tf.tidy(() => {
    let x = llamaEmbed(view, tokens);
    for (let layer = 0; layer < config.depth; layer++) x = (layer === config.depth - 1 ? llamaLastLayer : llamaLayer)(config, view, layer, x, memory);
    return llamaHead(config, view, llamaNorm(config, view, x));
  });
}

/** Features after the embedding and after every layer: depth + 1 tensors `[B, N, D]`, which the caller disposes. */
export function llamaActivations(config: LlamaConfig, view: ParameterView, tokens: Tensor): Tensor[] {
  return tf.tidy(() => {
    const activations = [llamaEmbed(view, tokens)];
    for (let layer = 0; layer < config.depth; layer++) activations.push(llamaLayer(config, view, layer, activations[layer]!));
    return activations;
  });
}
