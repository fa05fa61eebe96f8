/**
 * @file What of an unfinished study can be compared: tasks and seeds that several methods all have.
 */
import type { StitchRow } from "./record.js";
import { groupBy } from "./seed-means.js";

/** What a row tells of its run. */
export type RunRow = Pick<StitchRow, "task" | "group" | "seed">;

/** Tasks and seeds; every one of the tasks was run with every one of the seeds. */
export interface CommonRuns {
  readonly tasks: readonly string[];
  readonly seeds: readonly number[];
}

/**
 * The tasks and seeds that make the most runs together, of those with tasks of the most groups: a mean without one of them would tell of another
 * benchmark. Of two alike, more seeds, which give a spread.
 *
 * Seeds come in the order of how many tasks they have; not every choice of them is tried.
 *
 * @param groupOf - a task's group.
 */
export function mostCommon(tasksBySeed: ReadonlyMap<number, ReadonlySet<string>>, groupOf: (task: string) => string): CommonRuns {
  const seeds = [...tasksBySeed].sort(([, a], [, b]) => b.size - a.size);
  const groups = ({ tasks }: CommonRuns): number => new Set(tasks.map(groupOf)).size;
  const runs = ({ tasks, seeds: of }: CommonRuns): number => tasks.length * of.length;
  let best: CommonRuns = { tasks: [], seeds: [] };
  let tasks: readonly string[] = [...(seeds[0]?.[1] ?? [])];
  for (const [index, [, had]] of seeds.entries()) {
    tasks = tasks.filter((task) => had.has(task));
    const next: CommonRuns = { tasks, seeds: seeds.slice(0, index + 1).map(([seed]) => seed) };
    if (tasks.length > 0 && (groups(next) - groups(best) || runs(next) - runs(best)) >= 0) best = next;
  }
  return best;
}

/** The rows of the tasks and seeds that have every stitch or anchor of every one of these methods, where that leaves tasks out and more than one remains; otherwise none. */
export function commonRows(rows: readonly StitchRow[], methods: readonly string[]): StitchRow[] {
  const common = runsOfAllParts(rows.filter(({ method }) => methods.includes(method)), methodAndAnchor);
  return common.tasks.length < 2 || common.tasks.length === extentOf(rows).tasks ? [] : rowsOf(rows, common);
}

/** What of a study can be averaged over tasks: the rows of the tasks and seeds that have every part; none where no task has them all. @param partOf - names what every task and seed has when the study is whole. */
export function comparableRows<Row extends RunRow>(rows: readonly Row[], partOf: (row: Row) => string): Row[] {
  return rowsOf(rows, runsOfAllParts(rows, partOf));
}

/** The part of a study on stitches that a row is of: an anchor alone is a run of its own, so a method is told by its anchors too. */
export function methodAndAnchor({ method, front }: StitchRow): string {
  return `${method}\n${front}`;
}

/** The rows without those of a method on a task with a seed that lack a stitch which the method has elsewhere: anchors alone, a run each, do until the last is there. */
export function wholeRows(rows: readonly StitchRow[]): StitchRow[] {
  const runOf = ({ task, method, seed }: StitchRow): string => `${task}\n${method}\n${seed}`;
  const runs = groupBy(rows, runOf);
  const stitches = new Map([...groupBy(rows, ({ method }) => method)].map(([method, ofMethod]) => [method, new Set(ofMethod.map(({ stitchId }) => stitchId)).size]));
  return rows.filter((row) => runs.get(runOf(row))!.length === stitches.get(row.method));
}

/** The most tasks and seeds whose rows hold every part that any row is of. */
function runsOfAllParts<Row extends RunRow>(rows: readonly Row[], partOf: (row: Row) => string): CommonRuns {
  const parts = new Set(rows.map(partOf));
  return mostCommon(new Map([...groupBy(rows, ({ seed }) => seed)].map(([seed, ofSeed]) => {
    const whole = [...groupBy(ofSeed, ({ task }) => task)].filter(([, ofTask]) => new Set(ofTask.map(partOf)).size === parts.size);
    return [seed, new Set(whole.map(([task]) => task))];
  })), groupOfTasks(rows));
}

/** Looks up the group of a task. */
export function groupOfTasks(rows: readonly Pick<StitchRow, "task" | "group">[]): (task: string) => string {
  const groups = new Map(rows.map(({ task, group }) => [task, group]));
  return (task) => groups.get(task) ?? "";
}

/** How many tasks and seeds the rows are of. */
export function extentOf(rows: readonly RunRow[]): { readonly tasks: number; readonly seeds: number } {
  return { tasks: new Set(rows.map(({ task }) => task)).size, seeds: new Set(rows.map(({ seed }) => seed)).size };
}

function rowsOf<Row extends RunRow>(rows: readonly Row[], { tasks, seeds }: CommonRuns): Row[] {
  return rows.filter(({ task, seed }) => tasks.includes(task) && seeds.includes(seed));
}
