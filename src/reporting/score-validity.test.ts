import { expect, test } from "vitest";
import { validityClaims } from "../experiments/importance-validity.js";
import { costBins, measureScores, scoreLines, type ScoreRow } from "./score-validity.js";

const row = (stitchId: number, score: number, top1: number, changes: Partial<ScoreRow> = {}): ScoreRow => ({
  task: "digits", group: "natural", seed: 0, variant: "trainable", step: 10, steps: 10, stitchId, flops: 100 + stitchId, bins: 2, score, top1, profile: "quick", ...changes,
});

test("bins of like cost: equal counts, the first one takes the remainder", () => {
  const rows = [4, 0, 3, 1, 2].map((id) => row(id, 0, 0));
  expect(costBins(rows, 2).map((bin) => bin.map(({ stitchId }) => stitchId))).toEqual([[0, 1, 2], [3, 4]]);
});

test("a score that ranks each bin rightly, though the dearer bin scores lower, has ρ 1 in bins and no regret", () => {
  const rows = [row(0, 9, 0.2), row(1, 10, 0.3), row(2, 1, 0.6), row(3, 2, 0.7)];
  const { spearmanInBins, kendallInBins, spearman, regret } = measureScores(rows);
  expect([spearmanInBins, kendallInBins, regret]).toEqual([1, 1, 0]);
  expect(spearman).toBeCloseTo(-0.6, 12);
});

test("regret is what the best-scored stitch of each bin lacks of the bin's best, mean over bins", () => {
  const rows = [row(0, 10, 0.2), row(1, 9, 0.3), row(2, 2, 0.6), row(3, 1, 0.9)];
  expect(measureScores(rows)).toMatchObject({ spearmanInBins: -1 });
  expect(measureScores(rows).regret).toBeCloseTo((0.1 + 0.3) / 2, 12);
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
  expect(validityClaims(seeds).map(({ ours, verdict }) => [ours!.mean.toFixed(3), verdict])).toEqual([["1.000", "supported"], ["0.100", "supported"]]);
  const loss = seeds.filter(({ variant }) => variant === "trainable").map((one) => ({ ...one, variant: "loss", score: one.stitchId === 3 ? -9 : one.score }));
  expect(validityClaims([...seeds, ...loss]).find(({ claim }) => claim.includes("least training loss"))).toMatchObject({ measure: "regret of a random choice − regret of the loss's", ours: { mean: expect.closeTo(0.05, 12) }, verdict: "supported" });
});
