/**
 * @file Two decoders small enough for tests, with random weights, a tokenizer of letters, and questions that a few steps teach.
 */
import { llamaConfig } from "../anchors/llama-shape.js";
import type { Exchange } from "../language/prompt-template.js";
import type { Tokenizer } from "../language/tokenizer.js";
import { createRng } from "../rng.js";
import { defaultSampler } from "../sampling/sampler.js";
import type { Instructions, LanguageAdaptSettings } from "../training/adapt-language.js";
import type { LanguageFamily } from "../training/language-family.js";
import { randomDecoder } from "../training/pretrain-language.js";
import { defaultPst } from "../tuning/method.js";

const letters = " #\n:?abcdefghijklmnopqrstuvwxyzIR";

/** One token a letter, after the marks of padding, begin and end. */
export const letterTokenizer: Tokenizer = {
  name: "letters", vocabularySize: 3 + letters.length, beginId: 1, endId: 2, padId: 0, sha256: "letters",
  encode: (text, { begin = false, end = false } = {}) => [...(begin ? [1] : []), ...[...text].map((letter) => 3 + letters.indexOf(letter)), ...(end ? [2] : [])],
  decode: (ids) => ids.filter((id) => id > 2).map((id) => letters[id - 3]!).join(""),
};

/** Widths 8 and 16, depths 2 and 4: three stitches beside the anchors. */
export function tinyLanguage(seed = 0): LanguageFamily {
  const sizes = { vocabulary: letterTokenizer.vocabularySize, context: 48, tiedHead: true };
  const configs = [llamaConfig({ width: 8, depth: 2, heads: 2, hidden: 16, ...sizes }), llamaConfig({ width: 16, depth: 4, heads: 4, keyValueHeads: 2, hidden: 24, ...sizes })];
  const anchors = configs.map((config, index) => ({ anchorId: `tiny-${"sl"[index]!}`, config, parameters: randomDecoder(config, createRng(seed + index)), sha256: String(index) }));
  return { familyId: "tiny", anchors, labels: ["S", "L"], tokenizer: letterTokenizer, template: "short" };
}

/** Which letter? Always the same answer by the question's first letter. */
export function tinyInstructions(count = 24): Instructions {
  const example = (index: number): Exchange => ({ instruction: index % 2 === 0 ? "ay?" : "by?", input: "", output: index % 2 === 0 ? "yes" : "no" });
  const examples = Array.from({ length: count }, (_, index) => example(index));
  return { train: examples, validation: examples.slice(0, 2), test: examples.slice(0, 4) };
}

/** Settings that adapt the tiny pair in a second. */
export function tinyLanguageSettings(steps = 12): LanguageAdaptSettings {
  return {
    method: { ...defaultPst, rank: 2 },
    train: { steps, batchSize: 4, schedule: { length: steps, warmup: 2, base: 0.02, warmupStart: 1e-6, minimum: 1e-4 }, scheduleUnit: "step", weightDecay: 1e-4, sampler: { ...defaultSampler, bins: 2 }, importance: "trainable" },
    initialExamples: 6,
    maximumTokens: 6,
  };
}
