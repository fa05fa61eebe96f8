/**
 * @file Tables, figures and claims of an experiment on stitches, from its rows alone.
 */
import { join } from "node:path";
import type { ClaimResult } from "../reporting/claims.js";
import { costsTable } from "../reporting/costs-table.js";
import { paretoFigure } from "../reporting/figures/pareto-figure.js";
import { writeFigure } from "../reporting/figures/render.js";
import type { StitchRow } from "../reporting/record.js";
import { stitchClaims } from "../reporting/stitch-claims.js";
import { writeTable } from "../reporting/table.js";
import { stitchTables } from "../reporting/tables.js";
import type { ReportContext } from "./experiment.js";

/** What {@link reportStitchRows} writes. */
export const stitchReportFiles: readonly string[] = [
  ...["png", "svg", "html"].map((ending) => `figures/pareto.${ending}`),
  ...["tasks", "averages", "anchors"].flatMap((table) => ["md", "csv", "json"].map((ending) => `tables/${table}.${ending}`)),
];

/**
 * Draws the accuracy–FLOPs frontier of every method on every task and on their mean, and writes the tables.
 *
 * @param labels - methods' labels by name, where they differ from the kit's.
 */
export async function reportStitchRows(rows: readonly StitchRow[], { folder, id, profile, note }: ReportContext, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const table of stitchTables(rows, { note, labels })) writeTable(join(folder, "tables"), table);
  const costs = costsTable(folder, note, labels);
  if (costs !== undefined) writeTable(join(folder, "tables"), costs);
  // Three tasks and their mean fill two rows of two; the figure's own three columns would leave the mean alone.
  const columns = new Set(rows.map(({ task }) => task)).size === 3 ? { columns: 2 } : {};
  await writeFigure(join(folder, "figures", "pareto"), paretoFigure(rows, { note, labels, ...columns }), `${id}, ${profile}`);
}

/** The claims for which both sides were run. */
export function measuredStitchClaims(rows: readonly StitchRow[]): ClaimResult[] {
  return stitchClaims(rows).filter(({ ours }) => ours !== null);
}
