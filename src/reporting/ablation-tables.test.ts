/**
 * @file The ablations' tables and claims on rows whose answers are known by heart.
 */
import { expect, test } from "vitest";
import { stageClaims } from "../experiments/deployment-stages.js";
import { rateClaims } from "../experiments/learning-rates.js";
import { loraClaims } from "../experiments/lora-vs-full.js";
import { techniqueClaims } from "../experiments/peft-techniques.js";
import { rankClaims } from "../experiments/rank-ablation.js";
import { samplerClaims } from "../experiments/sampling-ablation.js";
import { bestRate, rateOf, rateTable } from "./rate-table.js";
import { rankCells, rankTable, scaleOf } from "./rank-table.js";
import type { StitchRow } from "./record.js";
import { spaceTechniqueTable } from "./space-technique-table.js";
import { techniqueMeans, techniqueTable } from "./technique-table.js";

const base: StitchRow = {
  task: "digits", group: "natural", method: "", seed: 0, stitchId: 0, kind: "anchor", front: "vit-mini-ti", end: "vit-mini-ti", frontBlock: null, endBlock: null,
  flops: 1000, params: 10, trainableParams: 100, top1: 0.5, valTop1: 0.5, importance: null, visits: null, selected: 0, profile: "quick",
};
const row = (changes: Partial<StitchRow>): StitchRow => ({ ...base, ...changes });

test("a rank's name is taken apart", () => {
  expect(scaleOf("s-b-rank-8")).toEqual({ scale: "S–B", rank: 8 });
});

test("rank cells: the mean over a task's stitches, then over the tasks of a group, then over all tasks", () => {
  const rows = [
    row({ method: "ti-s-rank-1", stitchId: 0, top1: 0.2 }), row({ method: "ti-s-rank-1", stitchId: 1, top1: 0.4 }),
    row({ method: "ti-s-rank-1", stitchId: 0, task: "letters", top1: 0.7 }),
    row({ method: "ti-s-rank-1", stitchId: 0, task: "sprites", group: "structured", top1: 0.8 }),
  ];
  const of = (group: string): number => rankCells(rows).find((cell) => cell.group === group)!.top1;
  expect(of("natural")).toBeCloseTo((0.3 + 0.7) / 2, 12);
  expect(of("structured")).toBeCloseTo(0.8, 12);
  expect(of("all")).toBeCloseTo((0.3 + 0.7 + 0.8) / 3, 12);
  const [line] = rankTable(rows, "note").rows;
  expect(line).toMatchObject({ scale: "Ti–S", rank: 1, trainable_params: 100, trained_mebibytes: 1600 / 2 ** 20 });
});

test("ranks are compared lowest to highest in each scale, seed by seed", () => {
  const rows = [0, 1, 2].flatMap((seed) => [
    row({ method: "ti-s-rank-2", seed, top1: 0.5 }), row({ method: "ti-s-rank-16", seed, top1: 0.6 + seed / 100 }), row({ method: "s-b-rank-2", seed, top1: 0.9 }),
  ]);
  const claims = rankClaims(rows);
  expect(claims.map(({ claim }) => claim)).toEqual(["A higher rank is more accurate (Ti–S)"]);
  expect(claims[0]!.ours!.mean).toBeCloseTo(0.11, 12);
  expect(claims[0]!.verdict).toBe("supported");
});

test("the highest rank is compared with the paper's too, where that is lower", () => {
  const rows = [0, 1].flatMap((seed) => [row({ method: "ti-s-rank-8", seed, top1: 0.5 }), row({ method: "ti-s-rank-32", seed, top1: 0.47 }), row({ method: "s-b-rank-1", seed, top1: 0.5 }), row({ method: "s-b-rank-8", seed, top1: 0.52 })]);
  expect(rankClaims(rows).map(({ claim, measure, ours, verdict }) => [claim, measure, ours!.mean.toFixed(2), verdict])).toEqual([
    ["A higher rank is more accurate (Ti–S)", "mean top-1 of all stitches, rank 32 − rank 8", "-0.03", "contradicted"],
    ["Ranks beyond the paper's still add accuracy (Ti–S)", "mean top-1 of all stitches, rank 32 − rank 8", "-0.03", "contradicted"],
    ["A higher rank is more accurate (S–B)", "mean top-1 of all stitches, rank 8 − rank 1", "0.02", "supported"],
  ]);
});

test("a rate is chosen on validation among those with the most runs, and methods are compared at their own", () => {
  expect([rateOf("sn-net-0.0003"), rateOf("pst-0.01"), rateOf("pst")]).toEqual([{ method: "sn-net", rate: 0.0003 }, { method: "pst", rate: 0.01 }, undefined]);
  const rowsOf = (method: string, top1: number, valTop1: number, seeds: readonly number[]): StitchRow[] => seeds.flatMap((seed) => [1000, 2000].map((flops, stitchId) => row({ method, seed, stitchId, flops, top1: top1 + seed / 100, valTop1 })));
  const rows = [
    ...rowsOf("pst-0.001", 0.9, 0.4, [0, 1]), ...rowsOf("pst-0.01", 0.5, 0.6, [0, 1]), ...rowsOf("pst-0.03", 0.5, 0.99, [0]),
    ...rowsOf("sn-net-0.0001", 0.7, 0.5, [0, 1]), ...rowsOf("sn-net-0.001", 0.1, 0.2, [0, 1]),
  ];
  expect([bestRate(rows, "pst"), bestRate(rows, "sn-net"), bestRate(rows, "full")]).toEqual(["pst-0.01", "sn-net-0.0001", undefined]);
  const [claim] = rateClaims(rows);
  expect(claim).toMatchObject({ measure: "area under the frontier, PST at 0.01 − SN-Net at 0.0001", verdict: "contradicted" });
  expect(claim!.ours!.mean).toBeCloseTo(-0.2, 12);
  expect(rateTable(rows, "note").rows.map(({ method, rate, chosen, digits, area }) => [method, rate, chosen, (digits as { mean: number }).mean.toFixed(3), (area as { mean: number }).mean.toFixed(3)])).toEqual([
    ["pst", 0.001, "", "0.905", "0.905"], ["pst", 0.01, "yes", "0.505", "0.505"], ["pst", 0.03, "", "0.500", "0.500"],
    ["sn-net", 0.0001, "yes", "0.705", "0.705"], ["sn-net", 0.001, "", "0.105", "0.105"],
  ]);
});

test("samplers are compared by area, the sign is that of importance", () => {
  const rows = [0, 1].flatMap((seed) => [["importance", 0.7], ["uniform", 0.8]].flatMap(([method, top1]) => [
    row({ method: method as string, seed, top1: top1 as number }), row({ method: method as string, seed, stitchId: 1, flops: 2000, top1: top1 as number }),
  ]));
  expect(samplerClaims(rows)).toMatchObject([{ measure: "area under the frontier, importance − uniform", verdict: "contradicted" }]);
  expect(samplerClaims(rows)[0]!.ours!.mean).toBeCloseTo(-0.1, 12);
});

/** A run whose frontier is an unselected stitch of the cheapest cost and whose deployed stitch, of the same cost, is another. */
const deploying = (method: string, seed: number, frontier: number, deployed: number): StitchRow[] => [
  row({ method, seed, top1: frontier }), row({ method, seed, stitchId: 1, kind: "stitch", top1: deployed, selected: 1 }), row({ method, seed, stitchId: 2, flops: 2000, top1: 0 }),
];

test("samplers are compared by what they deploy too, which may be the other way round", () => {
  const rows = [0, 1].flatMap((seed) => [...deploying("importance", seed, 0.7, 0.6), ...deploying("uniform", seed, 0.72, 0.55)]);
  expect(samplerClaims(rows).map(({ source, measure, ours, verdict }) => [source, measure, ours!.mean.toFixed(2), verdict])).toEqual([
    ["paper", "area under the frontier, importance − uniform", "-0.02", "contradicted"],
    ["paper", "area under what the score deploys, importance − uniform", "0.05", "supported"],
  ]);
});

test("stages: the work of one is counted as a share of three's; without both there is no claim", () => {
  const rows = [0, 1].flatMap((seed) => [...deploying("one-stage", seed, 0.7, 0.6), ...deploying("three-stages", seed, 0.6, 0.6)]);
  // Two passes of the mean cost 4000 / 3; three passes of it and of the anchors, 1000 and 2000.
  expect(stageClaims(rows).map(({ unit, ours, verdict }) => [unit, ours!.mean.toFixed(4), verdict])).toEqual([
    [undefined, "0.0000", "undecided"], [undefined, "0.1000", "supported"], ["share", (8000 / 3 / (4000 + 9000)).toFixed(4), "supported"],
  ]);
  expect(stageClaims(rows.filter(({ method }) => method === "one-stage"))).toEqual([]);
  const longer = [...rows, ...[0, 1].flatMap((seed) => deploying("one-stage-longer", seed, 0.7, 0.65))];
  expect(stageClaims(longer).at(-1)).toMatchObject({ source: "our question", verdict: "supported" });
  expect(stageClaims(longer).at(-1)!.ours!.mean).toBeCloseTo(stageClaims(longer)[0]!.ours!.mean + 0.05, 9);
});

test("techniques are compared along the frontier only where they fold in, and the claim tells whose learning rate they have", () => {
  const rows = [0, 1].flatMap((seed) => [...deploying("lora", seed, 0.6, 0.5), ...deploying("full", seed, 0.7, 0.7), ...deploying("prefix", seed, 0.5, 0.4)]);
  expect(techniqueClaims(rows).map(({ claim, measure, ours }) => [claim, measure, ours!.mean.toFixed(2)])).toEqual([
    ["LoRA serves a stitch space better than Full, each at its own learning rate", "mean top-1 of all stitches, LoRA − Full", "-0.10"],
    ["LoRA's frontier lies above that of Full, each at its own learning rate", "area under the frontier, LoRA − Full", "-0.10"],
    ["LoRA serves a stitch space better than Prefix, both at PST's learning rate", "mean top-1 of all stitches, LoRA − Prefix", "0.07"],
  ]);
  const about = { lora: { label: "LoRA", mergeable: true }, prefix: { label: "Prefix", mergeable: false } };
  expect(spaceTechniqueTable(rows.filter(({ method }) => method !== "full"), "note", about).rows).toMatchObject([{ technique: "lora", mergeable: "yes", area: { mean: 0.6 } }, { technique: "prefix", mergeable: "no", area: null }]);
});

test("techniques: means over anchors and tasks; a seed that lacks one is left out", () => {
  const rows = [
    row({ method: "full", top1: 0.6 }), row({ method: "full", front: "vit-mini-s", stitchId: 1, top1: 0.8 }),
    row({ method: "lora-8-bias", top1: 0.7 }), row({ method: "lora-8-bias", front: "vit-mini-s", stitchId: 1, top1: 0.8 }),
    row({ method: "full", seed: 1, top1: 0.1 }),
  ];
  expect([...techniqueMeans(rows, "full")]).toEqual([[0, 0.7]]);
  expect(loraClaims(rows)[0]!.ours!.mean).toBeCloseTo(0.05, 12);
  expect(techniqueTable(rows, "note").rows.map(({ technique, anchor }) => `${technique} ${anchor}`)).toEqual(["full Ti", "full S", "lora-8-bias Ti", "lora-8-bias S"]);
});
