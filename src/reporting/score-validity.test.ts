import { expect, test } from "vitest";
import { validityClaims } from "../experiments/importance-validity.js";
import { costBins, measureScores, scoreLines, validityOf, validityTable, type ScoreRow } from "./score-validity.js";

const row = (stitchId: number, score: number, top1: number, changes: Partial<ScoreRow> = {}): ScoreRow => ({
  task: "digits", group: "natural", seed: 0, variant: "trainable", step: 10, steps: 10, stitchId, flops: 100 + stitchId, bins: 2, score, top1, profile: "quick", ...changes,
});

test("bins of like cost: equal counts, the first one takes the remainder", () => {
  const rows = [4, 0, 3, 1, 2].map((id) => row(id, 0, 0));
  expect(costBins(rows, 2).map((bin) => bin.map(({ stitchId }) => stitchId))).toEqual([[0, 1, 2], [3, 4]]);
});

test("a score that ranks each bin rightly, though the dearer bin scores lower, has ρ 1 in bins and no regret", () => {
  const rows = [row(0, 9, 0.2), row(1, 10, 0.3), row(2, 1, 0.6), row(3, 2, 0.7)];
  const { spearmanInBins, kendallInBins, spearman, kendall, regret } = measureScores(rows);
  expect([spearmanInBins, kendallInBins, regret]).toEqual([1, 1, 0]);
  expect(spearman).toBeCloseTo(-0.6, 12);
  // Of six pairs two, those inside the bins, agree.
  expect(kendall).toBeCloseTo((2 - 4) / 6, 12);
});

test("regret is what the best-scored stitch of each bin lacks of the bin's best, mean over bins", () => {
  const rows = [row(0, 10, 0.2), row(1, 9, 0.3), row(2, 2, 0.6), row(3, 1, 0.9)];
  expect(measureScores(rows)).toMatchObject({ spearmanInBins: -1 });
  expect(measureScores(rows).regret).toBeCloseTo((0.1 + 0.3) / 2, 12);
});

test("a uniform random choice is expected to lose best less mean of each bin; what a score gains is what it loses less", () => {
  // Bins of three and two: (0.6 − 0.3) and (0.9 − 0.7) for the uniform choice, 0.5 and 0 for the score's.
  const rows = [row(0, 9, 0.1), row(1, 8, 0.2), row(2, 7, 0.6), row(3, 1, 0.5), row(4, 2, 0.9)];
  const { regret, uniformRegret, gain } = measureScores(rows);
  expect([regret, uniformRegret, gain]).toEqual([expect.closeTo(0.25, 12), expect.closeTo(0.25, 12), expect.closeTo(0, 12)]);
  const better = measureScores(rows.map((one) => ({ ...one, score: one.stitchId })));
  expect([better.regret, better.uniformRegret, better.gain]).toEqual([0, expect.closeTo(0.25, 12), expect.closeTo(0.25, 12)]);
  expect(validityOf(scoreLines(rows), "trainable", "uniformRegret")).toEqual({ mean: expect.closeTo(0.25, 12), spread: null, count: 1 });
  expect(validityTable(rows, "note").rows).toEqual([expect.objectContaining({ variant: "trainable", share: 1, gain: { mean: expect.closeTo(0, 12), spread: null, count: 1 } })]);
});

test("a bin of equal accuracies has no ρ and is left out of the mean", () => {
  expect(measureScores([row(0, 1, 0.5), row(1, 2, 0.5), row(2, 1, 0.6), row(3, 2, 0.9)]).spearmanInBins).toBe(1);
});

test("lines are means over tasks; the claims take the end of the training", () => {
  const perfect = [0, 1, 2, 3].map((id) => row(id, id, id / 10));
  const reversed = [0, 1, 2, 3].map((id) => row(id, -id, id / 10, { task: "letters" }));
  const early = reversed.map((one) => ({ ...one, step: 5 }));
  expect(scoreLines([...perfect, ...reversed, ...early]).map(({ share, measures }) => [share, measures.spearmanInBins])).toEqual([[1, 0], [0.5, -1]]);
  const seeds = [0, 1, 2].flatMap((seed) => [...perfect, ...perfect.map((one) => ({ ...one, variant: "random", score: -one.score }))].map((one) => ({ ...one, seed })));
  expect(validityClaims(seeds).map(({ ours, verdict }) => [ours!.mean.toFixed(3), verdict])).toEqual([["1.000", "supported"], ["0.050", "supported"]]);
  const loss = seeds.filter(({ variant }) => variant === "trainable").map((one) => ({ ...one, variant: "loss", score: -one.score }));
  expect(validityClaims([...seeds, ...loss]).find(({ claim }) => claim.includes("least training loss"))).toMatchObject({ measure: "regret expected of a uniform random choice − regret of the loss's", ours: { mean: expect.closeTo(-0.05, 12) }, verdict: "contradicted" });
});

test("every score measured at the first time is held to the final accuracies then", () => {
  const at = (step: number, variant: string, sign: number): ScoreRow[] => [0, 1, 2].flatMap((seed) => [0, 1, 2, 3].map((id) => row(id, sign * id, id / 10, { step, seed, variant })));
  const claims = validityClaims([...at(5, "trainable", -1), ...at(5, "loss", 1), ...at(5, "random", 1), ...at(10, "trainable", 1), ...at(10, "loss", -1), ...at(10, "training-average", 1)]);
  expect(claims.filter(({ claim }) => claim.endsWith("early on")).map(({ claim, measure, ours, verdict }) => [claim, measure, ours!.mean, verdict])).toEqual([
    ["The score ranks stitches of like cost by their final accuracy early on", "Spearman's ρ within FLOPs bins after 50 % of the training", -1, "contradicted"],
    ["The score loss ranks stitches of like cost by their final accuracy early on", "Spearman's ρ within FLOPs bins after 50 % of the training", 1, "supported"],
  ]);
});
