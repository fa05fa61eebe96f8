/**
 * @file Decoders with random weights as folders of Hugging Face's layout, for tests: sharded, in 16 bits, with a tokenizer.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { llamaModules, type LlamaConfig } from "../anchors/llama-shape.js";
import { elements } from "../anchors/module-shape.js";
import { parameterShapes } from "../anchors/parameters.js";
import { writeSafetensors } from "../anchors/safetensors.js";
import { learnMerges } from "../language/byte-pair-trainer.js";
import { writeOwnTokenizer } from "../language/own-tokenizer.js";
import { createRng, type RandomStream } from "../rng.js";

/** How the folder is written. */
export interface RandomDecoderOptions {
  readonly dtype?: "F16" | "BF16";
  /** Tensors are spread over so many files, with an index; one file alone has none. */
  readonly shards?: number;
  readonly seed?: number;
}

/** Text that the tokenizer's merges are learned from. */
const sample = "Below is an instruction that describes a task. Write a response that appropriately completes the request. The capital of France is Paris. One two three four five six seven eight nine ten.";

/** Writes config.json, weights and a tokenizer; memory holds one shard at a time. Gains are 1, matrices normal. */
export function writeRandomDecoder(folder: string, config: LlamaConfig, { dtype = "BF16", shards = 2, seed = 0 }: RandomDecoderOptions = {}): void {
  mkdirSync(folder, { recursive: true });
  writeOwnTokenizer(folder, learnMerges([sample], Math.min(config.vocabulary, 300)));
  writeFileSync(join(folder, "config.json"), JSON.stringify({
    model_type: "llama", hidden_act: "silu", hidden_size: config.width, num_hidden_layers: config.depth, num_attention_heads: config.heads, num_key_value_heads: config.keyValueHeads,
    intermediate_size: config.hidden, vocab_size: config.vocabulary, max_position_embeddings: config.context, tie_word_embeddings: config.tiedHead, rope_theta: config.ropeTheta, rms_norm_eps: config.rmsNormEpsilon,
  }));
  const shapes = [...parameterShapes(llamaModules(config))];
  const files = Array.from({ length: shards }, (_, shard) => (shards === 1 ? "model.safetensors" : `model-${String(shard + 1).padStart(5, "0")}-of-${String(shards).padStart(5, "0")}.safetensors`));
  const shardOf = (index: number): number => Math.floor((index * shards) / shapes.length);
  files.forEach((file, shard) => writeShard(join(folder, file), shapes.filter((_, index) => shardOf(index) === shard), dtype, config.depth, createRng(seed).stream(file)));
  if (shards > 1) writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: Object.fromEntries(shapes.map(([name], index) => [name, files[shardOf(index)]])) }));
}

function writeShard(path: string, shapes: readonly (readonly [string, readonly number[]])[], dtype: "F16" | "BF16", depth: number, stream: RandomStream): void {
  const valuesOf = (name: string, shape: readonly number[]): Float32Array => {
    if (shape.length === 1) return new Float32Array(shape[0]!).fill(1);
    const deviation = Math.sqrt(1 / shape[1]!) / (/(?:o|down)_proj/.test(name) ? Math.sqrt(2 * depth) : 1);
    return randomValues(elements(shape), deviation, stream);
  };
  writeSafetensors(path, Object.fromEntries(shapes.map(([name, shape]) => [name, { shape, data: valuesOf(name, shape) }])), { dtype });
}

/** Normal numbers; large matrices repeat a stretch of them at changing places, which is as good for a test and quick. */
function randomValues(count: number, deviation: number, stream: RandomStream): Float32Array {
  const own = Float32Array.from({ length: Math.min(count, 1 << 16) }, () => deviation * stream.normal());
  const values = new Float32Array(count);
  for (let at = 0; at < count; ) {
    const start = at === 0 ? 0 : stream.integer(own.length);
    const part = own.subarray(start, Math.min(own.length, start + count - at));
    values.set(part, at);
    at += part.length;
  }
  return values;
}
