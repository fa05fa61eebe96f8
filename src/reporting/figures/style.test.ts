import { expect, test } from "vitest";
import { anchorLabel, flopsText, flopsTick, logTicks, methodStyles } from "./style.js";

test("costs are written with three digits and their unit", () => {
  expect([950, 9_812_345, 92_600_000, 1_258_000_000, 17_600_000_000].map(flopsText)).toEqual(["950 FLOPs", "9.81 MFLOPs", "92.6 MFLOPs", "1.26 GFLOPs", "17.6 GFLOPs"]);
  expect([1e6, 2e7, 1e9, 1.5e9].map(flopsTick)).toEqual(["1M", "20M", "1G", "1.5G"]);
});

test("an axis has as many round ticks as its labels have room", () => {
  const width = () => 25;
  expect(logTicks(5e6, 1.1e8, 200, width)).toEqual([5e6, 1e7, 2e7, 5e7, 1e8]);
  expect(logTicks(5e6, 1.1e8, 90, width)).toEqual([1e7, 3e7, 1e8]);
  expect(logTicks(1e6, 1e12, 220, width)).toEqual([1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12]);
  expect(logTicks(2.1e9, 4.4e9, 300, width)).toEqual([3e9, 4e9]);
  expect(logTicks(2.1e9, 2.9e9, 300, width)).toEqual([]);
});

test("a method keeps its look whatever stands beside it, and unknown ones differ in colour, shape and dash", () => {
  const alone = methodStyles(["sn-net"])[0];
  expect(methodStyles(["new", "pst", "sn-net"], { new: "New" })[2]).toEqual(alone);
  const styles = methodStyles(["pst", "sn-net", "anchors", "a", "b", "c", "d"]);
  for (const look of ["color", "symbol", "dash"] as const) expect(new Set(styles.map((style) => style[look])).size).toBe(styles.length);
});

test("anchors are called by the last part of their id", () => {
  expect(["mini-ti", "vit-b", "llama-7b", "deit-small"].map(anchorLabel)).toEqual(["Ti", "B", "7B", "Small"]);
});
