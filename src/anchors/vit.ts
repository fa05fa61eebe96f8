/**
 * @file Forward pass of a plain vision transformer, part by part, from a parameter tree with timm's names.
 *
 * Pre-norm blocks, LayerNorm epsilon 1e-6, erf GELU, class token, learned positions. Source: timm `vision_transformer`.
 */
import { classTokens, layerNorm, linear, patchify, takeToken, tf, transformerBlock, type BlockLinear, type BlockNorm, type Tensor } from "../tensor/index.js";
import { scopedView, type ParameterView } from "./parameters.js";
import { tokenCount, type VitConfig } from "./vit-shape.js";

/** Images `[B, 3, H, W]` to tokens `[B, N, D]`: patches through the embedding, the class token in front, positions added. */
export function vitEmbed({ width, patchSize }: VitConfig, view: ParameterView, images: Tensor): Tensor {
  return tf.tidy(() => {
    const kernel = tf.reshape(view.get("patch_embed.proj.weight"), [width, -1]);
    const patches = linear(patchify(images, patchSize), kernel, view.get("patch_embed.proj.bias"));
    const tokens = classTokens(patches, view.get("cls_token"), view.get("pos_embed"));
    return view.hooks?.("pos_embed")?.enter?.(tokens, tokens.shape[1]!) ?? tokens;
  });
}

/** Block n on tokens `[B, N, D]`: x + proj(attention(norm1 x)), then x + fc2(gelu(fc1(norm2 x))); with what the view adds at its named places. */
export function vitBlock(config: VitConfig, parameters: ParameterView, block: number, entering: Tensor): Tensor {
  return blockOn(config, parameters, block, entering);
}

/** The class token `[B, D]` that leaves block n: the same as that of {@link vitBlock}; attention and what follows run on this one token. */
export function vitLastBlock(config: VitConfig, parameters: ParameterView, block: number, entering: Tensor): Tensor {
  return blockOn(config, parameters, block, entering, true);
}

function blockOn(config: VitConfig, parameters: ParameterView, block: number, entering: Tensor, classTokenLeaves = false): Tensor {
  const { heads, layerNormEpsilon: epsilon } = config;
  const view = scopedView(parameters, `blocks.${block}.`);
  const norm = (module: string): BlockNorm => ({ gain: view.get(`${module}.weight`), bias: view.get(`${module}.bias`) });
  const layer = (module: string): BlockLinear => ({ weight: view.get(`${module}.weight`), bias: view.get(`${module}.bias`), lora: view.lora(module) });
  return tf.tidy(() => {
    const x = view.hooks?.("norm1")?.enter?.(entering, tokenCount(config)) ?? entering;
    return transformerBlock(
      x,
      { norm1: norm("norm1"), qkv: layer("attn.qkv"), proj: layer("attn.proj"), norm2: norm("norm2"), fc1: layer("mlp.fc1"), fc2: layer("mlp.fc2") },
      { heads, epsilon },
      { attend: view.hooks?.("attn.qkv")?.attend, besideAttention: view.hooks?.("attn.proj")?.add, besideMlp: view.hooks?.("mlp.fc2")?.add, classTokenLeaves },
    );
  });
}

/** Final norm of the class token `[B, D]`. */
export function vitNorm({ layerNormEpsilon }: VitConfig, view: ParameterView, classToken: Tensor): Tensor {
  return layerNorm(classToken, view.get("norm.weight"), view.get("norm.bias"), layerNormEpsilon);
}

/** Head on the class token `[B, D]`: logits `[B, C]`. */
export function vitHead(view: ParameterView, classToken: Tensor): Tensor {
  return linear(classToken, view.get("head.weight"), view.get("head.bias"));
}

/** The class token of tokens `[B, N, D]`: `[B, D]`. */
export function vitClassToken(x: Tensor): Tensor {
  return takeToken(x, 0);
}

/** Class token after the final norm `[B, D]`, of images `[B, 3, H, W]`: what the head reads. */
export function vitFeatures(config: VitConfig, view: ParameterView, images: Tensor): Tensor {
  return tf.tidy(() => {
    let x = vitEmbed(config, view, images);
    for (let block = 0; block + 1 < config.depth; block++) x = vitBlock(config, view, block, x);
    return vitNorm(config, view, vitLastBlock(config, view, config.depth - 1, x));
  });
}

/** Logits `[B, C]` of one anchor on images `[B, 3, H, W]`. */
export function vitLogits(config: VitConfig, view: ParameterView, images: Tensor): Tensor {
  return tf.tidy(() => vitHead(view, vitFeatures(config, view, images)));
}

/** Tokens after the embedding and after every block: depth + 1 tensors `[B, N, D]`, which the caller disposes. */
export function vitActivations(config: VitConfig, view: ParameterView, images: Tensor): Tensor[] {
  return tf.tidy(() => {
    const activations = [vitEmbed(config, view, images)];
    for (let block = 0; block < config.depth; block++) activations.push(vitBlock(config, view, block, activations[block]!));
    return activations;
  });
}
