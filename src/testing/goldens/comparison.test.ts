import { expect, test } from "vitest";
import { exactListError, firmElements, firmErrors, relativeError, rowwiseError, tensorError } from "./comparison.js";
import { WorstError } from "./golden-report.js";

test("a tensor's error is relative to its own largest element, a row's to the row's", () => {
  expect(tensorError([1, 2, 4.5], [1, 2, 5])).toBeCloseTo(0.1, 12);
  expect(rowwiseError([1, 0.9, 100, 100], [1, 1, 100, 100], 2)).toBeCloseTo(0.1, 12);
  expect(relativeError([0.001, 5], [0.002, 5])).toBeCloseTo(0.5, 12);
});

test("NaN on either side is never small, and zero references must be met exactly", () => {
  expect(tensorError([NaN, 1], [1, 1])).toBeNaN();
  expect(tensorError([1, 1], [1, NaN])).toBeNaN();
  expect(tensorError([0, 0], [0, 0])).toBe(0);
  expect(tensorError([0, 1e-30], [0, 0])).toBe(Infinity);
  const worst = new WorstError();
  for (const [place, error] of [["a", 1], ["b", NaN], ["c", 2]] as const) worst.add(place, error);
  expect(worst).toMatchObject({ error: NaN, place: "b" });
});

test("lists of another length are refused or infinitely far", () => {
  expect(() => tensorError([1], [1, 2])).toThrow("goldens: 1 numbers were computed, expected 2.");
  expect(exactListError([1], [1, 2])).toBe(Infinity);
  expect(exactListError([1, "a", undefined], [3, "a", undefined])).toBe(2);
  expect(exactListError(["a", undefined], ["b", 1])).toBe(Infinity);
});

test("only elements whose first gradient stands out are held to the close tolerance", () => {
  const isFirm = firmElements([1, -0.5, 0.0009, 0.0011]);
  expect([0, 1, 2, 3].map(isFirm)).toEqual([true, true, false, true]);
  expect(firmErrors([1, 2, 3, 4], [1, 2.5, 8, 4.25], isFirm)).toEqual({ firm: 0.5, others: 5 });
});
