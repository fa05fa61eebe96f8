import { expect, test } from "vitest";
import { kendall, ranks, spearman } from "./rank-correlation.js";

test("equal values share the mean of their ranks", () => {
  expect(ranks([10, 30, 20, 20, 5])).toEqual([2, 5, 3.5, 3.5, 1]);
});

test("Spearman's ρ without ties is 1 − 6Σd²/(n(n²−1)), and 1 and −1 for the same and the opposite order", () => {
  // Differences of ranks: 1, 1, 1, 1, 0: 1 − 6·4/(5·24) = 0.8.
  expect(spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 50])).toBeCloseTo(0.8, 12);
  expect(spearman([1, 2, 3], [5, 50, 500])).toBeCloseTo(1, 12);
  expect(spearman([1, 2, 3], [9, 4, 1])).toBeCloseTo(-1, 12);
});

test("Spearman's ρ with a tie is the correlation of the shared ranks", () => {
  // Ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4: 4.5/√(4.5·5).
  expect(spearman([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
});

test("Kendall's τ-b counts pairs in the same order against pairs in the opposite one, ties left out", () => {
  // Of ten pairs two are swapped.
  expect(kendall([1, 2, 3, 4, 5], [20, 10, 40, 30, 50])).toBeCloseTo(0.6, 12);
  // Of six pairs one is tied on the left; the other five agree: 5/√(5·6).
  expect(kendall([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(5 / Math.sqrt(30), 12);
});

test("a constant side has no correlation", () => {
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
  expect(kendall([1, 2, 3], [4, 4, 4])).toBeNull();
  expect(spearman([1], [1])).toBeNull();
});
