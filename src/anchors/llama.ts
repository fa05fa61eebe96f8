/**
 * @file Forward pass of a LLaMA-style decoder, part by part, from a parameter tree with Hugging Face's names.
 *
 * Pre-norm layers: RMSNorm, rotary positions, grouped-query attention, SwiGLU; linears without bias unless adaptation adds one.
 */
import { causalAttention, linear, rmsNorm, rotary, siluGate, tf, type Tensor } from "../tensor/index.js";
import type { KeyValueMemory } from "./key-value-memory.js";
import { llamaHeadName, type LlamaConfig } from "./llama-shape.js";
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

/** Final norm `[B, N, D]`. */
export function llamaNorm({ rmsNormEpsilon }: LlamaConfig, view: ParameterView, x: Tensor): Tensor {
  return rmsNorm(x, view.get("model.norm.weight"), rmsNormEpsilon);
}

/** Logits `[B, N, V]` of normed features. */
export function llamaHead(config: LlamaConfig, view: ParameterView, x: Tensor): Tensor {
  return linear(x, view.get(`${llamaHeadName(config)}.weight`));
}

/** Logits `[B, N, V]` of one decoder on token ids, int32 `[B, N]`. */
export function llamaLogits(config: LlamaConfig, view: ParameterView, tokens: Tensor): Tensor {
  return tf.tidy(() => {
    let x = llamaEmbed(view, tokens);
    for (let layer = 0; layer < config.depth; layer++) x = llamaLayer(config, view, layer, x);
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
