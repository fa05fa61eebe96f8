/**
 * @file The two averages of a many-task benchmark: over groups of tasks, and over tasks.
 */
import { average, groupBy } from "./seed-means.js";

/** One task's result and the group that it belongs to. */
export interface GroupedValue {
  readonly group: string;
  readonly value: number;
}

/** Averages of a benchmark. */
export interface GroupMeans {
  /** Mean of each group, in the order in which the groups first appear. */
  readonly groups: ReadonlyMap<string, number>;
  /** Mean of the groups' means: every group counts alike, whatever its size. */
  readonly meanOfGroups: number;
  /** Mean of all tasks. */
  readonly meanOfTasks: number;
}

/** Averages results by group and over all tasks; NaN where there are none. Both are in use for VTAB-1k. */
export function groupMeans(results: readonly GroupedValue[]): GroupMeans {
  const groups = new Map([...groupBy(results, ({ group }) => group)].map(([group, members]) => [group, average(members.map(({ value }) => value))]));
  return { groups, meanOfGroups: average([...groups.values()]), meanOfTasks: average(results.map(({ value }) => value)) };
}
