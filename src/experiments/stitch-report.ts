/**
 * @file Tables, figures and verdict of an experiment on stitches, from its rows.csv alone.
 */
import { join } from "node:path";
import { paretoFigure } from "../reporting/figures/pareto-figure.js";
import { writeFigure } from "../reporting/figures/render.js";
import { groupMeans } from "../reporting/group-means.js";
import { areaUnderFrontier, commonRange } from "../reporting/pareto.js";
import { stitchRows, type StitchRow } from "../reporting/record.js";
import { readRows } from "../reporting/rows-csv.js";
import { groupBy } from "../reporting/seed-means.js";
import { writeTable } from "../reporting/table.js";
import { stitchTables } from "../reporting/tables.js";
import type { ReportContext, Verdict } from "./experiment.js";

/** What {@link reportStitchRows} writes. */
export const stitchReportFiles: readonly string[] = [
  ...["tasks", "averages", "anchors"].flatMap((table) => ["csv", "md", "json"].map((ending) => `tables/${table}.${ending}`)),
  ...["svg", "png", "html"].map((ending) => `figures/pareto.${ending}`),
];

/** Draws the accuracy–FLOPs frontier of every method on every task and on their mean, and writes the tables. */
export async function reportStitchRows({ folder, id, profile, note }: ReportContext): Promise<void> {
  const rows = readRows(join(folder, "rows.csv"), stitchRows);
  for (const table of stitchTables(rows, { note })) writeTable(join(folder, "tables"), table);
  await writeFigure(join(folder, "figures", "pareto"), paretoFigure(rows, { note }), `${id}, ${profile}`);
}

/** Holds PST's area under the frontier against SN-Net's, task by task, each task averaged over seeds. */
export function stitchVerdict(rows: readonly StitchRow[]): Verdict {
  const tasks = [...groupBy(rows, ({ task }) => task)].flatMap(([task, ofTask]) => {
    const pst = meanArea(ofTask, "pst");
    const full = meanArea(ofTask, "sn-net");
    return pst === null || full === null ? [] : [{ task, group: ofTask[0]!.group, pst, full }];
  });
  if (tasks.length === 0) return { ours: "not run yet", verdict: "–" };
  const mean = (value: (one: (typeof tasks)[number]) => number): number => groupMeans(tasks.map((one) => ({ group: one.group, value: value(one) }))).meanOfTasks;
  const above = tasks.filter(({ pst, full }) => pst > full).length;
  const [pst, full] = [mean((one) => one.pst), mean((one) => one.full)];
  const share = trainedOf(rows, "pst") / trainedOf(rows, "sn-net");
  const verdict = above === tasks.length ? "same direction on every task" : pst > full ? `same direction on the mean, on ${above} of ${tasks.length} tasks` : `other direction on the mean; same on ${above} of ${tasks.length} tasks`;
  return { ours: `mean area under the frontier ${percent(pst)} against ${percent(full)}, training ${percent(share)} of the parameters`, verdict };
}

/** Mean over seeds of a method's area, over the budgets that PST and SN-Net share. */
function meanArea(rows: readonly StitchRow[], method: string): number | null {
  const range = commonRange(["pst", "sn-net"].map((one) => rows.filter((row) => row.method === one)));
  if (range === null) return null;
  const areas = [...groupBy(rows.filter((row) => row.method === method), ({ seed }) => seed).values()].flatMap((ofSeed) => areaUnderFrontier(ofSeed, range) ?? []);
  return areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

function trainedOf(rows: readonly StitchRow[], method: string): number {
  return rows.find((row) => row.method === method)?.trainableParams ?? Number.NaN;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
