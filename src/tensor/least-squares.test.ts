/**
 * @file Least squares: toys with known answers, rank-deficient rows against the pseudo-inverse, portions against all at once.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Matrix, pseudoInverse } from "ml-matrix";
import { createRng } from "../rng.js";
import { largestError } from "../testing/compare.js";
import { loadAddon } from "../native/addon.js";
import { LeastSquares, tf, useBackend } from "./index.js";
import type { LinearMap } from "./index.js";
import { minimumNormInJavaScript } from "./least-squares.js";
import { reflect, reflectInJavaScript } from "./reflect.js";

beforeAll(async () => void (await useBackend("cpu")));

function fit(x: number[][], y: number[][], portion = x.length): LinearMap {
  const fitted = new LeastSquares(x[0]!.length, y[0]!.length);
  for (let start = 0; start < x.length; start += portion) {
    tf.tidy(() => fitted.add(tf.tensor2d(x.slice(start, start + portion)), tf.tensor2d(y.slice(start, start + portion))));
  }
  return fitted.solve();
}

function drawn(name: string, rows: number, columns: number): number[][] {
  const stream = createRng(6).stream(name);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.fround(stream.normal())));
}

/** The minimum-norm solution through the pseudo-inverse of all rows, as `[out][in + 1]`. */
function reference(x: number[][], y: number[][]): number[][] {
  return pseudoInverse(new Matrix(x.map((row) => [...row, 1]))).mmul(new Matrix(y)).transpose().to2DArray();
}

function expectMap(found: LinearMap, expected: number[][], tolerance: number): void {
  expect(largestError(found.weight, expected.flatMap((row) => row.slice(0, -1)))).toBeLessThan(tolerance);
  expect(largestError(found.bias, expected.map((row) => row[row.length - 1]!))).toBeLessThan(tolerance);
}

test("two equal columns share the slope", () => {
  const { weight, bias } = fit([[0, 0], [1, 1], [2, 2]], [[1], [3], [5]]);
  expect(largestError(weight, [1, 1])).toBeLessThan(1e-6);
  expect(largestError(bias, [1])).toBeLessThan(1e-6);
});

test("an anchor stitched to itself gives the identity", () => {
  const x = drawn("self", 200, 12);
  const { weight, bias } = fit(x, x, 17);
  expect(largestError(weight, Array.from({ length: 144 }, (_, index) => (index % 13 === 0 ? 1 : 0)))).toBeLessThan(1e-6);
  expect(Math.max(...bias.map(Math.abs))).toBeLessThan(1e-6);
});

test("more rows than columns, in portions of any size, give the regression of all rows", () => {
  const x = drawn("tall x", 100, 9);
  const y = drawn("tall y", 100, 4);
  for (const portion of [1, 7, 30, 100]) expectMap(fit(x, y, portion), reference(x, y), 1e-6);
});

test("fewer rows than columns give the solution of smallest norm", () => {
  const x = drawn("wide x", 34, 48).map((row) => row.map((value, column) => Math.fround(value * (1 + column) ** -1.5)));
  const y = drawn("wide y", 34, 64);
  for (const portion of [5, 17, 34]) expectMap(fit(x, y, portion), reference(x, y), 1e-5);
});

test("columns that repeat up to float32 rounding do not blow the weights up", () => {
  const x = drawn("repeated", 60, 5).map((row) => [...row, Math.fround(row[0]! * 3), Math.fround(row[1]! / 3)]);
  const y = x.map((row) => [row[0]! + row[2]!]);
  const { weight } = fit(x, y, 20);
  expect(largestError(weight, [0.1, 0, 1, 0, 0, 0.3, 0])).toBeLessThan(1e-4);
});

test("wrong widths, numbers that are not finite and a fit without rows are refused", () => {
  const fitted = new LeastSquares(2, 1);
  expect(() => fitted.solve()).toThrow("leastSquares: 0 rows were added, expected at least one.");
  expect(() => fitted.add(tf.zeros([3, 1]), tf.zeros([3, 1]))).toThrow("leastSquares: x is [3, 1] and y is [3, 1], expected [n, 2] and [n, 1] with the same n.");
  expect(() => fitted.add(tf.zeros([3, 2]), tf.tensor2d([[0], [NaN], [1]]))).toThrow("leastSquares: y has NaN in row 1, expected finite numbers.");
  expect(() => new LeastSquares(0, 1)).toThrow("leastSquares: inWidth is 0, expected a positive whole number.");
});

test("the native reflections and those in JavaScript agree, and keep the rows' inner products", () => {
  const rows = drawn("reflect", 20, 7);
  const factors = [reflect, reflectInJavaScript].map((step) => {
    const factor = new Float64Array(5 * 7);
    for (const start of [0, 8, 16]) {
      const part = rows.slice(start, start + 8);
      step(factor, Float64Array.from(part.flat()), part.length, 5, 7);
    }
    return factor;
  }) as [Float64Array, Float64Array];
  expect(largestError(factors[0], factors[1])).toBeLessThan(1e-14);
  const inner = new Matrix(rows).transpose().mmul(new Matrix(rows));
  for (let left = 0; left < 5; left++) {
    for (let right = 0; right < 7; right++) {
      const sum = [0, 1, 2, 3, 4].reduce((total, row) => total + factors[0][row * 7 + left]! * factors[0][row * 7 + right]!, 0);
      expect(sum).toBeCloseTo(inner.get(left, right), 10);
    }
  }
});

test("at sizes that portions and panels do not divide, too", () => {
  for (const [rows, pivots, total, portion] of [[150, 70, 101, 40], [90, 33, 300, 90], [300, 65, 66, 260]] as const) {
    const drawnRows = drawn("sizes", rows, total);
    const factors = [reflect, reflectInJavaScript].map((step) => {
      const factor = new Float64Array(pivots * total);
      for (let start = 0; start < rows; start += portion) {
        const part = drawnRows.slice(start, start + portion);
        step(factor, Float64Array.from(part.flat()), part.length, pivots, total);
      }
      return factor;
    }) as [Float64Array, Float64Array];
    expect(largestError(factors[0], factors[1])).toBeLessThan(1e-12);
  }
});

describe.skipIf(loadAddon().kind === "absent")("the native solution", () => {
  const addon = (loadAddon() as Extract<ReturnType<typeof loadAddon>, { kind: "loaded" }>).addon;

  test.each([["of full rank", 200], ["of fewer rows than columns", 40], ["of a repeated column", 200]] as const)("%s is that of JavaScript", (kind, rows) => {
    const [width, total] = [61, 90];
    const factor = new Float64Array(width * total);
    const lines = drawn(kind, rows, total).map((row) => (kind === "of a repeated column" ? row.map((value, column) => (column === 7 ? 2 * row[3]! : value)) : row));
    reflect(factor, Float64Array.from(lines.flat()), rows, width, total);
    const found = new Float64Array(width * (total - width));
    addon.solveFactor(factor, found, width, total, 2 ** -23);
    expect(largestError(found, minimumNormInJavaScript(factor, width, total))).toBeLessThan(1e-9);
  });

  test("arrays of other sizes are refused", () => {
    expect(() => addon.solveFactor(new Float64Array(6), new Float64Array(2), 2, 3, 1e-7)).not.toThrow();
    expect(() => addon.solveFactor(new Float64Array(6), new Float64Array(3), 2, 3, 1e-7)).toThrow("solveFactor: solution has 3 numbers, expected 2 ([2, 1]).");
    expect(() => addon.solveFactor(new Float64Array(6), new Float64Array(0), 3, 2, 1e-7)).toThrow("solveFactor: 3 pivots of 2 columns.");
  });
});
