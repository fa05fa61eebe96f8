import { expect, test } from "vitest";
import { angleClaims } from "../experiments/gradient-angles.js";
import type { PairRow } from "./conflict.js";
import { conflictFindings } from "./gradient-angles-findings.js";

const base: PairRow = { task: "digits", group: "natural", seed: 0, scope: "all", step: 10, steps: 10, first: 3, second: 6, distance: 2, degreesLora: 60, degreesAll: 60, cka: 0.9, profile: "quick" };
/** A near pair at the angle, a far one 40° above it, and one of two pairs of anchors that shares nothing. */
const rowsOf = (scope: string, degrees: number, changes: Partial<PairRow> = {}): PairRow[] => [
  { ...base, scope, degreesLora: degrees, degreesAll: degrees, ...changes },
  { ...base, scope, second: 9, distance: 4, degreesLora: degrees + 40, degreesAll: degrees + 40, cka: 0.7, ...changes },
  { ...base, scope, second: 40, distance: null, degreesLora: null, degreesAll: null, cka: 0.5, ...changes },
];
const start = { step: 1, cka: null } as const;
const one = (seed: number): PairRow[] => [
  ...rowsOf("all", 60 + seed, { seed }), ...rowsOf("all", 50, { ...start, seed }),
  ...rowsOf("shared", 50 + seed, { seed }).map((row) => ({ ...row, degreesAll: row.degreesAll === null ? null : 60 + 40 * seed })), ...rowsOf("shared", 50, { ...start, seed }),
  ...rowsOf("none", 70 + seed, { seed }), ...rowsOf("none", 50, { ...start, seed }),
];
const three = [0, 1, 2].flatMap(one);

test("three seeds: angles of each scope, for and against the paper on both sets of tensors, by time and distance, and CKA", () => {
  expect(conflictFindings(three)).toEqual([
    "At the end of the training the mean angle between two stitches' low-rank updates, over the 2 of 3 pairs that have any in common, is 81.0 ± 1.0° with own biases, 71.0 ± 1.0° with shared ones and 91.0 ± 1.0° with none.",
    "Shared − own is −10.0 ± 0.0°, 95 % interval −10.0 to −10.0: against the paper, own biases set updates further apart.",
    // Own: 80, 81, 82 on all that both touch; shared: 60, 100, 140.
    "Counted on all that both stitches touch, shared biases with it, shared − own is +19.0 ± 39.0°, 95 % interval −77.9 to +115.9: undecided.",
    "None − own is +10.0 ± 0.0°, 95 % interval +10.0 to +10.0: own biases bring updates closer.",
    // Shared: 90, 91 and 92 for the far pair.
    "Of these pairs 50.0 ± 0.0 % with own biases, 33.3 ± 28.9 % with shared ones and 50.0 ± 0.0 % with none are more than 90° apart and work against each other.",
    "After step 1 the angle was 70.0 ± 0.0° with own biases, 70.0 ± 0.0° with shared ones and 70.0 ± 0.0° with none.",
    "Between stitches of the same two anchors, 2 blocks apart, it is 61.0 ± 1.0° with own biases, 51.0 ± 1.0° with shared ones and 71.0 ± 1.0° with none; 4 blocks apart, 101.0 ± 1.0° with own biases, 91.0 ± 1.0° with shared ones and 111.0 ± 1.0° with none.",
    "CKA of the features that leave the last block, over all pairs, is 0.700 ± 0.000 with own biases, 0.700 ± 0.000 with shared ones and 0.700 ± 0.000 with none (no difference between shared and own biases is shown); " +
      "2 blocks apart, 0.900 ± 0.000 with own biases, 0.900 ± 0.000 with shared ones and 0.900 ± 0.000 with none; 4 blocks apart, 0.700 ± 0.000 with own biases, 0.700 ± 0.000 with shared ones and 0.700 ± 0.000 with none.",
  ]);
});

test("one seed decides nothing; a scope that was not run is left out", () => {
  const found = conflictFindings(one(0).filter(({ scope, step }) => scope !== "none" && step === 10));
  expect(found).toEqual([
    "At the end of the training the mean angle between two stitches' low-rank updates, over the 2 of 3 pairs that have any in common, is 80.0° with own biases and 70.0° with shared ones.",
    "Shared − own is −10.0°: undecided with one seed.",
    "Counted on all that both stitches touch, shared biases with it, shared − own is −20.0°: undecided with one seed.",
    "Of these pairs 50.0 % with own biases and 0.0 % with shared ones are more than 90° apart and work against each other.",
    "Between stitches of the same two anchors, 2 blocks apart, it is 60.0° with own biases and 50.0° with shared ones; 4 blocks apart, 100.0° with own biases and 90.0° with shared ones.",
    "CKA of the features that leave the last block, over all pairs, is 0.700 with own biases and 0.700 with shared ones (one seed, no interval); 2 blocks apart, 0.900 with own biases and 0.900 with shared ones; 4 blocks apart, 0.700 with own biases and 0.700 with shared ones.",
  ]);
  expect(conflictFindings(one(0).filter(({ scope }) => scope === "all")).filter((sentence) => sentence.includes("− own"))).toEqual([]);
  expect(conflictFindings([])).toEqual([]);
});

test("the claims name the tensors that they count, and each has its own verdict", () => {
  expect(angleClaims(three).map(({ source, measure, ours, verdict }) => [source, measure, ours!.mean, verdict])).toEqual([
    ["paper", "mean angle between low-rank updates, shared biases − own biases", -10, "contradicted"],
    ["paper", "mean angle between updates of all that both touch, shared biases − own biases", 19, "undecided"],
    ["our question", "mean angle between low-rank updates, no biases − own biases", 10, "supported"],
  ]);
  expect(angleClaims(three.filter(({ scope }) => scope === "all"))).toEqual([]);
});
