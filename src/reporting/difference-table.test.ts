import { expect, test } from "vitest";
import { differenceTable, standing } from "./difference-table.js";
import { meanSpread } from "./seed-means.js";
import { syntheticRows } from "./synthetic-rows.js";
import { comparedAreas } from "./tables.js";

test("a method stands above or below where the interval says so", () => {
  expect([[2, 3, 4], [-2, -3, -4], [1, 2, 3], [5]].map((values) => standing(meanSpread(values)!))).toEqual(["above", "below", "undecided", "undecided"]);
});

test("differences are told of every task, of the groups and of both averages, with their intervals", () => {
  const rows = syntheticRows({ seeds: [0, 1, 2] });
  const table = differenceTable(rows, "made up");
  const frontier = table.rows.filter(({ measure }) => measure === "frontier");
  expect(frontier.map(({ over, group, tasks }) => [over, group, tasks])).toEqual([
    ["digits", "natural", 1], ["emoji-artwork", "natural", 1], ["earth-imagery", "specialised", 1], ["dsprites-like-orientation", "structured", 1],
    ["mean of the group", "natural", 2], ["mean of the group", "specialised", 1], ["mean of the group", "structured", 1], ["mean of tasks", null, 4], ["mean of group means", null, 4],
  ]);
  const { difference } = comparedAreas(rows, "pst", "sn-net");
  const half = (4.303 * difference!.spread!) / Math.sqrt(3);
  expect(frontier.find(({ over }) => over === "mean of tasks")).toMatchObject({
    difference, low: expect.closeTo(difference!.mean - half, 12), high: expect.closeTo(difference!.mean + half, 12), stands: "above",
  });
  expect(table.rows.filter(({ measure }) => measure === "as run")).toHaveLength(9);
});

test("one seed has no interval, and without one of the methods the table is empty", () => {
  const rows = syntheticRows({ tasks: 1 });
  expect(differenceTable(rows, "made up").rows[0]).toMatchObject({ over: "digits", low: null, high: null, stands: "undecided" });
  expect(differenceTable(rows.filter(({ method }) => method !== "sn-net"), "made up").rows).toEqual([]);
});
