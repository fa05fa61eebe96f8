/**
 * @file Tables and figures of an experiment on stitches, from its rows.csv alone.
 */
import { join } from "node:path";
import { paretoFigure } from "../reporting/figures/pareto-figure.js";
import { writeFigure } from "../reporting/figures/render.js";
import { stitchRows } from "../reporting/record.js";
import { readRows } from "../reporting/rows-csv.js";
import type { ReportContext } from "./experiment.js";

/** Draws the accuracy–FLOPs frontier of every method on every task and on their mean. */
export async function reportStitchRows({ folder, profile, note }: ReportContext): Promise<void> {
  const rows = readRows(join(folder, "rows.csv"), stitchRows);
  await writeFigure(join(folder, "figures", "pareto"), paretoFigure(rows, { note }), `vtab-stitching, ${profile}`);
}
