import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { areaUnderChoice, areaUnderFrontier, bestWithin, commonRange, paretoFrontier } from "./pareto.js";
import type { CostedPoint } from "./pareto.js";

const point = (flops: number, top1: number): CostedPoint => ({ flops, top1 });

/** Points with ties in cost and accuracy. */
function randomPoints(seed: number, count: number): CostedPoint[] {
  const rng = createRng(seed).stream("points");
  return Array.from({ length: count }, () => point(1 + Math.floor(rng.uniform() * 20), Math.floor(rng.uniform() * 12) / 12));
}

test("the frontier of a hand-drawn set leaves out the dominated points and one of two twins", () => {
  const points = [point(4, 0.7), point(1, 0.5), point(2, 0.5), point(2, 0.4), point(3, 0.7), point(3, 0.7), point(9, 0.69), point(10, 0.8)];
  const frontier = paretoFrontier(points);
  expect(frontier).toEqual([point(1, 0.5), point(3, 0.7), point(10, 0.8)]);
  expect(frontier[1]).toBe(points[4]);
  expect(paretoFrontier([])).toEqual([]);
});

test("the frontier agrees with its definition on random points with ties", () => {
  for (let seed = 0; seed < 50; seed++) {
    const points = randomPoints(seed, 1 + (seed % 30));
    const beaten = (p: CostedPoint) =>
      points.some((q) => q.flops <= p.flops && q.top1 >= p.top1 && (q.flops < p.flops || q.top1 > p.top1));
    const kept = points.filter((p, i) => !beaten(p) && points.findIndex((q) => q.flops === p.flops && q.top1 === p.top1) === i);
    expect(paretoFrontier(points)).toEqual(kept.sort((a, b) => a.flops - b.flops));
  }
});

test("the best stitch within a budget is the most accurate affordable one", () => {
  const points = [point(1, 0.5), point(3, 0.4), point(3, 0.7), point(5, 0.7)];
  expect(bestWithin(points, 0.9)).toBeNull();
  expect(bestWithin(points, 1)).toBe(points[0]);
  expect(bestWithin(points, 4.9)).toBe(points[2]);
  expect(bestWithin(points, 100)).toBe(points[2]);
});

test("methods are compared from the dearest cheapest point to the cheapest dearest one", () => {
  expect(commonRange([[point(1, 0), point(50, 0)], [point(2, 0), point(9, 0)]])).toEqual({ low: 2, high: 9 });
  expect(commonRange([[point(1, 0)], [point(2, 0)]])).toBeNull();
  expect(commonRange([[point(1, 0)], []])).toBeNull();
  expect(commonRange([])).toBeNull();
});

test("the area of hand-computed frontiers is right", () => {
  const range = { low: 10, high: 1000 };
  expect(areaUnderFrontier([point(10, 0.6)], range)).toBeCloseTo(0.6, 12);
  // Half of the two decades at 0.4, half at 0.8; the dominated and the unaffordable points change nothing.
  expect(areaUnderFrontier([point(5, 0.4), point(100, 0.8), point(200, 0.7), point(1001, 1)], range)).toBeCloseTo(0.6, 12);
  // 0.2 for one decade, 0.5 for log10(5), 0.9 for the rest of the second.
  const area = (0.2 + 0.5 * Math.log10(5) + 0.9 * (1 - Math.log10(5))) / 2;
  expect(areaUnderFrontier([point(10, 0.2), point(100, 0.5), point(500, 0.9)], range)).toBeCloseTo(area, 12);
  expect(areaUnderFrontier([point(3, 0.3), point(10, 0.5)], { low: 10, high: 10 })).toBe(0.5);
  expect(areaUnderFrontier([point(11, 0.5)], range)).toBeNull();
});

test("the area agrees with a fine sum over budgets", () => {
  for (let seed = 0; seed < 10; seed++) {
    const points = [point(1, 0.1), ...randomPoints(seed, 25)];
    const slices = 20_000;
    let sum = 0;
    for (let i = 0; i < slices; i++) {
      const budget = 2 * 8 ** ((i + 0.5) / slices);
      sum += Math.max(...points.filter(({ flops }) => flops <= budget).map(({ top1 }) => top1));
    }
    expect(areaUnderFrontier(points, { low: 2, high: 16 })).toBeCloseTo(sum / slices, 3);
  }
});

test("the area of a choice counts the accuracy of what is chosen, not the best", () => {
  const scored = [{ ...point(10, 0.5), score: 1 }, { ...point(100, 0.3), score: 2 }, { ...point(500, 0.9), score: 2 }, { ...point(1000, 0.9), score: 0 }];
  expect(areaUnderChoice(scored, { low: 10, high: 1000 }, ({ score }) => score)).toBeCloseTo(0.4, 12);
  expect(areaUnderChoice(scored, { low: 10, high: 1000 }, ({ flops }) => flops)).toBeCloseTo((0.5 + 0.3 * Math.log10(5) + 0.9 * Math.log10(2)) / 2, 12);
  expect(areaUnderChoice(scored, { low: 100, high: 100 }, ({ score }) => score)).toBe(0.3);
  expect(areaUnderChoice(scored, { low: 5, high: 100 }, ({ score }) => score)).toBeNull();
});
