/**
 * @file Two methods side by side: the difference of every task, of the groups and of both averages, with its interval and what that says.
 */
import { interval95, judge } from "./claims.js";
import { groupOfTasks } from "./common-runs.js";
import type { StitchRow } from "./record.js";
import type { MeanSpread } from "./seed-means.js";
import { comparedAsRun } from "./stitch-claims.js";
import type { Cell, Table, TableColumn } from "./table.js";
import { comparedAreas, type ComparedAreas } from "./tables.js";

/** Where a difference stands, by its 95 % interval. */
const standings = { supported: "above", contradicted: "below", undecided: "undecided" } as const;

export type Standing = (typeof standings)[keyof typeof standings];

/** Whether the first of two methods stands above or below the other, or the interval of their difference does not say. */
export function standing(difference: MeanSpread): Standing {
  return standings[judge(difference).verdict];
}

/** The table `differences`: PST − SN-Net, along the frontier and as run without an oracle. */
export function differenceTable(rows: readonly StitchRow[], note: string): Table {
  const [ours, other] = ["pst", "sn-net"];
  const points = (key: string, label: string): TableColumn => ({ key, label: `${label} (points)`, format: "percent" });
  const text = (key: string, label: string): TableColumn => ({ key, label, format: "text" });
  return {
    id: "differences", title: "PST − SN-Net", note,
    legend: "Differences of areas (mean test top-1 over budgets, every octave of FLOPs counting the same), paired by seed. Frontier: at each budget the best stitch on test (an oracle); " +
      "as run: PST's chosen by importance, SN-Net's by validation accuracy. ± is the sample standard deviation over seeds; low and high are the ends of the 95 % interval, by which PST stands " +
      "above or below: of many intervals one in twenty misses by chance.",
    columns: [
      text("measure", "Area"), text("over", "Task or mean"), text("group", "Group"), { key: "tasks", label: "Tasks", format: "count" },
      points("difference", "Difference"), points("low", "Low"), points("high", "High"), text("stands", "PST stands"),
    ],
    rows: [...differenceRows("frontier", comparedAreas(rows, ours, other), groupOfTasks(rows)), ...differenceRows("as run", comparedAsRun(rows, ours, other), groupOfTasks(rows))],
  };
}

function differenceRows(measure: string, { difference, meanOfGroups, byGroup, byTask, tasks }: ComparedAreas, groupOf: (task: string) => string): Readonly<Record<string, Cell>>[] {
  const row = (over: string, group: string | null, of: number, found: MeanSpread | null): Readonly<Record<string, Cell>>[] => {
    if (found === null) return [];
    const [low, high] = interval95(found) ?? [null, null];
    return [{ measure, over, group, tasks: of, difference: found, low, high, stands: standing(found) }];
  };
  return [
    ...[...byTask].flatMap(([task, found]) => row(task, groupOf(task), 1, found)),
    ...[...byGroup].flatMap(([group, found]) => row("mean of the group", group, tasks.filter((task) => groupOf(task) === group).length, found)),
    ...row("mean of tasks", null, tasks.length, difference),
    ...row("mean of group means", null, tasks.length, meanOfGroups),
  ];
}
