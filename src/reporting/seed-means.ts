/**
 * @file Many seeds, one point: the mean of each stitch over seeds, and over tasks.
 */
import type { StitchRow } from "./record.js";

/** Mean of some values with their spread: the sample standard deviation, null for fewer than two. */
export interface MeanSpread {
  readonly mean: number;
  readonly spread: number | null;
  readonly count: number;
}

/** Mean and sample standard deviation (divisor n − 1); null where there is no value. */
export function meanSpread(values: readonly number[]): MeanSpread | null {
  if (values.length === 0) return null;
  const mean = average(values);
  if (values.length === 1) return { mean, spread: null, count: 1 };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / (values.length - 1)), count: values.length };
}

/** Mean of some values; NaN where there is none. */
export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Groups values by a key, groups and members in order of first appearance. */
export function groupBy<Value, Key>(values: Iterable<Value>, keyOf: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/** A stitch of one method, averaged over seeds (and, in the panel of the mean, over tasks). */
export interface StitchMean {
  readonly stitchId: number;
  readonly row: StitchRow;
  /** Mean over tasks; the tasks' heads differ by a little. */
  readonly flops: number;
  readonly top1: number;
  /** Sample standard deviation over seeds; null with one seed. */
  readonly spread: number | null;
  readonly seeds: number;
  /** Share of the runs that chose the stitch for deployment. */
  readonly selected: number;
}

/** Averages the rows of one method on one task over seeds, stitch by stitch. */
export function seedMeans(rows: readonly StitchRow[]): StitchMean[] {
  return [...groupBy(rows, ({ stitchId }) => stitchId).values()].map((group) => stitchMean(group, group.map(({ top1 }) => top1)));
}

/**
 * Averages the rows of one method over tasks, then over seeds.
 *
 * A stitch and seed that lacks a task is left out: a mean over other tasks would not compare.
 */
export function taskMeans(rows: readonly StitchRow[], tasks: readonly string[]): StitchMean[] {
  return [...groupBy(rows, ({ stitchId }) => stitchId).values()].flatMap((group) => {
    const whole = [...groupBy(group, ({ seed }) => seed).values()].filter((ofSeed) => tasks.every((task) => ofSeed.some((row) => row.task === task)));
    if (whole.length === 0) return [];
    return [stitchMean(whole.flat(), whole.map((ofSeed) => average(ofSeed.map(({ top1 }) => top1))))];
  });
}

function stitchMean(group: readonly StitchRow[], perSeed: readonly number[]): StitchMean {
  const row = group[0]!;
  const { mean, spread, count } = meanSpread(perSeed)!;
  return {
    stitchId: row.stitchId, row, top1: mean, spread, seeds: count,
    flops: average(group.map(({ flops }) => flops)), selected: average(group.map(({ selected }) => selected)),
  };
}
