import { expect, test } from "vitest";
import type { StitchRow } from "./record.js";
import { syntheticRows } from "./synthetic-rows.js";
import { tableToCsv } from "./table.js";
import type { Table } from "./table.js";
import { comparedAreas, measureMethod, stitchTables } from "./tables.js";

const base: StitchRow = {
  task: "a", group: "natural", method: "pst", seed: 0, stitchId: 0, kind: "stitch", front: "x-ti", end: "x-s", frontBlock: 0, endBlock: 1, flops: 10,
  params: 5, trainableParams: 7, top1: 0.5, valTop1: null, importance: null, visits: null, selected: 0, profile: "quick",
};
const anchor = (front: string, flops: number, top1: number, more: Partial<StitchRow> = {}): StitchRow =>
  ({ ...base, kind: "anchor", front, end: front, frontBlock: null, endBlock: null, flops, top1, ...more });

/** Two anchors and two stitches of one run, two decades of cost. */
function family(top1: readonly [number, number, number, number], more: Partial<StitchRow> = {}): StitchRow[] {
  return [
    anchor("x-ti", 10, top1[0], { ...more, stitchId: 0, selected: 1, valTop1: 0.5 }),
    anchor("x-s", 1000, top1[1], { ...more, stitchId: 1, selected: 1, valTop1: 0.4 }),
    { ...base, ...more, stitchId: 2, flops: 100, top1: top1[2], selected: 1, valTop1: 0.6 },
    { ...base, ...more, stitchId: 3, flops: 100, top1: top1[3], selected: 0, valTop1: 0.55 },
  ];
}

const tableOf = (tables: readonly Table[], id: string): Table => tables.find((table) => table.id === id)!;

test("the measures of a method agree with those worked out by hand", () => {
  const measures = measureMethod(family([0.2, 0.9, 0.4, 0.6]), { low: 10, high: 1000 }, { Ti: 10, middle: 500 });
  // One decade at the small anchor, one at the middle stitch that the chooser takes.
  expect(measures.area).toBeCloseTo((0.2 + 0.6) / 2, 12);
  expect(measures.areaByValidation).toBeCloseTo((0.2 + 0.4) / 2, 12);
  expect(measures.areaBySelection).toBeCloseTo((0.2 + 0.4) / 2, 12);
  expect(measures).toMatchObject({ best: 0.9, selected: 0.4, oracle: 0.6, within: { Ti: 0.2, middle: 0.6 } });
});

test("what cannot be said is null: no selection, a stitch without validation, no common budgets, too small a budget", () => {
  const rows = family([0.2, 0.9, 0.4, 0.6]).map((row, index) => ({ ...row, selected: 0 as const, valTop1: index === 3 ? null : row.valTop1 }));
  expect(measureMethod(rows, { low: 10, high: 1000 }, { none: 9 })).toMatchObject({
    areaByValidation: null, areaBySelection: null, selected: null, oracle: null, within: { none: null },
  });
  expect(measureMethod(rows, null, {})).toMatchObject({ area: null, areaByValidation: null, areaBySelection: null, best: 0.9 });
});

test("a cell is the mean over seeds with the sample standard deviation, and one seed has no spread", () => {
  const rows = [...family([0.2, 0.9, 0.4, 0.5]), ...family([0.4, 0.8, 0.4, 0.5], { seed: 1 }), ...family([0.1, 0.1, 0.1, 0.1], { method: "sn-net" })];
  const [pst, full] = tableOf(stitchTables(rows, { note: "n" }), "tasks").rows;
  expect(pst?.["best_top1"]).toMatchObject({ mean: expect.closeTo(0.85, 12), spread: expect.closeTo(Math.sqrt(0.005), 12), count: 2 });
  expect(pst?.["top1_within_ti"]).toMatchObject({ mean: expect.closeTo(0.3, 12), count: 2 });
  expect(full?.["best_top1"]).toEqual({ mean: 0.1, spread: null, count: 1 });
});

test("areas are taken over the budgets that all methods can serve", () => {
  const rows = [...family([0.2, 0.9, 0.4, 0.6]), anchor("x-s", 100, 0.3, { method: "anchors" }), anchor("x-b", 5000, 0.9, { method: "anchors", stitchId: 1 })];
  const [pst, alone] = tableOf(stitchTables(rows, { note: "n" }), "tasks").rows;
  // From 100 to 1000: the stitch until the anchor becomes affordable at the very end.
  expect(pst?.["area"]).toMatchObject({ mean: expect.closeTo(0.6, 12) });
  expect(alone?.["area"]).toMatchObject({ mean: expect.closeTo(0.3, 12) });
  expect(alone?.["area_by_selection"]).toBeNull();
  expect(alone?.["trainable_params"]).toBe(7);
});

test("averages weigh tasks alike in one and groups alike in the other, and what lacks a task is averaged over those that all have", () => {
  const rows = [
    ...family([0.3, 0.3, 0.3, 0.3]), ...family([0.6, 0.6, 0.6, 0.6], { task: "b" }), ...family([0.9, 0.9, 0.9, 0.9], { task: "c", group: "structured" }),
    ...family([0.5, 0.5, 0.5, 0.5], { method: "sn-net" }), ...family([0.7, 0.7, 0.7, 0.7], { method: "sn-net", task: "c", group: "structured" }),
  ];
  const averages = tableOf(stitchTables(rows, { note: "n" }), "averages");
  const best = averages.rows.filter(({ measure }) => measure === "Best stitch");
  expect(best[0]).toMatchObject({
    tasks: 3, method: "pst", natural: { mean: expect.closeTo(0.45, 12) }, structured: { mean: expect.closeTo(0.9, 12) },
    mean_of_tasks: { mean: expect.closeTo(0.6, 12), spread: null }, mean_of_groups: { mean: expect.closeTo(0.675, 12) },
  });
  expect(best.slice(1)).toMatchObject([
    { tasks: 2, method: "pst", natural: { mean: 0.3 }, structured: { mean: 0.9 }, mean_of_tasks: { mean: expect.closeTo(0.6, 12) } },
    { tasks: 2, method: "sn-net", natural: { mean: 0.5 }, structured: { mean: 0.7 }, mean_of_tasks: { mean: expect.closeTo(0.6, 12) } },
  ]);
});

test("the table of anchors sets each anchor alone beside itself inside each method", () => {
  const rows = [...family([0.2, 0.9, 0.4, 0.6]), anchor("x-ti", 10, 0.25, { method: "anchors" })];
  expect(tableOf(stitchTables(rows, { note: "n" }), "anchors").rows).toEqual([
    { task: "a", anchor: "Ti", flops: 10, params: 5, pst_top1: { mean: 0.2, spread: null, count: 1 }, anchors_top1: { mean: 0.25, spread: null, count: 1 } },
    { task: "a", anchor: "S", flops: 1000, params: 5, pst_top1: { mean: 0.9, spread: null, count: 1 }, anchors_top1: null },
  ]);
});

test("the tables of a whole family are made quickly, carry the note and do not depend on the order of rows", () => {
  const rows = syntheticRows({ seeds: [0, 1] });
  const tables = stitchTables(rows, { note: "quick profile: 40 steps" });
  const shuffled = stitchTables([...rows.filter(({ seed }) => seed === 1), ...rows.filter(({ seed }) => seed === 0)], { note: "quick profile: 40 steps" });
  expect(tables.map(tableToCsv)).toEqual(shuffled.map(tableToCsv));
  expect(tables.every((table) => tableToCsv(table).startsWith("# quick profile: 40 steps\n"))).toBe(true);
  expect(tableOf(tables, "tasks").rows).toHaveLength(12);
});

test("the trained parameters of anchors adapted one by one are those of all their runs", () => {
  const rows = [...family([0.2, 0.9, 0.4, 0.6]), anchor("x-ti", 10, 0.3, { method: "anchors", trainableParams: 100 }), anchor("x-s", 1000, 0.9, { method: "anchors", stitchId: 1, trainableParams: 400 })];
  expect(tableOf(stitchTables(rows, { note: "n" }), "tasks").rows.map((row) => row["trainable_params"])).toEqual([7, 500]);
});

test("two methods are compared on the tasks that both were run on, while a study is under way", () => {
  const both = (task: string, seed: number, gain: number): StitchRow[] => [...family([0.2, 0.9, 0.4, 0.6 + gain], { task, seed }), ...family([0.2, 0.9, 0.4, 0.6], { task, seed, method: "sn-net" })];
  const rows = [...both("a", 0, 0.2), ...both("b", 0, 0.1), ...family([0.2, 0.9, 0.4, 0.6], { task: "c", seed: 0 }), ...both("a", 1, 0.4)];
  const { difference, tasks } = comparedAreas(rows, "pst", "sn-net");
  // Half of the decades are the middle stitch's; seed 1 lacks task b, so that task a with both seeds gives a spread.
  expect({ tasks, count: difference!.count }).toEqual({ tasks: 1, count: 2 });
  expect(difference!.mean).toBeCloseTo((0.2 / 2 + 0.4 / 2) / 2, 12);
  expect(comparedAreas([...rows, ...both("b", 1, 0.2)], "pst", "sn-net").difference!.mean).toBeCloseTo((0.15 / 2 + 0.3 / 2) / 2, 12);
  expect(comparedAreas(rows, "pst", "anchors")).toEqual({ difference: null, tasks: 0 });
});
