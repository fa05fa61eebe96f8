/**
 * @file What an unfinished experiment shows: tasks and seeds alone that have all, so that no mean over tasks stands beside one over others.
 */
import { groupOfTasks, mostCommon, type CommonRuns } from "../reporting/common-runs.js";
import type { StitchRow } from "../reporting/record.js";
import { groupBy } from "../reporting/seed-means.js";
import type { ExperimentDefinition, PlainData } from "./experiment.js";

/** What a row tells of its run. */
type RunRow = Pick<StitchRow, "task" | "group" | "seed">;
/** All that is made of rows. */
type Shown<Row> = Required<Pick<ExperimentDefinition<PlainData, PlainData, Row>, "figures" | "report" | "claims" | "found">>;

/** Makes everything of the rows of the tasks and seeds that have every part; figures and tables, where none has them all, of all rows. @param partOf - names what every task and seed has when the experiment is whole. */
export function onCommonRuns<Row extends RunRow>(partOf: (row: Row) => string, { figures, report, claims, found }: Shown<Row>): Shown<Row> {
  const onKept = <Context extends { readonly note: string }, Result>(use: (rows: readonly Row[], context: Context) => Result) => (rows: readonly Row[], context: Context): Result => {
    const common = commonRuns(rows, partOf);
    const kept = rowsOf(rows, common);
    if (kept.length === 0 || kept.length === rows.length) return use(rows, context);
    return use(kept, { ...context, note: `${context.note}; compared on the ${counted(common.tasks, "task")} and ${counted(common.seeds, "seed")} that all have` });
  };
  return {
    figures: Object.fromEntries(Object.entries(figures).map(([name, draw]) => [name, onKept(draw)])),
    report: onKept(report),
    claims: (rows) => claims(rowsOf(rows, commonRuns(rows, partOf))),
    found: (rows, context) => found(rowsOf(rows, commonRuns(rows, partOf)), context),
  };
}

/** The most tasks and seeds whose rows hold every part that any row is of. */
function commonRuns<Row extends RunRow>(rows: readonly Row[], partOf: (row: Row) => string): CommonRuns {
  const parts = new Set(rows.map(partOf));
  return mostCommon(new Map([...groupBy(rows, ({ seed }) => seed)].map(([seed, ofSeed]) => {
    const whole = [...groupBy(ofSeed, ({ task }) => task)].filter(([, ofTask]) => new Set(ofTask.map(partOf)).size === parts.size);
    return [seed, new Set(whole.map(([task]) => task))];
  })), groupOfTasks(rows));
}

function rowsOf<Row extends RunRow>(rows: readonly Row[], { tasks, seeds }: CommonRuns): Row[] {
  return rows.filter(({ task, seed }) => tasks.includes(task) && seeds.includes(seed));
}

function counted({ length }: readonly unknown[], what: string): string {
  return `${length} ${what}${length === 1 ? "" : "s"}`;
}
