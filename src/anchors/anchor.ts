/**
 * @file One face for all kinds of anchors: what a route asks of them, whether they see images or tokens.
 */
import { tf, type Tensor } from "../tensor/index.js";
import type { KeyValueMemory } from "./key-value-memory.js";
import { llamaEmbed, llamaHead, llamaLastLayer, llamaLayer, llamaNorm } from "./llama.js";
import { llamaConfigProblems, llamaEmbedShape, llamaHeadShape, llamaLayerShape, llamaNormShape, type LlamaConfig } from "./llama-shape.js";
import type { PartShape } from "./module-shape.js";
import type { ParameterView } from "./parameters.js";
import { vitBlock, vitEmbed, vitHead, vitLastBlock, vitNorm } from "./vit.js";
import { tokenCount, vitBlockShape, vitConfigProblems, vitEmbedShape, vitHeadShape, vitNormShape, type VitConfig } from "./vit-shape.js";

/** Sizes of an anchor. */
export type AnchorConfig = VitConfig | LlamaConfig;

/** What an anchor's embedding reads: images `[B, 3, H, W]`, or token ids int32 `[B, N]`. */
export function anchorEmbed(config: AnchorConfig, view: ParameterView, input: Tensor): Tensor {
  return config.kind === "vit" ? vitEmbed(config, view, input) : llamaEmbed(view, input);
}

/** Block n on tokens `[B, N, D]`; only decoders have a memory. */
export function anchorBlock(config: AnchorConfig, view: ParameterView, block: number, x: Tensor, memory?: KeyValueMemory, slot?: string): Tensor {
  return config.kind === "vit" ? vitBlock(config, view, block, x) : llamaLayer(config, view, block, x, memory, slot);
}

/** Block n, and of its tokens those that the head reads: the class token of an image `[B, D]`, every token of a text `[B, N, D]`, its last one with a memory. */
export function anchorLastBlock(config: AnchorConfig, view: ParameterView, block: number, x: Tensor, memory?: KeyValueMemory, slot?: string): Tensor {
  return config.kind === "vit" ? vitLastBlock(config, view, block, x) : llamaLastLayer(config, view, block, x, memory, slot);
}

/** Final norm of the tokens that the head reads. */
export function anchorNorm(config: AnchorConfig, view: ParameterView, pooled: Tensor): Tensor {
  return config.kind === "vit" ? vitNorm(config, view, pooled) : llamaNorm(config, view, pooled);
}

/** Logits of the tokens that the head reads. */
export function anchorHead(config: AnchorConfig, view: ParameterView, pooled: Tensor): Tensor {
  return config.kind === "vit" ? vitHead(view, pooled) : llamaHead(config, view, pooled);
}

/** Tokens after the embedding and after every block: depth + 1 tensors `[B, N, D]`, which the caller disposes. */
export function anchorActivations(config: AnchorConfig, view: ParameterView, input: Tensor): Tensor[] {
  return tf.tidy(() => {
    const activations = [anchorEmbed(config, view, input)];
    for (let block = 0; block < config.depth; block++) activations.push(anchorBlock(config, view, block, activations[block]!));
    return activations;
  });
}

/** N: tokens of an image, or the whole context of a decoder. */
export function anchorTokens(config: AnchorConfig): number {
  return config.kind === "vit" ? tokenCount(config) : config.context;
}

/** Modules and cost of one part. */
export function anchorPartShape(config: AnchorConfig, part: { readonly kind: "embed" | "norm" | "head" } | { readonly kind: "block"; readonly block: number }): PartShape {
  switch (part.kind) {
    case "embed":
      return config.kind === "vit" ? vitEmbedShape(config) : llamaEmbedShape(config);
    case "block":
      return config.kind === "vit" ? vitBlockShape(config, part.block) : llamaLayerShape(config, part.block);
    case "norm":
      return config.kind === "vit" ? vitNormShape(config) : llamaNormShape(config);
    case "head":
      return config.kind === "vit" ? vitHeadShape(config) : llamaHeadShape(config);
  }
}

/** Lists what is wrong with an anchor's sizes, one line a key. */
export function anchorConfigProblems(where: string, config: AnchorConfig): string[] {
  return config.kind === "llama" ? llamaConfigProblems(where, config) : vitConfigProblems(where, config);
}
