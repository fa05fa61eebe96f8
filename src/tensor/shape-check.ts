/**
 * @file Shape checks of the operations: one message form, nothing computed before they pass.
 */
import { UsageError } from "../checks.js";

/** Throws a {@link UsageError} unless `shape` equals `expected`; `why` says where the expectation comes from. */
export function expectShape(where: string, what: string, shape: readonly number[], expected: readonly number[], why: string): void {
  if (shape.length === expected.length && shape.every((size, axis) => size === expected[axis])) return;
  throw new UsageError(`${where}: ${what} has shape [${shape.join(", ")}], expected [${expected.join(", ")}] (${why}).`);
}

/** Throws a {@link UsageError} unless `shape` has `rank` axes, described by `axes` such as `"[B, N, D]"`. */
export function expectRank(where: string, what: string, shape: readonly number[], rank: number, axes: string): void {
  if (shape.length === rank) return;
  throw new UsageError(`${where}: ${what} has shape [${shape.join(", ")}], expected ${rank} axes ${axes}.`);
}

/** Returns the last axis of a shape; throws a {@link UsageError} for a scalar. */
export function lastAxis(where: string, what: string, shape: readonly number[]): number {
  const last = shape[shape.length - 1];
  if (last === undefined) throw new UsageError(`${where}: ${what} is a scalar, expected at least one axis.`);
  return last;
}
