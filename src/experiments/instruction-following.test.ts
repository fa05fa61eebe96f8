import { resolve } from "node:path";
import { expect, test } from "vitest";
import { adaptLanguageProblems } from "../training/adapt-language.js";
import { tinyLanguage } from "../testing/tiny-language.js";
import { decodeTogether } from "../anchors/decode-together.js";
import { encodePrompt } from "../language/prompt-template.js";
import { tf } from "../tensor/index.js";
import { esta } from "../testing/esta.js";
import { instructionFollowing, writtenTokens } from "./instruction-following.js";
import { languageBase, languageSettingsOf } from "./language-settings.js";
import { packageRoot } from "./package-root.js";
import { splitInstructions } from "./language-sources.js";

test("methods say what is trained, how stitches are drawn, and what scores them", () => {
  const told = (method: string) => {
    const { method: tuning, anchorAlone, train } = languageSettingsOf(languageBase, method);
    return [tuning.kind, anchorAlone, train.sampler.kind, train.importance, train.schedule.base];
  };
  expect(told("pst")).toEqual(["pst", undefined, "importance", "trainable", languageBase.learningRate]);
  expect(told("pst-uniform")).toEqual(["pst", undefined, "uniform", "trainable", languageBase.learningRate]);
  expect(told("sn-net")).toEqual(["full", undefined, "uniform", "loss", languageBase.fullLearningRate]);
  expect(told("anchor-l")).toEqual(["pst", 1, "uniform", "loss", languageBase.learningRate]);
  expect(adaptLanguageProblems("adapt", tinyLanguage(), languageSettingsOf({ ...languageBase, rank: 8, bins: 3 }, "pst"))).toEqual([]);
});

test("decoders and instructions that are not there are missing, each with its place and what to do; wrong settings are faults", () => {
  const paper = instructionFollowing.plan("paper");
  expect(paper.faults()).toEqual([]);
  expect(paper.missing()).toEqual([
    { what: "decoder llama-7b", expected: "data/weights/llama-7b/ with config.json, tokenizer and weights in Hugging Face's layout", obtain: "copy it there, or --set weightsSmall=FOLDER" },
    { what: "decoder llama-13b", expected: "data/weights/llama-13b/ with config.json, tokenizer and weights in Hugging Face's layout", obtain: "copy it there, or --set weightsLarge=FOLDER" },
    { what: "file of instructions", expected: "data/alpaca.json, JSON in Alpaca's format", obtain: "copy it there, or --set instructions=FILE" },
  ]);
  expect(paper.problems()).toEqual([
    "run instruction-following: decoder llama-7b is missing, expected at data/weights/llama-7b/ with config.json, tokenizer and weights in Hugging Face's layout. To get it: copy it there, or --set weightsSmall=FOLDER.",
    "run instruction-following: decoder llama-13b is missing, expected at data/weights/llama-13b/ with config.json, tokenizer and weights in Hugging Face's layout. To get it: copy it there, or --set weightsLarge=FOLDER.",
    "run instruction-following: file of instructions is missing, expected at data/alpaca.json, JSON in Alpaca's format. To get it: copy it there, or --set instructions=FILE.",
  ]);
  expect(instructionFollowing.plan("laptop").problems()).toEqual([]);
  expect(instructionFollowing.plan("laptop", { changes: { family: "smollm2", weightsLarge: "elsewhere" } }).missing().map(({ expected, obtain }) => [expected.split(" ")[0], obtain])).toEqual([
    ["data/anchors/smollm2-135m/", "copy it there, or --set weightsSmall=FOLDER"], [`${resolve("elsewhere")}/`.replace(`${packageRoot}/`, ""), "copy it there, or --set weightsLarge=FOLDER"],
  ]);
  expect(instructionFollowing.plan("laptop", { changes: { weightsSmall: "elsewhere" } }).missing()).toHaveLength(1);
  expect(instructionFollowing.plan("quick", { changes: { template: "long", methods: [], samples: 0 } }).faults()).toEqual(expect.arrayContaining([
    'run instruction-following: template is "long", expected one of short, alpaca.',
    "run instruction-following: samples is 0, expected a whole number of at least 1.",
    "run instruction-following: methods is empty, expected at least one method.",
  ]));
  expect(instructionFollowing.plan("quick", { changes: { family: "gpt" } }).faults()).toEqual(['run instruction-following: family is "gpt", expected one of mini-llama, smollm2, tinyllama, llama.']);
});

test("a plan tells work and memory of decoders that are not there, from their published sizes", () => {
  const runs = new Map(instructionFollowing.plan("paper", { seeds: [0] }).runs.map((run) => [run.name, run]));
  const [pst, full, small] = ["pst", "sn-net", "anchor-s"].map((method) => runs.get(`method=${method}_seed=0`)!);
  // A token of the 7B: 6.61 billion weights in layers and head, and 0.54 billion products of attention. Twice for each of 1200 · 128 examples, three times for 500.
  expect(small!.work / ((2 * 1200 * 128 + 3 * 500) * 150 * 7.15e9)).toBeCloseTo(1, 2);
  // As full fine-tuning costs half as much again as PST, evaluation apart.
  expect(full!.work / pst!.work).toBeGreaterThan(1.4);
  expect(full!.work / pst!.work).toBeLessThan(1.5);
  // Two decoders in 16 bits, and with full fine-tuning three more numbers of 32 bits for each of their 20 billion.
  expect(pst!.memory()).toBeGreaterThan(39.5e9);
  expect(full!.memory()! - pst!.memory()!).toBeGreaterThan(12 * 19.7e9);
});

test("esta plan paper lists decoders and instructions that are missing, beside the runs", { timeout: 60_000 }, async () => {
  const { exitCode, out, err } = await esta("plan", "paper", "instruction-following");
  expect(exitCode).toBe(2);
  expect(out).toMatch(/^method=sn-net_seed=2 +to do +[\d.]+ PFLOPs +[\d.]+ GiB /m);
  expect(out).toMatch(/^missing +expected at +to get it$/m);
  for (const place of ["decoder llama-7b +data/weights/llama-7b/", "decoder llama-13b +data/weights/llama-13b/", "file of instructions +data/alpaca.json, "]) expect(out).toMatch(new RegExp(`^${place}`, "m"));
  expect(err).toContain("decoder llama-13b is missing");
});

test("an answer that never ends has as many tokens as it may, or as the context leaves", () => {
  const family = tinyLanguage();
  const format = { tokenizer: family.tokenizer, template: family.template, context: 48 };
  const question = { instruction: "ay?", input: "" };
  const prompt = encodePrompt(question, family.tokenizer, family.template).length;
  const room = 48 - prompt;
  expect(room).toBeGreaterThan(2);
  expect(writtenTokens(question, format, 2)).toBe(2);
  expect(writtenTokens(question, format, 100)).toBe(room);
  const written = decodeTogether(() => tf.ones([1, 1, 5]), [encodePrompt(question, family.tokenizer, family.template)], { maximum: 100, context: 48 });
  expect(written[0]).toHaveLength(room);
});

test("a file's examples are split once and for all: a twentieth for validation, one for testing, none twice", () => {
  const examples = Array.from({ length: 45 }, (_, index) => ({ instruction: String(index), input: "", output: "x" }));
  const { train, validation, test: held } = splitInstructions(examples);
  expect([train.length, validation.length, held.length]).toEqual([41, 2, 2]);
  expect(new Set([...train, ...validation, ...held].map(({ instruction }) => instruction)).size).toBe(45);
  expect(splitInstructions(examples)).toEqual({ train, validation, test: held });
  expect(() => splitInstructions(examples.slice(0, 3))).toThrow("instructions: 3 examples arrived, expected at least 20 to keep some for testing.");
});
