/**
 * @file What is measured of methods that adapt a stitched family, from rows alone, and the tables of it: each task and method, the averages over tasks, and the anchors.
 *
 * Every number is computed per seed first; a cell is the mean over seeds with the sample standard deviation.
 */
import { topK } from "../sampling/selection.js";
import { pairedDifference } from "./claims.js";
import { anchorLabel, methodStyles } from "./figures/style.js";
import { commonRows, groupOfTasks, mostCommon, wholeRows } from "./common-runs.js";
import { groupMeans } from "./group-means.js";
import type { GroupMeans } from "./group-means.js";
import { areaUnderChoice, areaUnderFrontier, bestWithin, commonRange } from "./pareto.js";
import type { StitchRow } from "./record.js";
import { groupBy, meanSpread } from "./seed-means.js";
import type { MeanSpread } from "./seed-means.js";
import type { Table, TableColumn } from "./table.js";

/** How to make the tables. */
export interface StitchTableOptions {
  /** Which profile made the rows and what it reduced: "quick profile: 40 steps, 500 test images a task". */
  readonly note: string;
  /** Methods in order; by default all, in order of appearance. */
  readonly methods?: readonly string[];
  /** Labels of methods by name, where they differ from the kit's. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Budgets in FLOPs by name for "best within"; by default the costs of the anchors, on each task its own. */
  readonly budgets?: Readonly<Record<string, number>>;
}

/** What is measured of one method on one task with one seed. All are fractions; null where it cannot be said. */
export interface MethodMeasures {
  /** Area under the test frontier (see `pareto.ts`), over the budgets common to all methods on the task. */
  readonly area: number | null;
  /** The same when at each budget the stitch of the best validation accuracy is run. */
  readonly areaByValidation: number | null;
  /** The same when at each budget the dearest affordable stitch of those that the method itself selects is run (PST: by importance). */
  readonly areaBySelection: number | null;
  /** The same of the anchors and as many stitches as are selected, but those of the highest importance of all, not of each bin. */
  readonly areaByTopK: number | null;
  /** Best test accuracy of all stitches. */
  readonly best: number | null;
  /** Mean test accuracy of the selected stitches, anchors left out. */
  readonly selected: number | null;
  /** Mean over the same stitches of the best test accuracy at no more than their cost: what an oracle would have run. */
  readonly oracle: number | null;
  /** Best test accuracy within each budget, by name. */
  readonly within: Readonly<Record<string, number | null>>;
}

interface Measured {
  readonly tasks: readonly { readonly name: string; readonly group: string; readonly rows: readonly StitchRow[]; readonly whole: readonly StitchRow[] }[];
  readonly methods: readonly { readonly id: string; readonly label: string }[];
  /** Measures of a method on a task, by seed. */
  measures(task: string, method: string): ReadonlyMap<number, MethodMeasures>;
  readonly budgetNames: readonly string[];
}

/**
 * Makes the tables. What is not whole (see {@link wholeRows}) is told of anchors alone.
 *
 * @returns `tasks` (each task and method), `averages` (group means, the mean of tasks and the mean of groups) and `anchors`
 *   (each anchor alone, and inside each method).
 */
export function stitchTables(rows: readonly StitchRow[], options: StitchTableOptions): Table[] {
  const measured = collect(rows, options);
  const methods = measured.methods.map(({ id }) => id);
  const common = collect(commonRows(rows, methods), { ...options, methods });
  return [taskTable(measured, options.note), averageTable(measured, common, options.note), anchorTable(measured, options.note)];
}

/**
 * Measures one method on one task with one seed.
 *
 * @param rows - its rows, one per stitch.
 * @param range - the budgets common to all methods; null gives no areas.
 * @param budgets - budgets in FLOPs by name.
 */
export function measureMethod(
  rows: readonly StitchRow[], range: { readonly low: number; readonly high: number } | null, budgets: Readonly<Record<string, number>>,
): MethodMeasures {
  const validated = rows.filter(({ valTop1 }) => valTop1 !== null);
  const selected = rows.filter((row) => row.selected === 1);
  const stitches = selected.filter(({ kind }) => kind === "stitch");
  const area = <Points extends readonly StitchRow[]>(points: Points, score: (row: StitchRow) => number): number | null =>
    (range === null || points.length === 0 ? null : areaUnderChoice(points, range, score));
  return {
    area: range === null ? null : areaUnderFrontier(rows, range),
    areaByValidation: validated.length < rows.length ? null : area(validated, ({ valTop1 }) => valTop1 ?? 0),
    areaBySelection: area(selected, ({ flops }) => flops),
    areaByTopK: area(mostImportant(rows, stitches.length), ({ flops }) => flops),
    best: bestWithin(rows, Infinity)?.top1 ?? null,
    selected: meanSpread(stitches.map(({ top1 }) => top1))?.mean ?? null,
    oracle: meanSpread(stitches.map(({ flops }) => bestWithin(rows, flops)?.top1 ?? 0))?.mean ?? null,
    within: Object.fromEntries(Object.entries(budgets).map(([name, budget]) => [name, bestWithin(rows, budget)?.top1 ?? null])),
  };
}

/** The anchors and the most important stitches of all; nothing where no importance was measured. */
function mostImportant(rows: readonly StitchRow[], count: number): StitchRow[] {
  const scored = rows.filter(({ kind, importance }) => kind === "stitch" && importance !== null);
  if (count === 0 || scored.length === 0) return [];
  return [...rows.filter(({ kind }) => kind === "anchor"), ...topK(scored.map(({ importance }) => importance!), count).map((place) => scored[place]!)];
}

/** Computes all measures once. */
function collect(rows: readonly StitchRow[], options: StitchTableOptions): Measured {
  const methodIds = options.methods ?? [...new Set(rows.map(({ method }) => method))];
  const methods = methodStyles(methodIds, options.labels).map(({ id, label }) => ({ id, label }));
  const shown = rows.filter(({ method }) => methodIds.includes(method));
  const whole = groupBy(wholeRows(shown), ({ task }) => task);
  const tasks = [...groupBy(shown, ({ task }) => task)].map(([name, ofTask]) => ({ name, group: ofTask[0]!.group, rows: ofTask, whole: whole.get(name) ?? [] }));
  const measured = new Map<string, Map<number, MethodMeasures>>();
  for (const task of tasks) {
    const byMethod = groupBy(task.whole, ({ method }) => method);
    // The costs do not depend on the seed.
    const range = commonRange([...byMethod.values()]);
    const budgets = options.budgets ?? anchorBudgets(task.rows);
    for (const [method, ofMethod] of byMethod) {
      const bySeed = [...groupBy(ofMethod, ({ seed }) => seed)].map(([seed, ofSeed]) => [seed, measureMethod(ofSeed, range, budgets)] as const);
      measured.set(`${task.name}\n${method}`, new Map(bySeed));
    }
  }
  return {
    tasks, methods, budgetNames: Object.keys(options.budgets ?? anchorBudgets(rows)),
    measures: (task, method) => measured.get(`${task}\n${method}`) ?? new Map(),
  };
}

/** The costs of the anchors by their short names, cheapest first. */
function anchorBudgets(rows: readonly StitchRow[]): Record<string, number> {
  const anchors = [...new Map(rows.filter(({ kind }) => kind === "anchor").map((row) => [row.front, row.flops]))];
  return Object.fromEntries(anchors.sort(([, a], [, b]) => a - b).map(([anchor, flops]) => [anchorLabel(anchor), flops]));
}

/** One of the measures. */
export type Measure = (measures: MethodMeasures) => number | null;

/** Mean over seeds; null where any seed lacks the measure. */
function overSeeds(bySeed: ReadonlyMap<number, MethodMeasures>, measure: Measure): MeanSpread | null {
  const values = [...bySeed.values()].map(measure);
  return values.includes(null) ? null : meanSpread(values as number[]);
}

const text = (key: string, label: string): TableColumn => ({ key, label, format: "text" });
const methodColumn = ({ methods }: Measured): TableColumn =>
  ({ ...text("method", "Method"), labels: Object.fromEntries(methods.map(({ id, label }) => [id, label])) });
const percentage = (key: string, label: string): TableColumn => ({ key, label, format: "percent" });
const slug = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "_");

const LEGEND =
  "Area: mean test top-1 over budgets, every octave of FLOPs counting the same, from the cheapest to the dearest budget that all methods " +
  "can serve; at each budget the best stitch on test (an oracle), the best on validation, or the dearest of those that the method itself selects is run (PST: by importance, " +
  "the best of each bin of FLOPs and the anchors; top-k: the anchors and as many stitches, those of the highest importance of all). " +
  "Selected: mean of the selected stitches without anchors; oracle: the best stitches at no more than their cost. " +
  "± is the sample standard deviation over seeds.";

/** The measures that stand in the tables, with the names of their columns. */
function measureColumns({ budgetNames }: Measured): { readonly column: TableColumn; readonly measure: Measure }[] {
  return [
    { column: percentage("area", "Area, oracle (%)"), measure: ({ area }) => area },
    { column: percentage("area_by_validation", "Area, by validation (%)"), measure: ({ areaByValidation }) => areaByValidation },
    { column: percentage("area_by_selection", "Area, as deployed (%)"), measure: ({ areaBySelection }) => areaBySelection },
    { column: percentage("area_by_top_k", "Area, top-k (%)"), measure: ({ areaByTopK }) => areaByTopK },
    { column: percentage("best_top1", "Best stitch (%)"), measure: ({ best }) => best },
    ...budgetNames.map((name) => ({
      column: percentage(`top1_within_${slug(name)}`, `Best within ${name} (%)`), measure: ({ within }: MethodMeasures) => within[name] ?? null,
    })),
    { column: percentage("selected_top1", "Selected (%)"), measure: ({ selected }) => selected },
    { column: percentage("oracle_top1", "Oracle for selected (%)"), measure: ({ oracle }) => oracle },
  ];
}

function taskTable(measured: Measured, note: string): Table {
  const measures = measureColumns(measured);
  return {
    id: "tasks", title: "Each task and method", note, legend: LEGEND,
    columns: [
      text("task", "Task"), text("group", "Group"), methodColumn(measured), { key: "trainable_params", label: "Trained parameters", format: "count" },
      ...measures.map(({ column }) => column),
    ],
    rows: measured.tasks.flatMap((task) => measured.methods.map(({ id }) => ({
      task: task.name, group: task.group, method: id, trainable_params: trainedParams(task.whole.filter(({ method }) => method === id)),
      ...Object.fromEntries(measures.map(({ column, measure }) => [column.key, overSeeds(measured.measures(task.name, id), measure)])),
    }))),
  };
}

/** Parameters that a method trains on a task: of its one run, or the sum of its runs where each anchor had its own; null without rows. */
export function trainedParams(rows: readonly StitchRow[]): number | null {
  return rows.length === 0 ? null : [...new Set(rows.map(({ trainableParams }) => trainableParams))].reduce((sum, count) => sum + count, 0);
}

/** Averages over all tasks of the methods that have them; and of all methods over the tasks that they have in common. */
function averageTable(measured: Measured, common: Measured, note: string): Table {
  const groups = [...new Set(measured.tasks.map(({ group }) => group))];
  const rowsOver = (some: Measured) => some.methods.flatMap(({ id }) => measureColumns(some).flatMap(({ column, measure }) => {
    const perSeed = averagesBySeed(some, id, measure);
    if (perSeed.length === 0) return [];
    return [{
      tasks: some.tasks.length, method: id, measure: column.label.replace(" (%)", ""),
      ...Object.fromEntries(groups.map((group) => [slug(group), meanSpread(perSeed.flatMap(({ groups: means }) => means.get(group) ?? []))])),
      mean_of_tasks: meanSpread(perSeed.map(({ meanOfTasks }) => meanOfTasks)),
      mean_of_groups: meanSpread(perSeed.map(({ meanOfGroups }) => meanOfGroups)),
    }];
  }));
  return {
    id: "averages", title: "Averages over tasks", note,
    legend: `${LEGEND} Where a method lacks tasks, its averages are over those that all methods have: a mean over other tasks would not compare.`,
    columns: [
      { key: "tasks", label: "Tasks", format: "count" }, methodColumn(measured), text("measure", "Measure"), ...groups.map((group) => percentage(slug(group), `${group} (%)`)),
      percentage("mean_of_tasks", "Mean of tasks (%)"), percentage("mean_of_groups", "Mean of group means (%)"),
    ],
    rows: [...rowsOver(measured), ...rowsOver(common)],
  };
}

/** Averages of a measure for each seed that has it on every task. */
function averagesBySeed(measured: Measured, method: string, measure: Measure): (GroupMeans & { readonly seed: number })[] {
  const seeds = new Set(measured.tasks.flatMap(({ name }) => [...measured.measures(name, method).keys()]));
  return [...seeds].flatMap((seed) => {
    const results = measured.tasks.flatMap(({ name, group }) => {
      const measures = measured.measures(name, method).get(seed);
      const value = measures === undefined ? null : measure(measures);
      return value === null ? [] : [{ group, value }];
    });
    return results.length === measured.tasks.length ? [{ ...groupMeans(results), seed }] : [];
  });
}

function anchorTable(measured: Measured, note: string): Table {
  const rows = measured.tasks.flatMap((task) => {
    const anchors = groupBy(task.rows.filter(({ kind }) => kind === "anchor"), ({ front }) => front);
    return [...anchors].map(([anchor, ofAnchor]) => ({
      task: task.name, anchor: anchorLabel(anchor), flops: ofAnchor[0]?.flops ?? null, params: ofAnchor[0]?.params ?? null,
      ...Object.fromEntries(measured.methods.map(({ id }) => [
        `${slug(id)}_top1`, meanSpread(ofAnchor.filter(({ method }) => method === id).map(({ top1 }) => top1)),
      ])),
    }));
  });
  return {
    id: "anchors", title: "The anchors, alone and inside each method", note,
    columns: [
      text("task", "Task"), text("anchor", "Anchor"), { key: "flops", label: "Cost of an image", format: "flops" }, { key: "params", label: "Parameters", format: "count" },
      ...measured.methods.map(({ id, label }) => percentage(`${slug(id)}_top1`, `${label} (%)`)),
    ],
    rows,
  };
}

/**
 * The area under the test frontier, or another measure, mean over tasks, of each seed of a method; a seed that lacks a task is left out.
 *
 * @returns a function from a method's name to its areas by seed.
 */
export function areasBySeed(rows: readonly StitchRow[], measure: Measure = ({ area }) => area): (method: string) => Map<number, number> {
  const measured = collect(rows, { note: "" });
  return (method) => new Map(averagesBySeed(measured, method, measure).map(({ seed, meanOfTasks }) => [seed, meanOfTasks]));
}

/** A method's area less that of another, or of another measure, seed by seed; null where no seed has both. */
export function areaDifferences(rows: readonly StitchRow[], measure?: Measure): (ours: string, other: string) => MeanSpread | null {
  const areas = areasBySeed(rows, measure);
  return (ours, other) => pairedDifference(areas(ours), areas(other));
}

/** Differences of two methods' areas, or of other measures, over seeds. */
export interface ComparedAreas {
  /** Of the mean of tasks; null where no task has both. */
  readonly difference: MeanSpread | null;
  /** The tasks that this, and what is told of groups, is the mean of. */
  readonly tasks: readonly string[];
  readonly meanOfGroups: MeanSpread | null;
  readonly byGroup: ReadonlyMap<string, MeanSpread>;
  /** Of each task, over all the seeds that both have on it. */
  readonly byTask: ReadonlyMap<string, MeanSpread>;
}

/**
 * Compares two methods seed by seed on the tasks that both were run on, over the budgets that both can serve; means, where a study is not complete, on
 * what makes the most runs (see {@link mostCommon}).
 *
 * @param measure - what is compared. @param otherMeasure - of the other method; the same by default.
 */
export function comparedAreas(rows: readonly StitchRow[], ours: string, other: string, measure: Measure = ({ area }) => area, otherMeasure = measure): ComparedAreas {
  const measured = collect(rows.filter(({ method }) => method === ours || method === other), { note: "" });
  const bySeed = new Map<number, Map<string, number>>();
  for (const { name } of measured.tasks) {
    for (const [seed, first] of measured.measures(name, ours)) {
      const second = measured.measures(name, other).get(seed);
      const [a, b] = [measure(first), second === undefined ? null : otherMeasure(second)];
      if (a !== null && b !== null) bySeed.set(seed, (bySeed.get(seed) ?? new Map<string, number>()).set(name, a - b));
    }
  }
  const groupOf = groupOfTasks(rows);
  const { tasks, seeds } = mostCommon(new Map([...bySeed].map(([seed, ofSeed]) => [seed, new Set(ofSeed.keys())])), groupOf);
  const means = seeds.map((seed) => groupMeans(tasks.map((task) => ({ group: groupOf(task), value: bySeed.get(seed)!.get(task)! }))));
  const meanOf = (value: (means: GroupMeans) => number): MeanSpread | null => meanSpread(means.map(value));
  return {
    difference: meanOf(({ meanOfTasks }) => meanOfTasks), tasks, meanOfGroups: meanOf(({ meanOfGroups }) => meanOfGroups),
    byGroup: new Map([...new Set(tasks.map(groupOf))].map((group) => [group, meanOf(({ groups }) => groups.get(group)!)!])),
    byTask: new Map(measured.tasks.flatMap(({ name }) => {
      const difference = meanSpread([...bySeed.values()].flatMap((ofSeed) => ofSeed.get(name) ?? []));
      return difference === null ? [] : [[name, difference] as const];
    })),
  };
}
