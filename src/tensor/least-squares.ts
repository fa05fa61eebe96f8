/**
 * @file Linear least squares from rows that arrive in portions, in double precision.
 */
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import type { Tensor } from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { loadAddon } from "../native/addon.js";
import { reflect } from "./reflect.js";
import { expectRank } from "./shape-check.js";

/** Singular values below this share of the largest are float32 rounding of the rows, not information: the spacing of float32 at 1. */
const RELATIVE_CUT_OFF = 2 ** -23;

/** Rows stacked under the factor at a time: few enough to stay near while they are reflected. */
const PORTION = 256;

/** A fitted map `y = x·weightᵀ + bias`. */
export interface LinearMap {
  /** Row by row, shape `[out, in]`. */
  readonly weight: Float32Array;
  /** Shape `[out]`. */
  readonly bias: Float32Array;
}

/**
 * Fits `min ‖[X 1]·M − Y‖` over rows added in any number of portions; of several solutions, the one of smallest norm.
 *
 * Only a triangular factor of `[X 1 | Y]` is kept, (in + 1)·(in + 1 + out) numbers, however many rows arrive: each portion is stacked
 * under the factor and the stack is made triangular by Householder reflections. That keeps the condition number of X itself,
 * which normal equations would square.
 *
 * Source: SN-Net fits its stitching layers by a pseudo-inverse of all rows at once; the streamed factor is our choice.
 */
export class LeastSquares {
  readonly inWidth: number;
  readonly outWidth: number;
  /** Rows added so far. */
  rows = 0;
  /** Upper triangular factor of `[X 1 | Y]`: inWidth + 1 rows of inWidth + 1 + outWidth. */
  readonly #factor: Float64Array;

  /** @throws {UsageError} when a width is not a positive whole number. */
  constructor(inWidth: number, outWidth: number) {
    for (const [key, value] of Object.entries({ inWidth, outWidth })) {
      if (!(Number.isInteger(value) && value > 0)) throw new UsageError(`leastSquares: ${key} is ${value}, expected a positive whole number.`);
    }
    this.inWidth = inWidth;
    this.outWidth = outWidth;
    this.#factor = new Float64Array((inWidth + 1) * (inWidth + 1 + outWidth));
  }

  /**
   * Adds rows.
   *
   * @param x - shape `[n, in]`.
   * @param y - shape `[n, out]`.
   * @throws {UsageError} when row counts or widths differ or a value is not finite; nothing is added then.
   */
  add(x: Tensor, y: Tensor): void {
    expectRank("leastSquares", "x", x.shape, 2, "[n, in]");
    expectRank("leastSquares", "y", y.shape, 2, "[n, out]");
    const [n, width] = x.shape as [number, number];
    if (width !== this.inWidth || y.shape[1] !== this.outWidth || y.shape[0] !== n) {
      throw new UsageError(
        `leastSquares: x is [${x.shape.join(", ")}] and y is [${y.shape.join(", ")}], expected [n, ${this.inWidth}] and [n, ${this.outWidth}] with the same n.`,
      );
    }
    const xs = x.dataSync();
    const ys = y.dataSync();
    checkFinite("x", xs, this.inWidth);
    checkFinite("y", ys, this.outWidth);
    const total = this.inWidth + 1 + this.outWidth;
    for (let start = 0; start < n; start += PORTION) {
      const rows = Math.min(PORTION, n - start);
      const fresh = new Float64Array(rows * total);
      for (let row = 0; row < rows; row++) {
        const from = start + row;
        fresh.set(xs.subarray(from * this.inWidth, (from + 1) * this.inWidth), row * total);
        fresh[row * total + this.inWidth] = 1;
        fresh.set(ys.subarray(from * this.outWidth, (from + 1) * this.outWidth), row * total + this.inWidth + 1);
      }
      reflect(this.#factor, fresh, rows, this.inWidth + 1, total);
    }
    this.rows += n;
  }

  /**
   * Returns the solution of smallest norm for the rows added so far.
   *
   * @throws {UsageError} when no row was added.
   */
  solve(): LinearMap {
    if (this.rows === 0) throw new UsageError("leastSquares: 0 rows were added, expected at least one.");
    const width = this.inWidth + 1;
    const total = width + this.outWidth;
    const solution = minimumNorm(this.#factor, width, total);
    const weight = new Float32Array(this.outWidth * this.inWidth);
    for (let column = 0; column < this.inWidth; column++) {
      for (let out = 0; out < this.outWidth; out++) weight[out * this.inWidth + column] = solution[column * this.outWidth + out]!;
    }
    return { weight, bias: Float32Array.from(solution.subarray(this.inWidth * this.outWidth)) };
  }
}

/**
 * Solves the triangular system directly when it is well conditioned, else through singular values with the cut-off.
 *
 * @param factor - shape `[width, total]`.
 * @returns shape `[width, total − width]`.
 */
function minimumNorm(factor: Float64Array, width: number, total: number): Float64Array {
  const native = loadAddon();
  if (native.kind === "absent") return minimumNormInJavaScript(factor, width, total);
  const solution = new Float64Array(width * (total - width));
  native.addon.solveFactor(factor, solution, width, total, RELATIVE_CUT_OFF);
  return solution;
}

/** {@link minimumNorm} without the native library. */
export function minimumNormInJavaScript(factor: Float64Array, width: number, total: number): Float64Array {
  const lines = Array.from({ length: width }, (_, row) => factor.subarray(row * total, (row + 1) * total));
  const solution = backSubstitution(lines, width, total - width) ?? pseudoInverse(lines, width, total - width);
  return Float64Array.from({ length: width * (total - width) }, (_, place) => solution[Math.floor(place / (total - width))]![place % (total - width)]!);
}

/** Returns nothing when the factor's condition number may exceed the cut-off, so that both ways give the same solution. */
function backSubstitution(factor: readonly Float64Array[], width: number, outWidth: number): Float64Array[] | undefined {
  for (let row = 0; row < width; row++) if (factor[row]![row] === 0) return undefined;
  const total = width + outWidth;
  const work = factor.map((line, row) => {
    const extended = new Float64Array(outWidth + width);
    extended.set(line.subarray(width, total));
    extended[outWidth + row] = 1;
    return extended;
  });
  for (let row = width - 1; row >= 0; row--) {
    const line = work[row]!;
    const coefficients = factor[row]!;
    for (let below = row + 1; below < width; below++) {
      const part = coefficients[below]!;
      const other = work[below]!;
      if (part !== 0) for (let column = 0; column < line.length; column++) line[column]! -= part * other[column]!;
    }
    const inverse = 1 / coefficients[row]!;
    for (let column = 0; column < line.length; column++) line[column]! *= inverse;
  }
  let square = 0;
  let inverseSquare = 0;
  for (let row = 0; row < width; row++) {
    for (let column = row; column < width; column++) {
      square += factor[row]![column]! ** 2;
      inverseSquare += work[row]![outWidth + column]! ** 2;
    }
  }
  if (!(Math.sqrt(square * inverseSquare) < 1 / RELATIVE_CUT_OFF)) return undefined;
  return work.map((line) => line.subarray(0, outWidth));
}

function pseudoInverse(factor: readonly Float64Array[], width: number, outWidth: number): Float64Array[] {
  const left = new Matrix(factor.map((line) => Array.from(line.subarray(0, width))));
  const right = new Matrix(factor.map((line) => Array.from(line.subarray(width))));
  const decomposition = new SingularValueDecomposition(left, { autoTranspose: true });
  const singular = decomposition.diagonal;
  const cut = RELATIVE_CUT_OFF * Math.max(...singular);
  const rotated = decomposition.leftSingularVectors.transpose().mmul(right);
  for (let row = 0; row < rotated.rows; row++) {
    const value = singular[row] ?? 0;
    rotated.mulRow(row, value > cut ? 1 / value : 0);
  }
  const solution = decomposition.rightSingularVectors.mmul(rotated);
  return Array.from({ length: width }, (_, row) => Float64Array.from(solution.getRow(row).slice(0, outWidth)));
}

function checkFinite(what: string, values: ArrayLike<number>, width: number): void {
  for (let index = 0; index < values.length; index++) {
    if (Number.isFinite(values[index])) continue;
    throw new UsageError(`leastSquares: ${what} has ${values[index]} in row ${Math.floor(index / width)}, expected finite numbers.`);
  }
}
