import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { decodeTokens } from "../anchors/decode.js";
import { llamaLayerBiases, llamaLoraElements, llamaStitchingLoraElements } from "../anchors/llama-shape.js";
import { stitchLogits } from "../stitching/forward.js";
import { computedValues, tf, useBackend } from "../tensor/index.js";
import { tinyInstructions, tinyLanguage, tinyLanguageSettings, letterTokenizer } from "../testing/tiny-language.js";
import { disposeMerged, mergeModel } from "../tuning/merge.js";
import { ownName } from "../tuning/method.js";
import { disposeModel, modelLogits, stitchView } from "../tuning/tuned-model.js";
import { adaptLanguage, flopsPerToken, formatOf, startLanguageModel } from "./adapt-language.js";
import { adaptedLanguageRecord, loadAdaptedLanguage, saveAdaptedLanguage } from "./adapted-language-file.js";
import { answersOf, evaluateText, scoreAnswers } from "./evaluate-text.js";
import { disposeGradients, stitchGradients } from "./gradients.js";
import { prepareText, tokenBatchOf } from "./text-batches.js";
import { languageStructure } from "./language-family.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

const family = tinyLanguage();
const instructions = tinyInstructions();
const data = prepareText(instructions.train, formatOf(family));

test("trained tensors of a pair of decoders: updates on q and v and on every stitching layer, biases of each stitch's own on all linears, no head", () => {
  const settings = tinyLanguageSettings();
  const [small, large] = family.anchors.map(({ config }) => config) as [typeof family.anchors[0]["config"], typeof family.anchors[0]["config"]];
  const structure = languageStructure(family);
  const joined = structure.space.stitches.filter((stitch) => stitch.kind === "stitch");
  expect(joined.map(({ frontBlock, endBlock }) => [frontBlock, endBlock])).toEqual([[0, 1], [1, 2], [1, 3]]);
  const biases = joined.reduce((sum, { frontBlock, endBlock }) => sum + (frontBlock + 1) * llamaLayerBiases(small) + (large.depth - endBlock) * llamaLayerBiases(large) + large.width, small.depth * llamaLayerBiases(small) + large.depth * llamaLayerBiases(large));
  const updates = llamaLoraElements(small, 2) + llamaLoraElements(large, 2) + structure.space.stitchingLayers.length * llamaStitchingLoraElements(small, large, 2);
  const model = startLanguageModel(family, data, settings, 0);
  expect(Object.values(model.trainable).reduce((sum, { size }) => sum + size, 0)).toBe(biases + updates);
  disposeModel(model);
});

test("the start tells how many examples were read and how many positions were solved", () => {
  const told: string[] = [];
  disposeModel(startLanguageModel(family, data, { ...tinyLanguageSettings(), initialExamples: 3 }, 0, ({ done, total, label }) => told.push(`${done} of ${total} ${label}`)));
  expect(told).toEqual([...[1, 2, 3].map((done) => `${done} of 3 stitching layers, inputs read`), ...[1, 2, 3].map((done) => `${done} of 3 stitching layers, positions solved`)]);
});

test("a batch counts response tokens alone, rows of the same example weigh as one, and another stitch's biases get no gradient", () => {
  const model = startLanguageModel(family, data, tinyLanguageSettings(), 0);
  const gradientsOf = (indices: readonly number[]): Record<string, Float32Array> => {
    const result = stitchGradients(model, 3, tokenBatchOf(data, indices));
    const values = Object.fromEntries(Object.entries(result.gradients).map(([name, gradient]) => [name, new Float32Array(gradient.dataSync())]));
    disposeGradients(result);
    return values;
  };
  const alone = gradientsOf([1]);
  const twice = gradientsOf([1, 1]);
  const batch = tokenBatchOf(data, [0, 1]);
  expect(batch.length).toBe(data.examples[0]!.tokens.length);
  expect(Array.from(batch.mask).filter((one) => one === 1)).toHaveLength(4 + 3); // y e s end, n o end
  for (const [name, gradient] of Object.entries(alone)) gradient.forEach((value, at) => expect(twice[name]![at]).toBeCloseTo(value, 6));
  expect(Object.keys(alone).some((name) => name.startsWith(ownName(2, "")))).toBe(false);
  disposeModel(model);
});

test("a pair learns its answers; answers, perplexity and scores tell so, and nothing is left in memory", async () => {
  const before = tf.memory().numTensors;
  const result = await adaptLanguage(family, instructions, { ...tinyLanguageSettings(240), method: { kind: "full" } }, { seed: 1 });
  expect(tf.memory().numTensors).toBe(before);
  const last = result.outcomes[1]!;
  expect(last.test!.answers).toEqual(["yes", "no", "yes", "no"]);
  expect(scoreAnswers(last.test!.answers, instructions.test.map(({ output }) => output))).toEqual({ exactMatch: 1, rougeL: 1 });
  expect(last.test!.perplexity).toBeLessThan(1.3);
  expect(last.validationPerplexity).toBeLessThan(1.3);
  expect(result.drawn).toHaveLength(240);
});

test("an interrupted adaptation goes on to the same losses; importance is scored and the anchors are kept", async () => {
  const settings = { ...tinyLanguageSettings(), maximumTokens: 0 };
  const whole = await adaptLanguage(family, { ...instructions, test: [] }, settings, { seed: 2 });
  const checkpoint = join(mkdtempSync(join(tmpdir(), "adapt-language-")), "state.safetensors");
  const stop = new AbortController();
  await expect(adaptLanguage(family, { ...instructions, test: [] }, settings, { seed: 2, checkpoint, checkpointEvery: 2, signal: stop.signal, onProgress: ({ done }) => done === 5 && stop.abort() })).rejects.toThrow();
  const second = await adaptLanguage(family, { ...instructions, test: [] }, settings, { seed: 2, checkpoint, checkpointEvery: 2 });
  expect(second.losses).toEqual(whole.losses);
  expect(second.outcomes).toEqual(whole.outcomes);
  expect(whole.outcomes.filter(({ selected }) => selected).map(({ stitchId }) => stitchId)).toEqual(expect.arrayContaining([0, 1]));
  expect(whole.outcomes.every(({ importance }) => importance > 0)).toBe(true);
});

test("answers written side by side are those written one by one, and folding the updates in changes neither", async () => {
  const model = startLanguageModel(family, data, tinyLanguageSettings(), 3);
  for (const variable of Object.values(model.trainable)) variable.assign(tf.randomNormal(variable.shape, 0, 0.3, "float32", 7));
  const format = formatOf(family);
  const questions = ["a?", "bcd?", "x y?", "ab?"].map((instruction) => ({ instruction, input: "", output: "yes" }));
  const together = answersOf(model, 3, questions, format, 6);
  const { configs, routes } = model.family;
  const single = questions.map(({ instruction }) => {
    const prompt = letterTokenizer.encode(`### Instruction:\n${instruction}\n\n### Response:\n`, { begin: true });
    return letterTokenizer.decode([...decodeTokens((tokens, memory) => stitchLogits(configs, routes[3]!, stitchView(model, 3), tokens, memory), prompt, { maximum: 6, context: 48, endId: 2 })]);
  });
  expect(together).toEqual(single);
  expect((await evaluateText(model, questions, format, { stitchIds: [3], maximum: 6 })).get(3)!.answers).toEqual(single);
  const merged = mergeModel(model);
  expect(answersOf(merged, 3, questions, format, 6)).toEqual(single);
  expect((await evaluateText(merged, questions, format, { stitchIds: [3], maximum: 6 })).get(3)!.answers).toEqual(single);
  expect(answersOf({ ...model, trainable: merged.trainable }, 3, questions, format, 6)).not.toEqual(single);
  disposeMerged(merged);
  disposeModel(model);
});

test("a saved adaptation has the same logits when it is read back; other anchors and another tokenizer are refused", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "adapted-language-")), "pst.safetensors");
  const settings = { ...tinyLanguageSettings(), maximumTokens: 0 };
  const input = tf.tensor2d([1, 5, 9, 13], [1, 4], "int32");
  let expected = new Float32Array();
  await adaptLanguage(family, { ...instructions, test: [], validation: [] }, settings, { seed: 4, onTrained: (model, stitches) => {
    expected = new Float32Array(computedValues(() => modelLogits(model, 2, input)));
    saveAdaptedLanguage(path, model, adaptedLanguageRecord(family, settings, { kit: "test", instructions: "tiny", method: "pst", seed: 4, stitches }));
  } });
  const model = loadAdaptedLanguage(path, family);
  expect(new Float32Array(computedValues(() => modelLogits(model, 2, input)))).toEqual(expected);
  disposeModel(model);
  const other = { ...family, anchors: [{ ...family.anchors[0]!, sha256: "x" }, family.anchors[1]!] };
  expect(() => loadAdaptedLanguage(path, other)).toThrow(`loadAdapted ${path}: weights of tiny-s have sha256 x, expected 0: load the family from the weights that the file was adapted from.`);
  expect(() => loadAdaptedLanguage(path, { ...family, tokenizer: { ...letterTokenizer, sha256: "y" } })).toThrow(`loadAdapted ${path}: the tokenizer has sha256 y, expected letters: load the tokenizer that the file was adapted with.`);
});

test("techniques for images, an empty training set and a wrong anchor are refused before any tensor is made", async () => {
  const settings = tinyLanguageSettings();
  const adapting = (changed: Partial<typeof settings>, train = instructions.train): Promise<unknown> => adaptLanguage(family, { ...instructions, train }, { ...settings, ...changed }, { seed: 0 });
  await expect(adapting({ method: { kind: "prefix", length: 2, biasScope: "all", stitchingRank: 2 } })).rejects.toThrow('adapt: method is "prefix", expected pst or full: the other techniques are for images.');
  await expect(adapting({ anchorAlone: 2 })).rejects.toThrow("adapt: anchorAlone is 2, expected a whole number from 0 to 1.");
  await expect(adapting({}, [])).rejects.toThrow("adapt: no training example arrived, expected at least one.");
});

test("decoders of unlike contexts are stitched on as much as the shorter one reads", async () => {
  const longer = { ...family, anchors: family.anchors.map((anchor, index) => ({ ...anchor, config: { ...anchor.config, context: [48, 96][index]! } })) };
  expect(languageStructure(longer)).toEqual(languageStructure(family));
  const settings = { ...tinyLanguageSettings(2), maximumTokens: 0 };
  const [expected, found] = [await adaptLanguage(family, instructions, settings, { seed: 0 }), await adaptLanguage(longer, instructions, settings, { seed: 0 })];
  expect(found.outcomes).toEqual(expected.outcomes);
});

test("a token's cost is a context's, shared among its tokens", () => {
  const structure = languageStructure(family);
  expect(flopsPerToken(structure, 1)).toBe(Math.round(structure.costs[1]!.flops / 48));
});
