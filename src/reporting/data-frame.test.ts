import { expect, test } from "vitest";
import { tf, useBackend } from "../tensor/index.js";
import { dataFrame, frameRows, frameToCsv, meansBy } from "./data-frame.js";

const rows = [
  { task: "a", method: "pst", seed: 0, top1: 0.5 },
  { task: "a", method: "pst", seed: 1, top1: 0.6 },
  { task: "b", method: "pst", seed: 0, top1: null },
  { task: "a", method: "sn-net", seed: 0, top1: 0.25 },
];

test("rows are chosen, sorted, joined and come back as they were", async () => {
  const frame = await dataFrame(rows);
  expect(frame.shape).toEqual([4, 4]);
  expect(frameRows(frame)).toEqual(rows);
  expect(frameRows(frame.query(frame["top1"].gt(0.4)).sortValues("top1", { ascending: false }))).toEqual([rows[1], rows[0]]);
  expect(frameRows(frame.query(frame["top1"].gt(2)))).toEqual([]);
  const { merge } = await import("danfojs");
  const groups = await dataFrame([{ task: "a", group: "natural" }, { task: "b", group: "structured" }]);
  expect(frameRows(merge({ left: frame, right: groups, on: ["task"], how: "left" })).map(({ group }) => group)).toEqual(["natural", "natural", "natural", "structured"]);
  expect(frameRows(frame)).toEqual(rows);
});

test("means of groups leave out what is missing, where danfojs's own would be missing too", async () => {
  const frame = await dataFrame(rows);
  const means = frameRows(await meansBy(frame, ["task", "method"], ["top1"]));
  expect(means).toEqual([
    { task: "a", method: "pst", top1: expect.closeTo(0.55, 12) as number, top1_spread: expect.closeTo(Math.sqrt(0.005), 12) as number, top1_count: 2 },
    { task: "b", method: "pst", top1: null, top1_spread: null, top1_count: 0 },
    { task: "a", method: "sn-net", top1: 0.25, top1_spread: null, top1_count: 1 },
  ]);
  const own = frameRows(frame.groupby(["method"]).agg({ top1: "mean" }));
  expect(own).toEqual([{ method: "pst", top1_mean: null }, { method: "sn-net", top1_mean: 0.25 }]);
  expect(frameRows(await meansBy(frame, ["method"], ["top1"]))[0]).toMatchObject({ top1: expect.closeTo(0.55, 12) as number, top1_count: 2 });
});

test("CSV quotes what danfojs does not, and leaves missing cells empty", async () => {
  const frame = await dataFrame([{ name: 'S → L, "wide"', value: 1 }, { name: "two\nlines", value: null }]);
  expect(frameToCsv(frame)).toBe('name,value\n"S → L, ""wide""",1\n"two\nlines",\n');
});

test("a notebook shows a frame as a table of its first rows, also one made of another", async () => {
  const frame = await dataFrame(Array.from({ length: 30 }, (_, n) => ({ n, third: n / 3 })));
  const shown = (value: object): Record<string, string> => (value as Record<symbol, () => Record<string, string>>)[Symbol.for("Jupyter.display")]!();
  expect(shown(frame)["text/plain"]!.split("\n").slice(0, 4)).toEqual([" n     third", "──  ────────", " 0         0", " 1  0.333333"]);
  expect(shown(frame)["text/plain"]).toMatch(/\n10 more of 30 rows$/);
  expect(shown(frame.head(2))["text/html"]).toContain("0.333333</td></tr>\n</tbody>\n</table>");
});

test("its tensors are those of the kit's own engine", async () => {
  await useBackend("cpu");
  const frame = await dataFrame([{ x: 1, y: 2 }, { x: 3, y: 4 }]);
  expect(frame.tensor).toBeInstanceOf(tf.Tensor);
  expect([...frame.tensor.dataSync()]).toEqual([1, 2, 3, 4]);
});

test("no rows are an empty frame", async () => {
  expect(frameRows(await dataFrame([]))).toEqual([]);
});
