/**
 * @file One step of a streamed QR factorisation in double precision.
 */
import { loadAddon } from "../native/addon.js";

/**
 * Stacks `fresh` rows under the triangular factor and makes its first `pivots` columns triangular again by Householder reflections.
 * The factor starts as zeros.
 *
 * @param factor - shape `[pivots, total]`; changed in place.
 * @param fresh - shape `[rows, total]`; used up.
 */
export function reflect(factor: Float64Array, fresh: Float64Array, rows: number, pivots: number, total: number): void {
  const native = loadAddon();
  if (native.kind === "loaded") native.addon.reflect(factor, fresh, rows, pivots, total);
  else reflectInJavaScript(factor, fresh, rows, pivots, total);
}

/** {@link reflect} without the native library. */
export function reflectInJavaScript(factor: Float64Array, fresh: Float64Array, rows: number, pivots: number, total: number): void {
  const dots = new Float64Array(total);
  for (let pivot = 0; pivot < pivots; pivot++) {
    let square = 0;
    for (let row = 0; row < rows; row++) square += fresh[row * total + pivot]! ** 2;
    if (square === 0) continue;
    const top = factor.subarray(pivot * total, (pivot + 1) * total);
    const head = top[pivot]!;
    const length = Math.sqrt(head * head + square);
    const target = head > 0 ? -length : length;
    const reflector = head - target;
    const weight = 2 / (reflector * reflector + square);
    for (let column = pivot + 1; column < total; column++) dots[column] = reflector * top[column]!;
    for (let row = 0; row < rows; row++) {
      const line = fresh.subarray(row * total, (row + 1) * total);
      const part = line[pivot]!;
      for (let column = pivot + 1; column < total; column++) dots[column]! += part * line[column]!;
    }
    for (let column = pivot + 1; column < total; column++) top[column]! -= weight * reflector * dots[column]!;
    for (let row = 0; row < rows; row++) {
      const line = fresh.subarray(row * total, (row + 1) * total);
      const part = weight * line[pivot]!;
      for (let column = pivot + 1; column < total; column++) line[column]! -= part * dots[column]!;
      line[pivot] = 0;
    }
    top[pivot] = target;
  }
}
