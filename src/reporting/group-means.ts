/**
 * @file The two averages of a many-task benchmark: over groups of tasks, and over tasks.
 */

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
  const members = new Map<string, number[]>();
  for (const { group, value } of results) members.set(group, [...(members.get(group) ?? []), value]);
  const groups = new Map([...members].map(([group, values]) => [group, mean(values)]));
  return { groups, meanOfGroups: mean([...groups.values()]), meanOfTasks: mean(results.map(({ value }) => value)) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
