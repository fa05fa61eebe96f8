/**
 * @file Reporting: rows and run records on disk, and what is made from them — frontiers, tables, figures, the index of results.
 */
export { writeFileAtomic } from "./atomic-write.js";
export { judge, pairedDifference, verdicts } from "./claims.js";
export type { ClaimResult, Verdict } from "./claims.js";
export { choiceColumn, flagColumn, fractionColumn, numberColumn, optional, textColumn, wholeColumn } from "./columns.js";
export type { Column, Columns, RowOf } from "./columns.js";
export { areaUnderChoice, areaUnderFrontier, bestWithin, commonRange, paretoFrontier } from "./pareto.js";
export type { CostedPoint, FlopsRange } from "./pareto.js";
export { defineRows, stitchColumns, stitchRows, taskGroups } from "./record.js";
export type { RowType, StitchRow, TaskGroup } from "./record.js";
export { resultsIndex, SUMMARY_FILE, writeResultsIndex, writeSummary } from "./results-index.js";
export type { ExperimentSummary } from "./results-index.js";
export { parseRows, readRows, rowsToCsv, sha256, writeRows } from "./rows-csv.js";
export { readRunRecord, runRecordPath, writeRunRecord } from "./run-record.js";
export type { CodeState, Ingredient, Json, Machine, RunRecord } from "./run-record.js";
export { meanSpread, seedMeans, taskMeans } from "./seed-means.js";
export type { MeanSpread, StitchMean } from "./seed-means.js";
export { stitchClaims } from "./stitch-claims.js";
export type { ComparedMethods } from "./stitch-claims.js";
export { cellText, tableToCsv, tableToJson, tableToMarkdown, writeTable } from "./table.js";
export type { Cell, CellFormat, Table, TableColumn, TableFiles } from "./table.js";
export { measureMethod, stitchTables } from "./tables.js";
export type { MethodMeasures, StitchTableOptions } from "./tables.js";
export { enlargeFigure } from "./figures/enlarge.js";
export type { Figure, FigureLayout, FigureWidth, PlotlyObject } from "./figures/figure.js";
export { figurePage } from "./figures/page.js";
export { paretoFigure } from "./figures/pareto-figure.js";
export type { ParetoFigureOptions } from "./figures/pareto-figure.js";
export { closePlotly } from "./figures/plotly-window.js";
export { renderFigure, writeFigure } from "./figures/render.js";
export type { FigureFiles, RenderedFigure } from "./figures/render.js";
export { stitchSpaceFigure } from "./figures/stitch-space-figure.js";
export type { DrawnStitch, StitchSpaceFigureOptions } from "./figures/stitch-space-figure.js";
