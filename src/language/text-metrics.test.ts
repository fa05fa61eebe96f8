import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readSafetensors } from "../anchors/safetensors.js";
import { bleu4 } from "./bleu.js";
import { exactMatch } from "./exact-match.js";
import { perplexityOf, tokenLoss } from "./perplexity.js";
import { longestCommonSubsequence, rougeL } from "./rouge-l.js";
import { textWords } from "./text-words.js";

interface GoldenPair {
  hypothesis: string;
  reference: string;
  tokens: [number, number];
  rouge_l: { precision: number; recall: number; f1: number; lcs: number };
  bleu4: number;
  bleu4_add_one: number;
}
interface Golden {
  pairs: GoldenPair[];
  mean_rouge_l_f1: number;
  corpus_bleu4: number;
  corpus_bleu4_add_one: number;
  exact_match: number;
}
const golden = JSON.parse(readFileSync(new URL("test-data/pairs.json", import.meta.url), "utf8")) as Golden;

test.each(golden.pairs)("ROUGE-L and BLEU-4 of «$hypothesis» agree with rouge_score and nltk", (pair) => {
  expect([textWords(pair.hypothesis).length, textWords(pair.reference).length]).toEqual(pair.tokens);
  const rouge = rougeL(pair.hypothesis, pair.reference);
  expect(rouge.common).toBe(pair.rouge_l.lcs);
  for (const key of ["precision", "recall", "f1"] as const) expect(Math.abs(rouge[key] - pair.rouge_l[key])).toBeLessThan(1e-9);
  expect(Math.abs(bleu4([pair]) - pair.bleu4)).toBeLessThan(1e-9);
  expect(Math.abs(bleu4([pair], "add-one") - pair.bleu4_add_one)).toBeLessThan(1e-9);
});

test("the five pairs as a corpus agree too", () => {
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.abs(mean(golden.pairs.map((pair) => rougeL(pair.hypothesis, pair.reference).f1)) - golden.mean_rouge_l_f1)).toBeLessThan(1e-9);
  expect(Math.abs(bleu4(golden.pairs) - golden.corpus_bleu4)).toBeLessThan(1e-9);
  expect(Math.abs(bleu4(golden.pairs, "add-one") - golden.corpus_bleu4_add_one)).toBeLessThan(1e-9);
  expect(mean(golden.pairs.map((pair) => (exactMatch(pair.hypothesis, pair.reference) ? 1 : 0)))).toBe(golden.exact_match);
});

test("the longest common subsequence keeps the order", () => {
  expect(longestCommonSubsequence([..."abcbdab"], [..."bdcaba"])).toBe(4);
  expect(longestCommonSubsequence([..."abc"], [..."cba"])).toBe(1);
});

test("empty texts have no score and do not divide by zero", () => {
  expect(rougeL("", "a word")).toEqual({ precision: 0, recall: 0, f1: 0, common: 0 });
  expect(bleu4([{ hypothesis: "", reference: "a word" }], "add-one")).toBe(0);
  expect(exactMatch("!", "?")).toBe(false);
  expect(exactMatch(" Paris. ", "paris")).toBe(true);
});

test("perplexity of even odds is the number of choices, and a certain token costs nothing", () => {
  const even = tokenLoss(new Float32Array(1 * 3 * 4), [1, 3, 4], [0, 1, 2], [1, 1, 1]);
  expect(even.tokens).toBe(2);
  expect(perplexityOf([even])).toBeCloseTo(4, 12);
  const logits = new Float32Array([0, 1000, 0, 0, 0, 0]);
  expect(tokenLoss(logits, [1, 2, 3], [0, 1], [0, 1]).negativeLogLikelihood).toBe(0);
});

test("perplexity pools sequences, predicts each token from the position before it and leaves masked tokens out", () => {
  // Position 0 of each sequence gives the odds of the token at position 1: ln 3 for the first, ln 5 for the second.
  const logits = new Float32Array([Math.log(2), 0, 9, -9, Math.log(4), 0, 9, -9]);
  const loss = tokenLoss(logits, [2, 2, 2], [0, 1, 1, 1], [0, 1, 1, 1]);
  expect(perplexityOf([loss])).toBeCloseTo(Math.sqrt(15), 5);
  expect(perplexityOf([tokenLoss(logits, [2, 2, 2], [0, 1, 1, 1], [0, 0, 0, 1])])).toBeCloseTo(5, 5);
  expect(() => perplexityOf([tokenLoss(logits, [2, 2, 2], [0, 1, 1, 1], [1, 0, 1, 0])])).toThrow("perplexity: no token counts, expected at least one outside the prompt. Check the mask and the length of the context.");
  expect(() => tokenLoss(logits, [2, 2, 2], [0, 2, 1, 1], [0, 1, 1, 1])).toThrow("tokenLoss: token 2 stands at position 1 of sequence 0, expected an id from 0 to 1.");
});

test("perplexity of the golden logits, masked and of all tokens", () => {
  const stored = readSafetensors(fileURLToPath(new URL("test-data/perplexity.safetensors", import.meta.url))).tensors.get("logits")!;
  const logits = stored.data as Float32Array;
  const tokens = [6, 5, 1, 9, 2, 0, 9, 6, 0, 1, 9, 8, 9, 10];
  const masked = tokenLoss(logits, [2, 7, 11], tokens, [0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0]);
  expect(masked.tokens).toBe(7);
  expect(masked.negativeLogLikelihood / 7 / 4.333707482825732).toBeCloseTo(1, 6);
  expect(perplexityOf([masked]) / 76.22637129638122).toBeCloseTo(1, 5);
  expect(perplexityOf([tokenLoss(logits, [2, 7, 11], tokens, new Uint8Array(14).fill(1))]) / 54.24724337994429).toBeCloseTo(1, 5);
});
