import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { computedValues, tf, useBackend } from "../tensor/index.js";
import { largestError } from "../testing/compare.js";
import { llamaLogits } from "./llama.js";
import { checkLlamaFolder, loadLlama } from "./load-llama.js";
import { llamaConfig, llamaModules } from "./llama-shape.js";
import { disposeTree, parameterShapes, toTree, treeView } from "./parameters.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";

const config = llamaConfig({ width: 8, depth: 2, heads: 2, keyValueHeads: 1, hidden: 12, vocabulary: 10, context: 16, rmsNormEpsilon: 1e-6 });
const stream = createRng(3).stream("weights");
const halves = (count: number): Float32Array => Float32Array.from({ length: count }, () => Math.round(16 * stream.normal()) / 16); // exact in 16 bits
const values = Object.fromEntries([...parameterShapes(llamaModules(config))].map(([name, shape]) => [name, { shape, data: halves(shape.reduce((product, side) => product * side, 1)) }]));
const published = { model_type: "llama", hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1, intermediate_size: 12, vocab_size: 10, max_position_embeddings: 16, rms_norm_eps: 1e-6, rope_scaling: null };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "llama-"));
  writeConfig();
});
afterEach(() => rmSync(folder, { recursive: true }));

function writeConfig(changes: Record<string, unknown> = {}): void {
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...published, ...changes }));
}

/** Writes the decoder in two shards of different types. */
function writeShards(): string[] {
  const files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const names = Object.keys(values);
  const parts = [names.slice(0, 7), names.slice(7)];
  parts.forEach((part, shard) => writeSafetensors(join(folder, files[shard]!), Object.fromEntries(part.map((name) => [name, values[name]!])), { dtype: shard === 0 ? "F16" : "BF16" }));
  writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: Object.fromEntries(parts.flatMap((part, shard) => part.map((name) => [name, files[shard]]))) }));
  return files.map((file) => join(folder, file));
}

test("one file and shards of 16-bit numbers give the same decoder", () => {
  writeSafetensors(join(folder, "model.safetensors"), values);
  expect(loadLlama(folder)).toEqual({ config, parameters: values });
  writeShards();
  expect(loadLlama(folder)).toEqual({ config, parameters: values });
});

test("a tied head needs no tensor of its own", () => {
  writeConfig({ tie_word_embeddings: true });
  writeSafetensors(join(folder, "model.safetensors"), Object.fromEntries(Object.entries(values).filter(([name]) => name !== "lm_head.weight")));
  expect(checkLlamaFolder(folder).config.tiedHead).toBe(true);
  expect(Object.keys(loadLlama(folder).parameters)).not.toContain("lm_head.weight");
});

test("a truncated shard, an absent shard and an absent tensor each give one message", () => {
  const [first, second] = writeShards() as [string, string];
  const whole = readFileSync(second);
  writeFileSync(second, whole.subarray(0, -10));
  expect(() => loadLlama(folder)).toThrow(new RegExp(`${second}.*cut short`));
  rmSync(second);
  expect(() => loadLlama(folder)).toThrow(`1 of its shards are not there (${second} first), expected all of them.`);
  writeFileSync(second, whole);
  writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: { "model.norm.weight": first.slice(folder.length + 1) } }));
  expect(() => loadLlama(folder)).toThrow("model.embed_tokens.weight is missing, expected shape [10, 8].");
});

test("weights of another config and another architecture are refused before a weight is read", () => {
  writeSafetensors(join(folder, "model.safetensors"), values);
  writeConfig({ vocab_size: 11 });
  expect(() => loadLlama(folder)).toThrow("model.embed_tokens.weight has shape [10, 8], expected [11, 8] by config.json. Do weights and config belong together?");
  writeConfig({ model_type: "qwen2", attention_bias: true, rope_scaling: { rope_type: "llama3" } });
  expect(() => loadLlama(folder)).toThrow(/model_type is "qwen2", expected "llama".*\n.*attention_bias is true, expected false.*\n.*rope type is "llama3", expected "default"/);
  writeConfig({ hidden_size: undefined });
  expect(() => loadLlama(folder)).toThrow("width is NaN, expected a whole number of at least 1.");
  rmSync(join(folder, "model.safetensors"));
  writeConfig();
  expect(() => loadLlama(folder)).toThrow("holds neither model.safetensors nor model.safetensors.index.json");
});

test("weights as they are stored are the same numbers, mapped or read in pieces, and give the same logits to rounding", async () => {
  await useBackend("auto", { threads: 1 });
  writeShards();
  const stored = loadLlama(folder, "as stored").parameters;
  expect(Object.fromEntries(Object.entries(stored).map(([name, { shape, data }]) => [name, { shape, data }]))).toEqual(values);
  expect(Object.keys(stored).filter((name) => stored[name]!.halves === undefined)).toEqual(Object.keys(values).filter((name) => values[name]!.shape.length === 1));
  const logits = (parameters: typeof stored): Float32Array => {
    const tree = toTree(parameters);
    const found = computedValues(() => llamaLogits(config, treeView(tree), tf.tensor2d([[1, 7, 3, 9, 0]], [1, 5], "int32")));
    disposeTree(tree);
    return found;
  };
  expect(largestError(logits(stored), logits(values))).toBeLessThan(1e-6);
});

test("a tensor in two shards gives one message", () => {
  const [first, second] = writeShards() as [string, string];
  const name = "model.embed_tokens.weight";
  const { tensors } = readSafetensors(second);
  writeSafetensors(second, { ...Object.fromEntries([...tensors].map(([other, { shape, data }]) => [other, { shape, data: data as Float32Array }])), [name]: values[name]! });
  expect(() => loadLlama(folder)).toThrow(`loadLlama ${second}: ${name} is in ${first} too, expected it once, where the index says. Copy the shards and their index from one place.`);
});
