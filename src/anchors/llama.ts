/**
 * @file Forward pass of a LLaMA-style decoder, part by part, from a parameter tree with Hugging Face's names.
 *
 * Pre-norm layers: RMSNorm, rotary positions, grouped-query attention, SwiGLU; linears without bias unless adaptation adds one.
 */
import { causalAttention, decoderToken, hasDecoderToken, linear, rmsNorm, rotary, siluGate, tf, type LinearParts, type Tensor } from "../tensor/index.js";
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
  const { heads, keyValueHeads, rmsNormEpsilon, rotaryLayout, ropeTheta } = config;
  const view = scopedView(parameters, `model.layers.${layer}.`);
  if (memory !== undefined && x.size === config.width && hasDecoderToken() && view.lora("self_attn.o_proj") === undefined) return oneToken(config, view, x, memory, slot);
  const apply = (module: string, input: Tensor): Tensor => linear(input, view.get(`${module}.weight`), view.find?.(`${module}.bias`), view.lora(module));
  const norm = (module: string, input: Tensor): Tensor => rmsNorm(input, view.get(`${module}.weight`), rmsNormEpsilon);
  return tf.tidy(() => {
    const normed = norm("input_layernorm", x);
    const settings = { layout: rotaryLayout, theta: ropeTheta, start: memory?.length(slot) ?? 0 };
    const queries = rotary(apply("self_attn.q_proj", normed), heads, settings);
    const fresh = { keys: rotary(apply("self_attn.k_proj", normed), keyValueHeads, settings), values: apply("self_attn.v_proj", normed) };
    const { keys, values } = memory?.extend(slot, fresh) ?? fresh;
    const middle = tf.add(x, apply("self_attn.o_proj", causalAttention(queries, keys, values, { heads, keyValueHeads })));
    const open = norm("post_attention_layernorm", middle);
    const gated = siluGate(apply("mlp.gate_proj", open), apply("mlp.up_proj", open));
    return tf.add(middle, apply("mlp.down_proj", gated));
  });
}

/** {@link llamaLayer} on a single token, in one operation; low-rank updates hang below q and v alone. */
function oneToken(config: LlamaConfig, view: ParameterView, x: Tensor, memory: KeyValueMemory, slot: string): Tensor {
  const part = (module: string): LinearParts => ({ weight: view.get(`${module}.weight`), bias: view.find?.(`${module}.bias`) });
  const start = memory.length(slot);
  const { keys, values } = memory.reserve(slot, keyValueWidth(config));
  const parts = {
    inputNorm: view.get("input_layernorm.weight"), query: part("self_attn.q_proj"), key: part("self_attn.k_proj"), value: part("self_attn.v_proj"), output: part("self_attn.o_proj"),
    postNorm: view.get("post_attention_layernorm.weight"), gate: part("mlp.gate_proj"), up: part("mlp.up_proj"), down: part("mlp.down_proj"),
    queryLora: view.lora("self_attn.q_proj"), valueLora: view.lora("self_attn.v_proj"), keys, values,
  };
  return decoderToken(x, parts, config, { layout: config.rotaryLayout, theta: config.ropeTheta, start }, config.rmsNormEpsilon);
}

/** Final norm `[B, N, D]`. */
export function llamaNorm({ rmsNormEpsilon }: LlamaConfig, view: ParameterView, x: Tensor): Tensor {
  return rmsNorm(x, view.get("model.norm.weight"), rmsNormEpsilon);
}

/** Logits `[B, N, V]` of normed features. */
export function llamaHead(config: LlamaConfig, view: ParameterView, x: Tensor): Tensor {
  return linear(x, view.get(`${llamaHeadName(config)}.weight`));
}

/** Logits `[B, N, V]` of one decoder on token ids, int32 `[B, N]`, that follow those in the memory. */
export function llamaLogits(config: LlamaConfig, view: ParameterView, tokens: Tensor, memory?: KeyValueMemory): Tensor {
  return tf.tidy(() => {
    let x = llamaEmbed(view, tokens);
    for (let layer = 0; layer < config.depth; layer++) x = llamaLayer(config, view, layer, x, memory);
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
