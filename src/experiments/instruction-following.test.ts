import { expect, test } from "vitest";
import { adaptLanguageProblems } from "../training/adapt-language.js";
import { tinyLanguage } from "../testing/tiny-language.js";
import { instructionFollowing } from "./instruction-following.js";
import { languageBase, languageSettingsOf } from "./language-settings.js";
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

test("decoders and instructions that are not there are told together, with what to do; so are wrong settings", () => {
  const problems = instructionFollowing.plan("paper").problems();
  expect(problems).toEqual([
    "run instruction-following: data/weights/llama-7b holds no decoder (config.json), expected the folder of a Hugging Face checkpoint. Copy it there, or name another with --set weightsSmall=… and weightsLarge=….",
    "run instruction-following: data/weights/llama-13b holds no decoder (config.json), expected the folder of a Hugging Face checkpoint. Copy it there, or name another with --set weightsSmall=… and weightsLarge=….",
    "run instruction-following: data/alpaca.json is not there, expected instructions in Alpaca's format (JSON). Copy them there, or name another file with --set instructions=….",
  ]);
  expect(instructionFollowing.plan("quick", { changes: { template: "long", methods: [], samples: 0 } }).problems()).toEqual(expect.arrayContaining([
    'run instruction-following: template is "long", expected one of short, alpaca.',
    "run instruction-following: samples is 0, expected a whole number of at least 1.",
    "run instruction-following: methods is empty, expected at least one method.",
  ]));
});

test("a file's examples are split once and for all: a twentieth for validation, one for testing, none twice", () => {
  const examples = Array.from({ length: 45 }, (_, index) => ({ instruction: String(index), input: "", output: "x" }));
  const { train, validation, test: held } = splitInstructions(examples);
  expect([train.length, validation.length, held.length]).toEqual([41, 2, 2]);
  expect(new Set([...train, ...validation, ...held].map(({ instruction }) => instruction)).size).toBe(45);
  expect(splitInstructions(examples)).toEqual({ train, validation, test: held });
  expect(() => splitInstructions(examples.slice(0, 3))).toThrow("instructions: 3 examples arrived, expected at least 20 to keep some for testing.");
});
