import { expect, test } from "vitest";
import { judge, pairedDifference } from "./claims.js";
import type { StitchRow } from "./record.js";
import { meanSpread } from "./seed-means.js";
import { stitchClaims } from "./stitch-claims.js";
import { syntheticRows } from "./synthetic-rows.js";
import { areasBySeed } from "./tables.js";

test("a verdict needs a confidence interval on one side of zero", () => {
  // Three seeds: mean 2, standard deviation 1, half width 4.303 / √3 = 2.48.
  expect(judge(meanSpread([1, 2, 3]))).toEqual({ verdict: "undecided", reason: "95 % interval holds 0 over 3 seeds" });
  expect(judge(meanSpread([2, 3, 4]))).toEqual({ verdict: "supported", reason: "95 % interval above 0 over 3 seeds" });
  expect(judge(meanSpread([-2, -3, -4])).verdict).toBe("contradicted");
  // The same numbers twice as often: 2.571 · 0.894 / √6 = 0.94.
  expect(judge(meanSpread([1, 2, 3, 1, 2, 3])).verdict).toBe("supported");
  expect(judge(meanSpread([5]))).toEqual({ verdict: "undecided", reason: "one seed: no spread to judge by" });
  expect(judge(null)).toEqual({ verdict: "undecided", reason: "not measured" });
});

test("differences pair the seeds that both have", () => {
  expect(pairedDifference(new Map([[0, 3], [1, 5], [2, 9]]), new Map([[1, 1], [0, 2]]))).toEqual(meanSpread([1, 4]));
  expect(pairedDifference(new Map([[0, 3]]), new Map([[1, 1]]))).toBeNull();
});

test("the claims follow the rows, whichever way they fall", () => {
  const rows = syntheticRows({ seeds: [0, 1, 2] });
  expect(stitchClaims(rows)[0]).toMatchObject({ source: "paper", verdict: "supported", measure: "area under the frontier, PST − SN-Net, mean of 4 tasks" });
  const swapped = rows.map((row): StitchRow => ({ ...row, method: row.method === "pst" ? "sn-net" : row.method === "sn-net" ? "pst" : row.method }));
  expect(stitchClaims(swapped)[0]?.verdict).toBe("contradicted");
  expect(stitchClaims(swapped)[0]?.ours?.mean).toBeCloseTo(-(stitchClaims(rows)[0]?.ours?.mean ?? Number.NaN), 12);
  expect(stitchClaims(rows.filter(({ method }) => method !== "sn-net"))[0]).toMatchObject({ ours: null, verdict: "undecided" });
});

test("what would run is compared beside the frontier: PST chosen by importance, the others by validation", () => {
  const rows = syntheticRows({ seeds: [0, 1, 2] }).map((row): StitchRow => (row.method === "anchors" ? { ...row, valTop1: row.top1 } : row));
  const asRun = stitchClaims(rows).filter(({ measure }) => measure.startsWith("area of what would run"));
  expect(asRun.map(({ source, measure }) => [source, measure])).toEqual([
    ["our question", "area of what would run, PST chosen by importance − SN-Net chosen by validation, mean of 4 tasks"],
    ["our question", "area of what would run, PST chosen by importance − anchors alone chosen by validation, mean of 4 tasks"],
  ]);
  const areas = areasBySeed(rows.filter(({ method }) => method !== "anchors"), ({ areaBySelection }) => areaBySelection);
  const validated = areasBySeed(rows.filter(({ method }) => method !== "anchors"), ({ areaByValidation }) => areaByValidation);
  expect(asRun[0]!.ours).toEqual(expect.objectContaining({ mean: expect.closeTo(pairedDifference(areas("pst"), validated("sn-net"))!.mean, 12), count: 3 }));
  // Where training read the validation images nothing can be chosen by them.
  expect(stitchClaims(rows.map((row) => ({ ...row, valTop1: null }))).filter(({ measure }) => measure.startsWith("area of what would run")).map(({ ours }) => ours)).toEqual([null, null]);
});
