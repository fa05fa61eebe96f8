import { expect, test } from "vitest";
import type { PairRow } from "../conflict.js";
import type { ScoreRow } from "../score-validity.js";
import { conflictFigure } from "./conflict-figure.js";
import type { Figure } from "./figure.js";
import { pairMatrixFigure } from "./pair-matrix-figure.js";
import { validityFigure } from "./validity-figure.js";

interface Trace {
  readonly name?: string;
  readonly x: readonly (number | null)[];
  readonly y: readonly (number | null)[];
  readonly xaxis?: string;
  readonly marker: { readonly color: unknown; readonly cmin?: number; readonly cmax?: number };
}
/** Traces of a panel, from 1. */
const tracesOf = ({ data }: Figure, panel: number): Trace[] => (data as unknown as Trace[]).filter(({ xaxis }) => xaxis === (panel === 1 ? "x1" : `x${panel}`) || (panel === 1 && xaxis === "x"));
const titles = ({ layout }: Figure): string => JSON.stringify(layout["annotations"]);

const scores = (variant: string, sign: number, step: number): ScoreRow[] => [0, 1, 2, 3].map((stitchId) => ({
  task: "digits", group: "natural", seed: 0, variant, step, steps: 10, stitchId, flops: 100 + stitchId, bins: 2, score: sign * stitchId, top1: stitchId / 10, profile: "quick",
}));

test("regret from 0 along the training beside a uniform choice's, and the stitches by the paper's score and by the best", () => {
  const figure = validityFigure([...scores("trainable", -1, 5), ...scores("trainable", -1, 10), ...scores("loss", 1, 10), ...scores("random", 1, 10)], { note: "" });
  const points = (panel: number): unknown[] => tracesOf(figure, panel).map(({ name, x, y }) => [name, x, y]);
  expect(points(2)).toEqual([
    ["SNIP of trained tensors", [50, 100], [expect.closeTo(10, 9), expect.closeTo(10, 9)]], ["Minus the loss", [100], [0]], ["A uniform choice, expected", [50, 100], [expect.closeTo(5, 9), expect.closeTo(5, 9)]],
  ]);
  expect((figure.layout["yaxis2"] as { range: number[] }).range[0]).toBe(0);
  expect(titles(figure)).toContain("SNIP of trained tensors: stitches at the end");
  expect(titles(figure)).toContain("Minus the loss: stitches at the end");
  expect([3, 4].map((panel) => tracesOf(figure, panel).map(({ y }) => y.map((value) => Math.round(value!))))).toEqual([[[-5, 5, -5, 5]], [[-5, 5, -5, 5]]]);
  expect(tracesOf(figure, 3)[0]!.x[0]).toBeGreaterThan(0);
  expect(tracesOf(figure, 4)[0]!.x[0]).toBeLessThan(0);
});

const pair: PairRow = { task: "digits", group: "natural", seed: 0, scope: "all", step: 10, steps: 10, first: 3, second: 6, distance: 2, degreesLora: 60, degreesAll: 60, cka: 0.9, profile: "quick" };
const pairs: PairRow[] = [pair, { ...pair, second: 40, distance: null, degreesLora: null, degreesAll: null, cka: 0.6 }, { ...pair, first: 6, second: 40, distance: null, degreesLora: 85, cka: 0.7 }, { ...pair, scope: "shared", degreesLora: 43 }];

test("CKA stands by distance beside the angles, and the note tells of pairs without a distance", () => {
  const figure = conflictFigure(pairs, { note: "" });
  expect([3, 4].map((panel) => tracesOf(figure, panel).map(({ x, y }) => [x, y]))).toEqual([[[[2], [60]], [[2], [43]]], [[[2], [0.9]], [[2], [0.9]]]]);
  expect(titles(figure)).toContain("have no distance");
});

test("squares without a value are grey and on no scale; all scopes share the scale that stands beside the last", () => {
  const figure = pairMatrixFigure(pairs, { note: "" });
  const [empty, own] = tracesOf(figure, 1);
  // The diagonal, and stitches 3 and 40 both ways.
  expect(empty!.x.map((x, index) => [x, empty!.y[index]])).toEqual([[0, 0], [0, 2], [1, 1], [2, 0], [2, 2]]);
  expect(typeof empty!.marker.color).toBe("string");
  expect(own!.marker.color).toEqual([60, 60, 85, 85]);
  // 47 degrees from a right angle at most: a reach of 50, white at 90.
  expect([1, 2].map((panel) => tracesOf(figure, panel)[1]!.marker).map(({ cmin, cmax }) => [cmin, cmax])).toEqual([[40, 140], [40, 140]]);
  expect([3, 4].map((panel) => tracesOf(figure, panel)[1]!.marker).map(({ cmin, cmax }) => [cmin, cmax])).toEqual([[0.6, 1], [0.6, 1]]);
});
