/**
 * @file How far values are from their references.
 */
import { UsageError } from "../../checks.js";

/** Any list of numbers. */
export type Numbers = ArrayLike<number>;

/** The error of a tensor: max |x − ref| / max |ref|, both over the whole tensor. NaN anywhere gives NaN. */
export function tensorError(values: Numbers, reference: Numbers): number {
  return errorOfRange(values, reference, 0, expectSameLength(values, reference));
}

/** The largest {@link tensorError} of any row of that width, for tensors whose rows differ in scale. */
export function rowwiseError(values: Numbers, reference: Numbers, width: number): number {
  const length = expectSameLength(values, reference);
  let worst = 0;
  for (let start = 0; start < length; start += width) worst = larger(worst, errorOfRange(values, reference, start, start + width));
  return worst;
}

/** max |x − ref|. */
export function absoluteError(values: Numbers, reference: Numbers): number {
  let worst = 0;
  for (let i = expectSameLength(values, reference) - 1; i >= 0; i--) worst = larger(worst, Math.abs(values[i]! - reference[i]!));
  return worst;
}

/** The largest |x − ref| / |ref| of single numbers. */
export function relativeError(values: Numbers, reference: Numbers): number {
  return rowwiseError(values, reference, 1);
}

/** Numbers that differ at all, for whole numbers: the largest difference, or infinity when the counts differ. */
export function exactError(values: Numbers, reference: Numbers): number {
  return values.length === reference.length ? absoluteError(values, reference) : Infinity;
}

/** The same for lists of mixed values: numbers by their difference, others alike (0) or not (infinity). */
export function exactListError(values: readonly unknown[], reference: readonly unknown[]): number {
  if (values.length !== reference.length) return Infinity;
  return values.reduce((worst: number, value, index) => larger(worst, differenceOf(value, reference[index])), 0);
}

function differenceOf(value: unknown, reference: unknown): number {
  if (typeof value === "number" && typeof reference === "number") return Math.abs(value - reference);
  return value === reference ? 0 : Infinity;
}

/** The larger of two, NaN if either is. */
export function larger(a: number, b: number): number {
  return Math.max(a, b);
}

/** Errors apart for elements whose gradient at the first step stands out (firm) and for the rest, in absolute value. */
export function firmErrors(values: Numbers, reference: Numbers, isFirm: (index: number) => boolean): { firm: number; others: number } {
  let firm = 0;
  let others = 0;
  for (let i = expectSameLength(values, reference) - 1; i >= 0; i--) {
    const error = Math.abs(values[i]! - reference[i]!);
    if (isFirm(i)) firm = larger(firm, error);
    else others = larger(others, error);
  }
  return { firm, others };
}

/** Which elements are firm: |gradient| above 1e-3 of the tensor's largest. */
export function firmElements(gradient: Numbers): (index: number) => boolean {
  const bound = 1e-3 * largestSize(gradient, 0, gradient.length);
  return (index) => Math.abs(gradient[index]!) > bound;
}

function errorOfRange(values: Numbers, reference: Numbers, start: number, end: number): number {
  let difference = 0;
  for (let i = start; i < end; i++) difference = larger(difference, Math.abs(values[i]! - reference[i]!));
  const scale = largestSize(reference, start, end);
  return difference === 0 ? 0 : difference / scale;
}

function largestSize(values: Numbers, start: number, end: number): number {
  let largest = 0;
  for (let i = start; i < end; i++) largest = larger(largest, Math.abs(values[i]!));
  return largest;
}

function expectSameLength(values: Numbers, reference: Numbers): number {
  if (values.length !== reference.length) throw new UsageError(`goldens: ${values.length} numbers were computed, expected ${reference.length}.`);
  return reference.length;
}
