/**
 * @file The table of anchors compared on many tasks: a column for every anchor of every folder of weights, means of the groups below.
 */
import { listText, signed } from "./claim-text.js";
import { groupMeans, type GroupMeans } from "./group-means.js";
import { groupBy } from "./seed-means.js";
import type { Table, TableColumn } from "./table.js";

/** A column: an anchor with some weights. */
export interface ComparedColumn {
  /** Names the weights; heads the column where there are several. */
  readonly version: string;
  /** Short name of the anchor; those of a version come smallest first. */
  readonly anchor: string;
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

/** Makes the table: tasks, then the mean of each group, then both averages where there are several groups; below, what the groups' means say of versions and sizes. */
export function comparedAnchorsTable(about: Pick<Table, "id" | "title" | "note">, tasks: readonly ComparedTask[], compared: readonly ComparedColumn[]): Table {
  const values = [{ key: "chance", label: "chance", top1: tasks.map(({ chance }) => chance) }, ...compared.map(({ version, anchor, top1 }, index) => ({ label: several(compared) ? `${anchor}, ${version}` : anchor, top1, key: `anchor_${index}` }))];
  const columns: TableColumn[] = [
    { key: "task", label: "task", format: "text" },
    { key: "group", label: "group", format: "text" },
    ...values.map(({ key, label }): TableColumn => ({ key, label, format: "percent" })),
  ];
  const means = values.map(({ key, top1 }) => ({ key, means: groupMeans(tasks.map(({ group }, task) => ({ group, value: top1[task]! }))) }));
  const meanRow = (task: string, group: string, of: (means: ReturnType<typeof groupMeans>) => number) => ({ task, group, ...Object.fromEntries(means.map(({ key, means }) => [key, of(means)])) });
  const groups = [...new Set(tasks.map(({ group }) => group))];
  const averages = groups.length < 2 ? [] : [meanRow("mean of the groups", "", ({ meanOfGroups }) => meanOfGroups), meanRow("mean of the tasks", "", ({ meanOfTasks }) => meanOfTasks)];
  return {
    ...about,
    legend: groupsText(compared.map(({ version, anchor }, index) => ({ version, anchor, groups: means[index + 1]!.means.groups }))),
    columns,
    rows: [
      ...tasks.map(({ name, group }, task) => ({ task: name, group, ...Object.fromEntries(values.map(({ key, top1 }) => [key, top1[task]!])) })),
      ...groups.map((group) => meanRow("mean of the group", group, (means) => means.groups.get(group)!)),
      ...averages,
    ],
  };
}

function several(compared: readonly ComparedColumn[]): boolean {
  return new Set(compared.map(({ version }) => version)).size > 1;
}

type ComparedMeans = Pick<ComparedColumn, "version" | "anchor"> & Pick<GroupMeans, "groups">;

/** In which groups bigger anchors are better in order, and where each version gains on the first. */
function groupsText(compared: readonly ComparedMeans[]): string {
  const [first, ...others] = [...groupBy(compared, ({ version }) => version).values()];
  if (first === undefined) return "";
  return [...[first, ...others].map((anchors) => orderText(anchors, others.length > 0)), ...others.map((anchors) => gainText(first, anchors))].join(" ");
}

function orderText(anchors: readonly ComparedMeans[], named: boolean): string {
  const ordered = groupNames(anchors).filter((group) => anchors.every(({ groups }, index) => index === 0 || groups.get(group)! > anchors[index - 1]!.groups.get(group)!));
  const order = anchors.map(({ anchor }) => anchor).reverse().join(" > ");
  return `Mean of the group${named ? `, ${anchors[0]!.version}` : ""}: ${order} in ${ordered.length === 0 ? "no group" : listText(ordered)}.`;
}

function gainText(first: readonly ComparedMeans[], anchors: readonly ComparedMeans[]): string {
  const gains = groupNames(first).map((group) => ({ group, gains: anchors.map(({ anchor, groups }, index) => ({ anchor, gain: groups.get(group)! - first[index]!.groups.get(group)! })) }));
  const [all, none] = [gains.filter((one) => one.gains.every(({ gain }) => gain > 0)), gains.filter((one) => one.gains.every(({ gain }) => gain <= 0))];
  const some = gains.filter((one) => !all.includes(one) && !none.includes(one));
  const named = (which: string, list: readonly { readonly group: string }[]): string[] => (list.length === 0 ? [] : [`${which} in ${listText(list.map(({ group }) => group))}`]);
  const numbers = gains.map((one) => `${one.group} ${one.gains.map(({ anchor, gain }) => `${anchor} ${signed(100 * gain, 1)}`).join(", ")}`).join("; ");
  return `${anchors[0]!.version} against ${first[0]!.version}: better ${[...named("with every anchor", all), ...named("with some", some), ...named("with none", none)].join(", ")} (points: ${numbers}).`;
}

function groupNames([first]: readonly ComparedMeans[]): string[] {
  return [...first!.groups.keys()];
}
