/**
 * @file BLEU-4: how many runs of one to four words of an answer stand in the reference.
 */
import { textWords } from "./text-words.js";

/** An answer and the one it should have been. */
export interface TextPair {
  readonly hypothesis: string;
  readonly reference: string;
}

/** `none`: a precision of 0 makes the score 0. `add-one`: (matches + 1) / (total + 1) for runs of two, three and four words. */
export type BleuSmoothing = "none" | "add-one";

/**
 * Measures BLEU-4 of a corpus; of one sentence when `pairs` holds one.
 *
 * Geometric mean of the clipped n-gram precisions, n = 1 … 4, counts pooled over all pairs, times exp(1 − r/c) when the hypotheses' c words are not more
 * than the references' r. No words, or no common word: 0.
 *
 * Source: Papineni et al., BLEU, 2002; add-one after Lin and Och, 2004.
 */
export function bleu4(pairs: readonly TextPair[], smoothing: BleuSmoothing = "none"): number {
  const matches = [0, 0, 0, 0];
  const totals = [0, 0, 0, 0];
  let said = 0;
  let wanted = 0;
  for (const pair of pairs) {
    const hypothesis = textWords(pair.hypothesis);
    const reference = textWords(pair.reference);
    said += hypothesis.length;
    wanted += reference.length;
    for (let size = 1; size <= 4; size++) {
      const offered = runsOf(reference, size);
      for (const [run, count] of runsOf(hypothesis, size)) matches[size - 1]! += Math.min(count, offered.get(run) ?? 0);
      totals[size - 1]! += Math.max(0, hypothesis.length - size + 1);
    }
  }
  let logarithm = 0;
  for (let size = 1; size <= 4; size++) {
    const extra = smoothing === "add-one" && size > 1 ? 1 : 0;
    const matched = matches[size - 1]! + extra;
    if (matched === 0) return 0;
    logarithm += Math.log(matched / (totals[size - 1]! + extra)) / 4;
  }
  if (said === 0 || matches[0] === 0) return 0;
  return Math.exp(logarithm + (said > wanted ? 0 : 1 - wanted / said));
}

function runsOf(words: readonly string[], size: number): Map<string, number> {
  const runs = new Map<string, number>();
  for (let start = 0; start + size <= words.length; start++) {
    const run = words.slice(start, start + size).join(" ");
    runs.set(run, (runs.get(run) ?? 0) + 1);
  }
  return runs;
}
