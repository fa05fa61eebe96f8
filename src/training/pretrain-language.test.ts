import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { llamaAnchorParameters, llamaConfig } from "../anchors/llama-shape.js";
import { disposeTree, toTree, treeView } from "../anchors/parameters.js";
import type { Tokenizer } from "../language/tokenizer.js";
import { tf, useBackend } from "../tensor/index.js";
import { miniLlama, pretrainLanguage, sampleTexts, textPerplexity } from "./pretrain-language.js";

const tiny = llamaConfig({ width: 16, depth: 2, heads: 2, keyValueHeads: 1, hidden: 32, vocabulary: 16, context: 24, tiedHead: true });
// Counting: after each number comes the next, from 3 to 15 and over again.
const counting = Int32Array.from({ length: 1200 }, (_, index) => 3 + (index % 13));
const text = { train: counting.slice(0, 1000), heldOut: counting.slice(1000) };
const settings = { steps: 60, batchSize: 4, length: 12, learningRate: 1e-2, weightDecay: 0.01 };
const numbers: Tokenizer = {
  name: "numbers", vocabularySize: 16, beginId: undefined, endId: 2, padId: undefined, sha256: "",
  encode: (line) => line.split(" ").map(Number),
  decode: (ids) => ids.join(" "),
};

beforeAll(async () => {
  await useBackend("cpu");
});

test("the pair has the sizes that it is named for", () => {
  expect([llamaAnchorParameters(miniLlama.small), llamaAnchorParameters(miniLlama.large)]).toEqual([1_053_824, 4_082_880]);
});

test("a model learns to count: held-out perplexity falls from chance to near one, and its samples count on; nothing is left in memory", async () => {
  const before = tf.memory().numTensors;
  const result = await pretrainLanguage(tiny, text, settings, { seed: 1 });
  expect(tf.memory().numTensors).toBe(before);
  expect(result.losses[0]).toBeGreaterThan(2);
  expect(result.heldOutPerplexity).toBeLessThan(1.2);
  expect([result.tokensSeen, result.stepsDone]).toEqual([60 * 48, 60]);
  const tree = toTree(result.parameters);
  expect(textPerplexity(tiny, treeView(tree), text.heldOut, 12)).toBeCloseTo(result.heldOutPerplexity, 5);
  expect(sampleTexts(tiny, treeView(tree), numbers, ["5 6 7 8"], 6)).toEqual(["5 6 7 8 9 10 11 12 13 14"]);
  disposeTree(tree);
});

test("an interrupted run goes on to the same weights as one that was not", async () => {
  const short = { ...settings, steps: 12 };
  const whole = await pretrainLanguage(tiny, text, short, { seed: 2 });
  const checkpoint = join(mkdtempSync(join(tmpdir(), "pretrain-language-")), "state.safetensors");
  const stop = new AbortController();
  const first = await pretrainLanguage(tiny, text, short, { seed: 2, checkpoint, checkpointEvery: 3, signal: stop.signal, onProgress: ({ done }) => done === 7 && stop.abort() });
  expect(first.stepsDone).toBe(7);
  const second = await pretrainLanguage(tiny, text, short, { seed: 2, checkpoint, checkpointEvery: 3 });
  expect(second.losses).toEqual(whole.losses);
  expect(second.parameters).toEqual(whole.parameters);
});

test("windows beyond the context and empty batches are refused together", async () => {
  await expect(pretrainLanguage(tiny, text, { ...settings, batchSize: 0, length: 25 }, { seed: 0 })).rejects.toThrow(
    "pretrainLanguage: batchSize is 0, expected a whole number of at least 1.\npretrainLanguage: length is 25, expected a whole number from 2 to 24 (the model's context).",
  );
});
