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
  expect(measures.areaByTopK).toBeNull();
  expect(measures).toMatchObject({ best: 0.9, selected: 0.4, oracle: 0.6, within: { Ti: 0.2, middle: 0.6 } });
});

test("as many stitches of the highest importance are run as are selected, whatever their bins, and the anchors", () => {
  const rows = [
    ...family([0.2, 0.9, 0.4, 0.6]).map((row) => ({ ...row, importance: row.stitchId === 3 ? 3 : 1 })),
    { ...base, stitchId: 4, flops: 500, top1: 0.7, selected: 0 as const, importance: 2 },
  ];
  const range = { low: 10, high: 1000 };
  // One stitch is selected; the most important of all is the better of the two at 100.
  expect(measureMethod(rows, range, {}).areaByTopK).toBeCloseTo((0.2 + 0.6) / 2, 12);
  // Two are, and so are the two most important: at 500 the dearer runs.
  const two = rows.map((row) => (row.stitchId === 3 ? { ...row, selected: 1 as const } : row));
  expect(measureMethod(two, range, {}).areaByTopK).toBeCloseTo((0.2 + 0.6 * Math.log10(5) + 0.7 * Math.log10(2)) / 2, 12);
});

test("what cannot be said is null: no selection, a stitch without validation, no common budgets, too small a budget", () => {
  const rows = family([0.2, 0.9, 0.4, 0.6]).map((row, index) => ({ ...row, selected: 0 as const, valTop1: index === 3 ? null : row.valTop1 }));
  expect(measureMethod(rows, { low: 10, high: 1000 }, { none: 9 })).toMatchObject({
    areaByValidation: null, areaBySelection: null, areaByTopK: null, selected: null, oracle: null, within: { none: null },
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

test("an anchor alone whose task and seed lack the others leaves the budgets of all methods as they are, and has no area", () => {
  const alone = (task: string, seed = 0): StitchRow[] => [anchor("x-ti", 10, 0.3, { method: "anchors", task, seed }), anchor("x-s", 1000, 0.9, { method: "anchors", task, seed, stitchId: 1 })];
  const pst = [...family([0.2, 0.9, 0.4, 0.6]), ...family([0.2, 0.9, 0.4, 0.6], { task: "b" })];
  const whole = stitchTables([...pst, ...alone("b"), ...alone("b", 1)], { note: "n" });
  const begun = stitchTables([...pst, ...alone("a").slice(0, 1), ...alone("b"), ...alone("b", 1).slice(1)], { note: "n" });
  const [ofA, aloneOnA, ofB, aloneOnB] = tableOf(begun, "tasks").rows;
  expect([ofA, ofB]).toEqual(tableOf(whole, "tasks").rows.filter(({ method }) => method === "pst"));
  expect(aloneOnA).toMatchObject({ area: null, best_top1: null, trainable_params: null });
  expect(aloneOnB?.["area"]).toMatchObject({ mean: expect.closeTo(0.3, 12), count: 1 });
  // The table of anchors sets each beside itself, so what is there is told.
  expect(tableOf(begun, "anchors").rows[0]?.["anchors_top1"]).toMatchObject({ mean: 0.3 });
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
  expect({ tasks, count: difference!.count }).toEqual({ tasks: ["a"], count: 2 });
  expect(difference!.mean).toBeCloseTo((0.2 / 2 + 0.4 / 2) / 2, 12);
  expect(comparedAreas([...rows, ...both("b", 1, 0.2)], "pst", "sn-net").difference!.mean).toBeCloseTo((0.15 / 2 + 0.3 / 2) / 2, 12);
  expect(comparedAreas(rows, "pst", "anchors")).toEqual({ difference: null, tasks: [], meanOfGroups: null, byGroup: new Map(), byTask: new Map() });
});

test("two methods are compared on each task over its own seeds, in the groups, and in both averages", () => {
  const both = (task: string, group: StitchRow["group"], seed: number, gain: number): StitchRow[] =>
    [...family([0.2, 0.9, 0.4, 0.6 + gain], { task, group, seed }), ...family([0.2, 0.9, 0.4, 0.6], { task, group, seed, method: "sn-net" })];
  const rows = [...both("a", "natural", 0, 0.2), ...both("b", "natural", 0, 0.4), ...both("c", "structured", 0, 0.1), ...both("c", "structured", 1, 0.3)];
  const compared = comparedAreas(rows, "pst", "sn-net");
  expect(compared.tasks).toEqual(["a", "b", "c"]);
  expect([...compared.byTask].map(([task, { mean, count }]) => [task, mean, count])).toEqual([["a", expect.closeTo(0.1, 12), 1], ["b", expect.closeTo(0.2, 12), 1], ["c", expect.closeTo(0.1, 12), 2]]);
  expect([...compared.byGroup].map(([group, { mean, count }]) => [group, mean, count])).toEqual([["natural", expect.closeTo(0.15, 12), 1], ["structured", expect.closeTo(0.05, 12), 1]]);
  expect([compared.difference!.mean, compared.meanOfGroups!.mean]).toEqual([expect.closeTo(0.35 / 3, 12), expect.closeTo(0.1, 12)]);
});

test("budgets of a comparison are those of its two methods, and each may be measured in its own way", () => {
  const rows = [...family([0.2, 0.9, 0.4, 0.6]), ...family([0.2, 0.9, 0.4, 0.5], { method: "sn-net" })];
  const narrow = [anchor("x-s", 100, 0.3, { method: "anchors", stitchId: 1 }), anchor("x-b", 200, 0.3, { method: "anchors", stitchId: 2 })];
  const { difference } = comparedAreas([...rows, ...narrow], "pst", "sn-net");
  expect(difference!.mean).toBeCloseTo((0.6 - 0.5) / 2, 12);
  // What PST deploys is the stitch at 0.4, as is SN-Net's best on validation.
  expect(comparedAreas(rows, "pst", "sn-net", ({ areaBySelection }) => areaBySelection, ({ area }) => area).difference!.mean).toBeCloseTo((0.4 - 0.5) / 2, 12);
});
