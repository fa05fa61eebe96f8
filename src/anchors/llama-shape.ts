/**
 * @file Sizes and parameter counts of LLaMA-style decoders and of stitches between them: whole numbers only.
 *
 * RMSNorm, rotary positions, SwiGLU, grouped-query attention, linears without bias.
 */

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
}

/** The published sizes of LLaMA 7B. */
export const llama7b: LlamaConfig = { kind: "llama", width: 4096, depth: 32, heads: 32, keyValueHeads: 32, hidden: 11008, vocabulary: 32000, tiedHead: false };

/** The published sizes of LLaMA 13B. */
export const llama13b: LlamaConfig = { kind: "llama", width: 5120, depth: 40, heads: 40, keyValueHeads: 40, hidden: 13824, vocabulary: 32000, tiedHead: false };

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
