import { expect, test } from "vitest";
import type { ScoreRow } from "./score-validity.js";
import { validityFindings } from "./importance-validity-findings.js";

/** Four stitches in two bins, 10 points apart each; a sign for each bin says whether the score ranks it rightly. */
const rowsOf = (variant: string, signs: readonly [number, number], changes: Partial<ScoreRow> = {}): ScoreRow[] => [0, 1, 2, 3].map((stitchId) => ({
  task: "digits", group: "natural", seed: 0, variant, step: 10, steps: 10, stitchId, flops: 100 + stitchId, bins: 2, score: signs[stitchId < 2 ? 0 : 1] * stitchId, top1: stitchId / 10, profile: "quick", ...changes,
}));
const seeds = (variant: string, signs: (seed: number) => readonly [number, number], changes: Partial<ScoreRow> = {}): ScoreRow[] => [0, 1, 2].flatMap((seed) => rowsOf(variant, signs(seed), { ...changes, seed }));

const rows = [
  ...seeds("trainable", () => [-1, -1], { step: 5 }), ...seeds("trainable", () => [-1, -1]),
  // Undecided at half of the training: right in both bins with one seed, in neither with another.
  ...seeds("loss", (seed) => [seed - 1 || 1, seed - 1 || 1], { step: 5 }), ...seeds("loss", () => [1, 1]),
  ...seeds("fisher", (seed) => [seed - 1 || 1, seed - 1 || 1], { step: 5 }), ...seeds("fisher", (seed) => [seed - 1 || 1, seed - 1 || 1]),
  ...seeds("training-average", () => [-1, -1]), ...seeds("random", () => [1, -1]),
];

test("several seeds: who predicts accuracy, what a choice by score loses, and from when on a score can be trusted", () => {
  const found = validityFindings(rows);
  expect(found[0]).toContain("The paper's score, SNIP of trained tensors, does not predict accuracy: it ranks stitches of like cost against it. Spearman's ρ with final test accuracy: inside FLOPs bins −1.00 ± 0.00, 95 % interval −1.00 to −1.00 (Kendall's τ-b −1.00 ± 0.00); over all stitches −1.00 ± 0.00");
  expect(found[1]).toContain("Of the other scores, minus the loss has the highest correlation and predicts accuracy among stitches of like cost. ");
  expect(found[2]).toBe("The rest, by ρ inside bins: undecided squared gradient (Fisher) +0.33 ± 1.15; against accuracy SNIP averaged in training −1.00 ± 0.00.");
  expect(found[3]).toBe(
    "Choosing one stitch of each bin loses, against an oracle that knows the test accuracies, 5.0 ± 0.0 points uniformly at random (the exact expectation), " +
    "10.0 ± 0.0 points by SNIP of trained tensors (gain over random −5.0 ± 0.0 points, 95 % interval −5.0 to −5.0), 0.0 ± 0.0 points by minus the loss (gain over random +5.0 ± 0.0 points, 95 % interval +5.0 to +5.0) " +
    "and 10.0 ± 0.0 points by SNIP averaged in training (gain over random −5.0 ± 0.0 points, 95 % interval −5.0 to −5.0).",
  );
  expect(found.slice(5)).toEqual([
    "Trustworthy, with the 95 % intervals of ρ inside bins and of the gain over a random choice above 0 from then on, is minus the loss at the end alone; SNIP of trained tensors, squared gradient (Fisher) and SNIP averaged in training at no time measured.",
    "Nothing was measured before 50 % of the training, SNIP averaged in training at the end alone.",
  ]);
});

test("a score is trusted from the first of the times that are certain to the end, and tasks are counted", () => {
  const at = (step: number, sign: (seed: number) => number): ScoreRow[] => ["digits", "letters"].flatMap((task) => seeds("loss", (seed) => [sign(seed), sign(seed)], { step, task }));
  const certain = (): number => 1;
  const paper = ["digits", "letters"].flatMap((task) => seeds("trainable", () => (task === "digits" ? [1, 1] : [-1, -1]), { task }));
  const trusted = (loss: readonly ScoreRow[]): string => validityFindings([...paper, ...loss]).find((sentence) => sentence.startsWith("Trustworthy"))!;
  expect(trusted([...at(2, certain), ...at(5, certain), ...at(10, certain)])).toContain("is minus the loss from 20 % of the training on; ");
  expect(trusted([...at(2, certain), ...at(5, (seed) => seed - 1 || 1), ...at(10, certain)])).toContain("is minus the loss at the end alone; ");
  expect(trusted([...at(2, certain), ...at(5, certain), ...at(10, (seed) => seed - 1 || 1)])).toContain("is SNIP of trained tensors and minus the loss at no time measured.");
  expect(validityFindings([...paper, ...at(10, certain)])).toContain("Task by task, ρ inside bins is above 0 on 1 of 2 for SNIP of trained tensors and on 2 of 2 for minus the loss.");
});

test("one seed decides nothing and trusts nothing; a score alone says nothing", () => {
  const one = rows.filter(({ seed, step }) => seed === 0 && step === 10);
  const found = validityFindings(one);
  expect(found[0]).toBe("The paper's score, SNIP of trained tensors, cannot be judged with one seed. Spearman's ρ with final test accuracy: inside FLOPs bins −1.00 (Kendall's τ-b −1.00); over all stitches −1.00 (Kendall's τ-b −1.00).");
  expect(found[2]).toBe("The rest, by ρ inside bins: squared gradient (Fisher) −1.00 and SNIP averaged in training −1.00.");
  expect(found).toHaveLength(5);
  expect(found.join(" ")).not.toMatch(/interval|±|Trustworthy|supported/);
  expect(validityFindings(rowsOf("loss", [1, 1]))).toEqual([]);
  expect(validityFindings([])).toEqual([]);
});
