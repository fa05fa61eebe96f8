import { expect, test } from "vitest";
import { vitConfig } from "../anchors/vit-shape.js";
import { stitchFamily, stitchLabel } from "./family.js";
import { routeOf } from "./route.js";
import { stitchSpace, type JoinedStitch } from "./stitch-space.js";

const positions = (space: ReturnType<typeof stitchSpace>): number[][] =>
  space.stitches.filter((stitch): stitch is JoinedStitch => stitch.kind === "stitch").map(({ frontBlock, endBlock, stitchingLayerId }) => [frontBlock, endBlock, stitchingLayerId]);

test("three anchors of twelve blocks make 71 stitches and 22 stitching layers", () => {
  const space = stitchSpace([12, 12, 12]);
  expect(space.stitches).toHaveLength(71);
  expect(space.stitchingLayers).toHaveLength(22);
  expect(space.stitches.every(({ stitchId }, index) => stitchId === index)).toBe(true);
});

test("the first window has four positions and every later one three", () => {
  expect(positions(stitchSpace([4, 4]))).toEqual([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0], [1, 2, 1], [2, 1, 1], [2, 2, 1], [2, 3, 2], [3, 2, 2], [3, 3, 2]]);
});

test("a window of three slides by two", () => {
  expect(positions(stitchSpace([5, 5], { windowSize: 3, stride: 2 }))).toEqual([
    ...[0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => [i, j, 0])),
    [2, 3, 1], [2, 4, 1], [3, 2, 1], [3, 3, 1], [3, 4, 1], [4, 2, 1], [4, 3, 1], [4, 4, 1],
  ]);
});

test("a window of one stitches only equal blocks", () => {
  expect(positions(stitchSpace([3, 3], { windowSize: 1 }))).toEqual([[0, 0, 0], [1, 1, 1], [2, 2, 2]]);
});

test("unequal depths stitch each end block to its nearest earlier front block", () => {
  expect(positions(stitchSpace([3, 5]))).toEqual([[0, 1, 0], [1, 2, 1], [1, 3, 1], [2, 4, 2]]);
  expect(positions(stitchSpace([2, 4, 8])).at(-1)).toEqual([3, 7, 5]);
  expect(positions(stitchSpace([1, 3]))).toEqual([[0, 1, 0], [0, 2, 0]]);
});

test("a route runs front blocks 0 to i, the stitching layer, then end blocks j to the last", () => {
  const space = stitchSpace([3, 3]);
  const stitchId = space.stitches.findIndex((stitch) => stitch.kind === "stitch" && stitch.frontBlock === 1 && stitch.endBlock === 2);
  expect(routeOf(space, stitchId).map((step) => (step.kind === "block" ? `block ${step.anchor}.${step.block}` : step.kind))).toEqual(["embed", "block 0.0", "block 0.1", "stitch", "block 1.2", "norm", "head"]);
  expect(routeOf(space, stitchId, { finalNorm: false }).map(({ kind }) => kind)).not.toContain("norm");
  expect(routeOf(space, 0, { finalNorm: false }).map(({ kind }) => kind)).toContain("norm");
});

test("bad depths and windows are told in one message each", () => {
  expect(() => stitchSpace([])).toThrow("stitchSpace: no anchors arrived, expected at least one depth.");
  expect(() => stitchSpace([12, 12], { windowSize: 0 })).toThrow("stitchSpace: windowSize is 0, expected a whole number from 1 to 12 (the anchors' depth).");
  expect(() => stitchSpace([12, 12], { stride: 1.5 })).toThrow("stitchSpace: stride is 1.5, expected a whole number of at least 1.");
  expect(() => stitchSpace([12, 6])).toThrow("stitchSpace: a front anchor of 12 blocks precedes an end anchor of 6, expected the shallower first: order the anchors from small to large.");
  expect(() => stitchSpace([6, 12], { pairing: "window" })).toThrow('stitchSpace: pairing is "window" between anchors of 6 and 12 blocks, expected equal depths: use "nearest".');
});

const config = (width: number, heads: number, imageSize = 32) => vitConfig({ width, heads, depth: 2, imageSize, patchSize: 8, classes: 5 });

test("anchors that cannot be stitched are refused with every reason", () => {
  expect(() => stitchFamily([config(48, 3), config(96, 6, 64)])).toThrow("stitchFamily: anchor 1 has imageSize 64, expected 32 as anchor 0: stitched anchors must see the same tokens and classes.");
  expect(() => stitchFamily([config(96, 6), config(48, 3)])).toThrow(
    "stitchFamily: anchor 1 has width 48, expected at least 96 as anchor 0: order the anchors from small to large.\nstitchFamily: anchor 1 has 3 heads, expected at least 6 as anchor 0: order the anchors from small to large.",
  );
  expect(() => stitchFamily([config(48, 3), config(96, 6)], { pairing: "nearest" })).toThrow('stitchFamily: pairing is "nearest" between anchors 0 and 1 of 2 blocks each, which it gives no stitches, expected unequal depths: leave it out, or use "window".');
  expect(() => config(48, 5)).toThrow("vitConfig: heads is 5, expected a divisor of width 48.");
  expect(() => stitchFamily([{ ...config(48, 3), heads: 5 }])).toThrow("stitchFamily: anchor 0: heads is 5, expected a divisor of width 48.");
});

test("stitches are named for people", () => {
  const space = stitchSpace([12, 12, 12]);
  expect(stitchLabel(space, 1, ["Ti", "S", "B"])).toBe("S");
  expect(stitchLabel(space, 70, ["Ti", "S", "B"])).toBe("S→B (11→11)");
});
