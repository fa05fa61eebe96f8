import { expect, test } from "vitest";
import { experimentOf } from "../../experiments/index.js";
import type { StitchRow } from "../record.js";
import { syntheticRows } from "../synthetic-rows.js";
import { sensitivityFigure, type Knob } from "./sensitivity-figure.js";

const [method] = syntheticRows({ seeds: [0] }).map((row) => row.method);
const rowsOf = (name: string, gain: number, seeds: readonly number[]): StitchRow[] => syntheticRows({ seeds: [...seeds] }).filter((row) => row.method === method).map((row) => ({ ...row, method: name, top1: row.top1 + gain }));
const knobs: Knob[] = [{ name: "Temperature", letter: "τ", methods: [["0.5", "low"], ["1", "base"], ["2", "high"]] }];

test("each value stands at its place with its area, on the seeds that all have, beside the reference", () => {
  const rows = [...rowsOf("base", 0, [0, 1]), ...rowsOf("low", -0.02, [0, 1]), ...rowsOf("high", 0.01, [0]), ...rowsOf("even", 0.03, [0, 1])].map((row) => ({ ...row, top1: row.top1 - (row.selected === 1 ? 0.1 : 0) }));
  const { data, layout } = sensitivityFigure(rows, knobs, "even", { note: "n", labels: { even: "Even" } });
  const [frontier, deployed, reference, referenceDeployed] = data as { name: string; x: number[]; y: number[]; error_y?: unknown }[];
  expect(frontier!.x).toEqual([0, 1, 2]);
  expect(frontier!.y[0]! - frontier!.y[1]!).toBeCloseTo(-2, 9);
  expect(frontier!.y[2]! - frontier!.y[1]!).toBeCloseTo(1, 9);
  expect(reference!.y.map((y) => y - frontier!.y[1]!)).toEqual([expect.closeTo(3, 9), expect.closeTo(3, 9), expect.closeTo(3, 9)]);
  expect(reference!.name).toBe("Even, under the frontier");
  expect(referenceDeployed!.y.map((y) => y - deployed!.y[1]!)).toEqual([expect.closeTo(3, 9), expect.closeTo(3, 9), expect.closeTo(3, 9)]);
  expect(referenceDeployed!.y[0]! - reference!.y[0]!).toBeLessThan(-5);
  expect(referenceDeployed!.name).toBe("Even, under what is deployed");
  expect(frontier!.error_y).toBeUndefined();
  expect(JSON.stringify(layout)).toMatch(/seeds \(1\) that all/);
});

test("a value that was not run leaves its place empty, and a profile that runs none has no such figure", () => {
  const { data } = sensitivityFigure([...rowsOf("base", 0, [0]), ...rowsOf("high", 0.01, [0]), ...rowsOf("even", 0, [0])], knobs, "even", { note: "" });
  expect((data as { x: number[] }[])[0]!.x).toEqual([1, 2]);
  const figures = (profile: "quick" | "laptop") => experimentOf("sampling-ablation").plan(profile).figures;
  expect(figures("quick")).toEqual(["pareto", "visits"]);
  expect(figures("laptop")).toEqual(["pareto", "visits", "sensitivity"]);
});
