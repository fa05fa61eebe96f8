/**
 * @file ROUGE-L: how much of a reference an answer holds in the same order.
 */
import { textWords } from "./text-words.js";

/** Fractions from 0 to 1; `common` is the length in words of the longest common subsequence. */
export interface RougeL {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly common: number;
}

/**
 * Measures the longest common subsequence of two texts' words.
 *
 * precision = common / words of the hypothesis, recall = common / words of the reference, f1 = their harmonic mean; 0 where nothing is common
 * (an empty text included).
 *
 * Source: Lin, ROUGE, 2004; words as in {@link textWords}.
 */
export function rougeL(hypothesis: string, reference: string): RougeL {
  const said = textWords(hypothesis);
  const wanted = textWords(reference);
  const common = longestCommonSubsequence(said, wanted);
  if (common === 0) return { precision: 0, recall: 0, f1: 0, common };
  const precision = common / said.length;
  const recall = common / wanted.length;
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall), common };
}

/** The length of the longest sequence that both lists hold in order, gaps allowed. Time is the product of the lengths, memory one row. */
export function longestCommonSubsequence<T>(left: readonly T[], right: readonly T[]): number {
  const row = new Int32Array(right.length + 1);
  for (const one of left) {
    let diagonal = 0;
    for (let column = 1; column <= right.length; column++) {
      const above = row[column]!;
      row[column] = one === right[column - 1] ? diagonal + 1 : Math.max(above, row[column - 1]!);
      diagonal = above;
    }
  }
  return row[right.length]!;
}
