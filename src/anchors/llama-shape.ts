/**
 * @file Sizes and parameter counts of LLaMA-style decoders and of stitches between them: whole numbers only.
 *
 * RMSNorm, rotary positions, SwiGLU, grouped-query attention, linears without bias.
 */
import { choiceProblem, throwProblems, wholeNumberProblem } from "../checks.js";
import type { RotaryLayout } from "../tensor/index.js";
import type { ModuleRole, ModuleShape, PartShape } from "./module-shape.js";

/** Sizes of a LLaMA-style decoder. */
export interface LlamaConfig {
  readonly kind: "llama";
  /** D, features of a token. */
  readonly width: number;
  /** L, layers. */
  readonly depth: number;
  /** H, query heads; divides the width. */
  readonly heads: number;
  /** Heads of keys and values; divides the query heads. */
  readonly keyValueHeads: number;
  /** F, width inside the feed-forward part. */
  readonly hidden: number;
  /** V, tokens of the vocabulary. */
  readonly vocabulary: number;
  /** Whether the head is the embedding, used again. */
  readonly tiedHead: boolean;
  /** Most tokens of a sequence. */
  readonly context: number;
  /** Base of the rotary angles. */
  readonly ropeTheta: number;
  readonly rmsNormEpsilon: number;
  /** Which features of a head the rotary positions pair. */
  readonly rotaryLayout: RotaryLayout;
}

/** The published sizes of LLaMA 7B. */
export const llama7b: LlamaConfig = { kind: "llama", width: 4096, depth: 32, heads: 32, keyValueHeads: 32, hidden: 11008, vocabulary: 32000, tiedHead: false, context: 2048, ropeTheta: 10000, rmsNormEpsilon: 1e-6, rotaryLayout: "half-split" };

/** The published sizes of LLaMA 13B. */
export const llama13b: LlamaConfig = { kind: "llama", width: 5120, depth: 40, heads: 40, keyValueHeads: 40, hidden: 13824, vocabulary: 32000, tiedHead: false, context: 2048, ropeTheta: 10000, rmsNormEpsilon: 1e-6, rotaryLayout: "half-split" };

/** Width of keys and values: D·(key/value heads)/H. */
export function keyValueWidth({ width, heads, keyValueHeads }: LlamaConfig): number {
  return (width / heads) * keyValueHeads;
}

/** Parameters of one layer: 2·D² + 2·D·Dkv for attention, 3·D·F for SwiGLU, 2·D for the norms. */
export function llamaLayerParameters(config: LlamaConfig): number {
  const { width, hidden } = config;
  return 2 * width * width + 2 * width * keyValueWidth(config) + 3 * width * hidden + 2 * width;
}

/** Parameters of the embedding: V·D. */
export function llamaEmbeddingParameters({ vocabulary, width }: LlamaConfig): number {
  return vocabulary * width;
}

/** Parameters of the whole decoder: embedding, layers, final norm, and the head unless it is the embedding. */
export function llamaAnchorParameters(config: LlamaConfig): number {
  const tables = config.tiedHead ? 1 : 2;
  return tables * llamaEmbeddingParameters(config) + config.depth * llamaLayerParameters(config) + config.width;
}

/** Parameters of a stitching layer: Da·Db and a bias of Db. */
export function llamaStitchingLayerParameters(front: LlamaConfig, end: LlamaConfig): number {
  return front.width * end.width + end.width;
}

/** Parameters that a stitch runs: the front's embedding and layers 0…frontBlock, the stitching layer, the end's layers endBlock…, norm and head. */
export function llamaStitchParameters(front: LlamaConfig, end: LlamaConfig, { frontBlock, endBlock }: { readonly frontBlock: number; readonly endBlock: number }): number {
  const frontPart = llamaEmbeddingParameters(front) + (frontBlock + 1) * llamaLayerParameters(front);
  const endPart = (end.depth - endBlock) * llamaLayerParameters(end) + end.width + llamaEmbeddingParameters(end);
  return frontPart + llamaStitchingLayerParameters(front, end) + endPart;
}

/** Elements of the biases that adaptation adds to one layer, on the outputs of q, k, v, o, gate, up and down. */
export function llamaLayerBiases(config: LlamaConfig): number {
  return 3 * config.width + 2 * keyValueWidth(config) + 2 * config.hidden;
}

/** Elements of rank-r updates on q and v of every layer. */
export function llamaLoraElements(config: LlamaConfig, rank: number): number {
  return config.depth * rank * (3 * config.width + keyValueWidth(config));
}

/** Elements of a rank-r update on a stitching layer. */
export function llamaStitchingLoraElements(front: LlamaConfig, end: LlamaConfig, rank: number): number {
  return rank * (front.width + end.width);
}

/** Makes a configuration from its telling sizes; the rest are LLaMA's usual values, with Hugging Face's rotary layout. */
export function llamaConfig(sizes: Pick<LlamaConfig, "width" | "depth" | "heads" | "hidden" | "vocabulary" | "context"> & Partial<LlamaConfig>): LlamaConfig {
  const config: LlamaConfig = { kind: "llama", keyValueHeads: sizes.heads, tiedHead: false, ropeTheta: 10000, rmsNormEpsilon: 1e-5, rotaryLayout: "half-split", ...sizes };
  throwProblems(llamaConfigProblems("llamaConfig", config));
  return config;
}

/** Lists what is wrong with a configuration, one line a key. */
export function llamaConfigProblems(where: string, config: LlamaConfig): string[] {
  const keys = ["width", "depth", "heads", "keyValueHeads", "hidden", "vocabulary", "context"] as const;
  const problems = [...keys.flatMap((key) => wholeNumberProblem(where, key, config[key], 1, Infinity)), ...choiceProblem(where, "rotaryLayout", config.rotaryLayout, ["interleaved", "half-split"])];
  for (const key of ["ropeTheta", "rmsNormEpsilon"] as const) if (!(config[key] > 0 && Number.isFinite(config[key]))) problems.push(`${where}: ${key} is ${config[key]}, expected a number above 0.`);
  if (problems.length > 0) return problems;
  if (config.width % (2 * config.heads) !== 0) problems.push(`${where}: heads is ${config.heads}, expected heads of an even number of features in width ${config.width}.`);
  if (config.heads % config.keyValueHeads !== 0) problems.push(`${where}: keyValueHeads is ${config.keyValueHeads}, expected a divisor of heads ${config.heads}.`);
  return problems;
}

/** The token embedding, `[V, D]`; looking up costs no multiply–accumulates. */
export function llamaEmbedShape({ vocabulary, width }: LlamaConfig): PartShape {
  return { modules: [{ name: "model.embed_tokens", role: "embedding", weight: [vocabulary, width], bias: 0 }], flops: 0 };
}

/** Layer n over a whole context of N tokens: N times its matrices, 2·N²·D of attention, 5 for each element of two norms. */
export function llamaLayerShape(config: LlamaConfig, layer: number): PartShape {
  const { width, hidden, context } = config;
  const prefix = `model.layers.${layer}.`;
  const linear = (name: string, role: ModuleRole, out: number, inputs: number): ModuleShape => ({ name: prefix + name, role, weight: [out, inputs], bias: 0, addedBias: out });
  const norm = (name: string): ModuleShape => ({ name: prefix + name, role: "norm", weight: [width], bias: 0 });
  const matrices = llamaLayerParameters(config) - 2 * width;
  return {
    modules: [
      norm("input_layernorm"),
      linear("self_attn.q_proj", "query", width, width),
      linear("self_attn.k_proj", "key", keyValueWidth(config), width),
      linear("self_attn.v_proj", "value", keyValueWidth(config), width),
      linear("self_attn.o_proj", "output", width, width),
      norm("post_attention_layernorm"),
      linear("mlp.gate_proj", "gate", hidden, width),
      linear("mlp.up_proj", "up", hidden, width),
      linear("mlp.down_proj", "down", width, hidden),
    ],
    flops: context * matrices + 2 * context * context * width + 10 * context * width,
  };
}

/** Final norm over the context. */
export function llamaNormShape({ width, context }: LlamaConfig): PartShape {
  return { modules: [{ name: "model.norm", role: "final-norm", weight: [width], bias: 0 }], flops: 5 * context * width };
}

/** Head over the context; a tied head is the embedding's module again. It stays pretrained: no tuning method starts it anew. */
export function llamaHeadShape(config: LlamaConfig): PartShape {
  const { vocabulary, width, context } = config;
  return { modules: [{ name: llamaHeadName(config), role: "token-head", weight: [vocabulary, width], bias: 0 }], flops: context * vocabulary * width };
}

/** Name of the module that the head reads. */
export function llamaHeadName({ tiedHead }: LlamaConfig): string {
  return tiedHead ? "model.embed_tokens" : "lm_head";
}

/** Every module of the decoder, in the order of the forward pass; a tied head once. */
export function llamaModules(config: LlamaConfig): ModuleShape[] {
  const layers = Array.from({ length: config.depth }, (_, layer) => llamaLayerShape(config, layer));
  return [llamaEmbedShape(config), ...layers, llamaNormShape(config), ...(config.tiedHead ? [] : [llamaHeadShape(config)])].flatMap((part) => part.modules);
}
