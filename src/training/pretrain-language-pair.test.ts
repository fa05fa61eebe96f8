import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { llamaConfig } from "../anchors/llama-shape.js";
import { useBackend } from "../tensor/index.js";
import { pretrainLanguagePair } from "./pretrain-language-pair.js";

const sizes = { heads: 2, hidden: 32, vocabulary: 270, context: 24, tiedHead: true };
const anchors = { tiny: llamaConfig({ width: 8, depth: 1, ...sizes }), larger: llamaConfig({ width: 16, depth: 2, ...sizes }) };
const line = "the cat sat on the mat and the rat sat on the cat.";
const texts = { train: Array<string>(12).fill(line), heldOut: [line], about: "one sentence" };
const settings = { steps: 20, batchSize: 2, length: 8, learningRate: 2e-2, weightDecay: 0.01 };

beforeAll(async () => {
  await useBackend("cpu");
});

test("a pair is trained on one tokenizer and written as folders with cards; the stored weights are what is judged", async () => {
  const out = mkdtempSync(join(tmpdir(), "language-pair-"));
  const records = await pretrainLanguagePair(anchors, texts, settings, { out, seed: 3, command: "esta pretrain tiny", prompts: ["the cat"] });
  expect(records.map((record) => [record.anchorId, record.tokensSeen])).toEqual([["tiny", 320], ["larger", 320]]);
  expect(records[1]!.heldOutPerplexity).toBeLessThan(60);
  expect(records[1]!.samples[0]).toMatch(/^the cat/);
  expect(readFileSync(join(out, "tiny", "tokenizer.json"), "utf8")).toBe(readFileSync(join(out, "larger", "tokenizer.json"), "utf8"));
  expect(readFileSync(join(out, "larger", "README.md"), "utf8")).toContain(`| held-out perplexity per token | ${records[1]!.heldOutPerplexity.toFixed(2)} |`);
  expect(existsSync(join(out, ".tiny.checkpoint.safetensors"))).toBe(false);
});

test("anchors of different vocabularies are refused", async () => {
  const other = { ...anchors, larger: { ...anchors.larger, vocabulary: 280 } };
  await expect(pretrainLanguagePair(other, texts, settings, { out: tmpdir(), seed: 3, command: "", prompts: [] })).rejects.toThrow("pretrainLanguagePair: vocabulary of larger is 280, expected 270 as that of tiny: the anchors share a tokenizer.");
});
