/**
 * @file What an unfinished experiment shows: tasks and seeds alone that have all, so that no mean over tasks stands beside one over others.
 */
import { countText } from "../reporting/claim-text.js";
import { comparableRows, extentOf, type RunRow } from "../reporting/common-runs.js";
import type { ExperimentDefinition, PlainData } from "./experiment.js";

/** All that is made of rows. */
type Shown<Row> = Required<Pick<ExperimentDefinition<PlainData, PlainData, Row>, "figures" | "report" | "claims" | "found">>;

/** Makes everything of the rows of the tasks and seeds that have every part; figures and tables, where none has them all, of all rows. @param partOf - as for {@link comparableRows}. */
export function onCommonRuns<Row extends RunRow>(partOf: (row: Row) => string, { figures, report, claims, found }: Shown<Row>): Shown<Row> {
  const onKept = <Context extends { readonly note: string }, Result>(use: (rows: readonly Row[], context: Context) => Result) => (rows: readonly Row[], context: Context): Result => {
    const kept = comparableRows(rows, partOf);
    if (kept.length === 0 || kept.length === rows.length) return use(rows, context);
    const { tasks, seeds } = extentOf(kept);
    return use(kept, { ...context, note: `${context.note}; compared on the ${countText(tasks, "task")} and ${countText(seeds, "seed")} that all have` });
  };
  return {
    figures: Object.fromEntries(Object.entries(figures).map(([name, draw]) => [name, onKept(draw)])),
    report: onKept(report),
    claims: (rows) => claims(comparableRows(rows, partOf)),
    found: (rows, context) => found(comparableRows(rows, partOf), context),
  };
}
