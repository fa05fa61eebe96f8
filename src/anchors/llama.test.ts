import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { tf, useBackend, type Tensor } from "../tensor/index.js";
import { largestError } from "../testing/compare.js";
import { decodeTokens, drawIndex } from "./decode.js";
import { KeyValueMemory } from "./key-value-memory.js";
import { llamaLogits } from "./llama.js";
import { readLlama2c } from "./llama2c.js";
import { llamaConfig, llamaModules } from "./llama-shape.js";
import { parameterShapes, toTree, treeView } from "./parameters.js";

beforeAll(async () => void (await useBackend("auto", { threads: 1 })));

const folder = mkdtempSync(join(tmpdir(), "llama-"));
afterAll(() => rmSync(folder, { recursive: true }));

const config = llamaConfig({ width: 16, depth: 2, heads: 4, keyValueHeads: 2, hidden: 24, vocabulary: 11, context: 12, tiedHead: true });
const stream = createRng(1).stream("weights");
const values = Object.fromEntries(
  [...parameterShapes(llamaModules(config))].map(([name, shape]) => [name, { shape, data: Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => 0.4 * stream.normal()) }]),
);
const ids = (tokens: readonly number[]): Tensor => tf.tensor2d([...tokens], [1, tokens.length], "int32");

test("reading in parts with a memory gives, after each, the last token's logits of reading all at once", () => {
  tf.tidy(() => {
    const view = treeView(toTree(values));
    const memory = new KeyValueMemory();
    const tokens = [3, 1, 4, 1, 5, 9];
    const whole = llamaLogits(config, view, ids(tokens));
    const parts = [[3, 1], [4], [1, 5, 9]].map((part) => llamaLogits(config, view, ids(part), memory));
    const last = tf.gather(whole, tf.tensor1d([1, 2, 5], "int32"), 1);
    expect(largestError(tf.concat(parts, 1).dataSync(), last.dataSync())).toBeLessThan(1e-5);
    memory.dispose();
  });
});

test("decoding stops at the end mark, at the maximum and at the context, and frees its memory", () => {
  const vocabulary = 5;
  const nextIs = (tokens: Tensor): Tensor => tf.oneHot(tf.cast(tf.mod(tf.add(tokens, 1), vocabulary), "int32"), vocabulary, 1, 0, "float32");
  const before = tf.memory().numTensors;
  const write = (prompt: number[], options: Parameters<typeof decodeTokens>[2]): number[] => [...decodeTokens(nextIs, prompt, options)];
  expect(write([0], { maximum: 3, context: 10 })).toEqual([1, 2, 3]);
  expect(write([0], { maximum: 9, context: 10, endId: 3 })).toEqual([1, 2]);
  expect(write([0, 1], { maximum: 9, context: 4 })).toEqual([2, 3]);
  expect(tf.memory().numTensors).toBe(before);
  expect(() => write([], { maximum: 1, context: 4 })).toThrow("decode: the prompt has no token");
  expect(() => write([0, 1, 2, 3], { maximum: 1, context: 4 })).toThrow("decode: the prompt has 4 tokens, expected fewer than the context of 4. Shorten it.");
  expect(() => write([0], { maximum: 1, context: 4, temperature: 1 })).toThrow("without a stream to draw from");
});

test("drawing follows the softmax of the logits over the temperature", () => {
  const logits = Float32Array.of(0, Math.log(3));
  expect([0, 0.24, 0.26, 0.99].map((uniform) => drawIndex(logits, 1, uniform))).toEqual([0, 0, 1, 1]);
  expect([0.09, 0.11].map((uniform) => drawIndex(logits, 0.5, uniform))).toEqual([0, 1]); // weights 1 and 9
});

/** Writes the toy in llama2.c's layout. */
function llama2cBytes(): Buffer {
  const kinds = ["input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "post_attention_layernorm", "mlp.gate_proj", "mlp.down_proj", "mlp.up_proj"];
  const names = ["model.embed_tokens.weight", ...kinds.flatMap((kind) => [0, 1].map((layer) => `model.layers.${layer}.${kind}.weight`)), "model.norm.weight"];
  const data = [...names.map((name) => values[name]!.data), new Float32Array(2 * config.context * 2)];
  return Buffer.concat([Buffer.from(Int32Array.of(16, 24, 2, 4, 2, 11, 12).buffer), ...data.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))]);
}

test("a file of llama2.c gives its sizes and every tensor by its name", () => {
  const path = join(folder, "toy.bin");
  writeFileSync(path, llama2cBytes());
  const loaded = readLlama2c(path);
  expect(loaded.config).toEqual({ ...config, rotaryLayout: "interleaved" });
  expect(loaded.parameters).toEqual(values);
});

test("a truncated file, foreign sizes and a missing file are refused with one message", () => {
  const path = join(folder, "cut.bin");
  const bytes = llama2cBytes();
  writeFileSync(path, bytes.subarray(0, -4));
  expect(() => readLlama2c(path)).toThrow(`readLlama2c ${path}: the file has ${bytes.length - 4} bytes, expected ${bytes.length} for the sizes in its header; it is truncated or of another version.`);
  writeFileSync(path, bytes.subarray(0, 20));
  expect(() => readLlama2c(path)).toThrow("the file has 20 bytes, expected at least 28 of header; it is truncated or of another format.");
  bytes.writeInt32LE(3, 12);
  writeFileSync(path, bytes);
  expect(() => readLlama2c(path)).toThrow("heads is 3, expected heads of an even number of features in width 16.");
  expect(() => readLlama2c(join(folder, "none.bin"))).toThrow("cannot be read (ENOENT), expected a checkpoint of llama2.c. Check the path.");
});
