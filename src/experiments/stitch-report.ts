/**
 * @file Tables, figures and claims of an experiment on stitches, from its rows alone.
 */
import { join } from "node:path";
import type { ClaimResult } from "../reporting/claims.js";
import { paretoFigure } from "../reporting/figures/pareto-figure.js";
import type { StitchRow } from "../reporting/record.js";
import { stitchClaims } from "../reporting/stitch-claims.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { stitchTables } from "../reporting/tables.js";
import type { FigureDrawings, ReportContext } from "./experiment.js";

/** What {@link reportStitchRows} writes. */
export const stitchReportFiles: readonly string[] = tablePaths("tasks", "averages", "anchors");

/** The accuracy–FLOPs frontier of every method on every task and on their mean. @param labels - methods' labels by name, where they differ from the kit's. */
export function stitchFigures(labels: Readonly<Record<string, string>> = {}): FigureDrawings<StitchRow> {
  return { pareto: (rows, context) => paretoFigure(rows, { ...context, labels }) };
}

/** Writes the tables. @param labels - as for {@link stitchFigures}. */
export async function reportStitchRows(rows: readonly StitchRow[], { folder, note }: ReportContext, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const table of stitchTables(rows, { note, labels })) writeTable(join(folder, "tables"), table);
}

/** The claims for which both sides were run. */
export function measuredStitchClaims(rows: readonly StitchRow[]): ClaimResult[] {
  return stitchClaims(rows).filter(({ ours }) => ours !== null);
}
