/**
 * @file The table of anchors compared on many tasks: a column for every anchor of every folder of weights, means of the groups below.
 */
import { groupMeans } from "./group-means.js";
import type { Table, TableColumn } from "./table.js";

/** A column: an anchor with some weights. */
export interface ComparedColumn {
  /** As it heads the column. */
  readonly label: string;
  /** Accuracy on each task, 0–1, in the order of the tasks. */
  readonly top1: readonly number[];
}

/** A row's task. */
export interface ComparedTask {
  readonly name: string;
  readonly group: string;
  /** 0–1. */
  readonly chance: number;
}

/** Makes the table: tasks, then the mean of each group, then both averages where there are several groups. */
export function comparedAnchorsTable(about: Pick<Table, "id" | "title" | "note">, tasks: readonly ComparedTask[], compared: readonly ComparedColumn[]): Table {
  const values = [{ key: "chance", label: "chance", top1: tasks.map(({ chance }) => chance) }, ...compared.map((column, index) => ({ ...column, key: `anchor_${index}` }))];
  const columns: TableColumn[] = [
    { key: "task", label: "task", format: "text" },
    { key: "group", label: "group", format: "text" },
    ...values.map(({ key, label }): TableColumn => ({ key, label, format: "percent" })),
  ];
  const means = values.map(({ key, top1 }) => ({ key, means: groupMeans(tasks.map(({ group }, task) => ({ group, value: top1[task]! }))) }));
  const meanRow = (task: string, group: string, of: (means: ReturnType<typeof groupMeans>) => number) => ({ task, group, ...Object.fromEntries(means.map(({ key, means }) => [key, of(means)])) });
  const groups = [...new Set(tasks.map(({ group }) => group))];
  const several = groups.length < 2 ? [] : [meanRow("mean of the groups", "", ({ meanOfGroups }) => meanOfGroups), meanRow("mean of the tasks", "", ({ meanOfTasks }) => meanOfTasks)];
  return {
    ...about,
    columns,
    rows: [
      ...tasks.map(({ name, group }, task) => ({ task: name, group, ...Object.fromEntries(values.map(({ key, top1 }) => [key, top1[task]!])) })),
      ...groups.map((group) => meanRow("mean of the group", group, (means) => means.groups.get(group)!)),
      ...several,
    ],
  };
}
