/**
 * @file The median of measured values.
 */

/** The middle of the values in order, the upper one of two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
