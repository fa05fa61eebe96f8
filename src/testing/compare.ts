/**
 * @file How far numbers are from their reference, in the measure of the golden values.
 */

/** `max |found − expected| / max |expected|`, both over all elements; infinite when the lengths differ or a value is not finite. */
export function largestError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let difference = 0;
  let size = 0;
  for (let index = 0; index < expected.length; index++) {
    const gap = Math.abs(found[index]! - expected[index]!);
    if (!Number.isFinite(gap)) return Infinity;
    difference = Math.max(difference, gap);
    size = Math.max(size, Math.abs(expected[index]!));
  }
  return difference === 0 ? 0 : difference / (size === 0 ? 1 : size);
}
