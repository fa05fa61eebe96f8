/**
 * @file Runs an experiment: what is not there yet is done, then rows.csv is put together and drawn from.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { throwProblems } from "../checks.js";
import { writeFileAtomic } from "../reporting/atomic-write.js";
import { parseRows, rowsToCsv } from "../reporting/rows-csv.js";
import { runRecordPath } from "../reporting/run-record.js";
import type { BackendInUse } from "../tensor/index.js";
import type { PlannedExperiment, PlannedRun } from "./experiment.js";
import { eventLog, type RunEvent } from "./run-events.js";
import { experimentFolder, runOnDisk, runRowsPath } from "./run-folder.js";
import type { FindShared } from "./shared-runs.js";
import { workThrough, type FailedRun } from "./work-through.js";

/** How an experiment is run. */
export interface ScheduleOptions {
  /** Folder of all results; the experiment's lies below it, by profile and id. */
  readonly results: string;
  /** Folder of this experiment's results, in place of that below `results`. */
  readonly folder?: string;
  readonly engine: Pick<BackendInUse, "backend" | "threads">;
  readonly onEvent?: (event: RunEvent) => void;
  /** Stops after the current step, its checkpoint written: the call then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Does finished runs again, and takes none over. */
  readonly again?: boolean;
  /** Finds finished runs that computed the same, which are taken over; none by default. */
  readonly shared?: FindShared | undefined;
  /** Runs that failed after this time, in milliseconds since 1970, are not tried again; the time of the call by default. */
  readonly since?: number;
}

/** What came of a scheduling. */
export interface ScheduleSummary {
  readonly folder: string;
  readonly skipped: number;
  readonly finished: number;
  readonly failed: readonly FailedRun[];
}

/**
 * Runs what is not there yet, in order, and reports. Runs that another process works on are waited for.
 *
 * rows.csv holds the rows of all finished runs in the plan's order, so its bytes depend on nothing but the plan.
 *
 * @throws {UsageError} before any work when the experiment cannot run; the signal's reason when stopped.
 */
export async function runExperiment(experiment: PlannedExperiment, options: ScheduleOptions): Promise<ScheduleSummary> {
  const { results, engine, onEvent: tell = () => undefined, again = false, shared, since = performance.timeOrigin + performance.now(), signal = new AbortController().signal } = options;
  throwProblems(experiment.problems());
  const folder = options.folder ?? experimentFolder(results, experiment.profile, experiment.id);
  const log = eventLog(folder, tell);
  if (again) forgetRuns(experiment, folder);
  const { skipped, done, failed } = await workThrough(experiment, folder, { engine, onEvent: log, signal, since, waits: true, shared: again ? undefined : shared });
  await writeResults(experiment, folder, done, skipped < done.length || failed.length > 0, log);
  return { folder, skipped, finished: done.length - skipped, failed };
}

/** Takes the records away by which finished runs are known. */
export function forgetRuns(experiment: PlannedExperiment, folder: string): void {
  for (const { name } of experiment.runs) rmSync(runRecordPath(folder, name), { force: true });
}

/**
 * Puts rows.csv together from the runs that are finished so far; where there is none of the plan's, an older rows.csv stays as it is.
 *
 * @returns how many there are.
 */
export async function gatherRows(experiment: PlannedExperiment, folder: string): Promise<number> {
  const done: PlannedRun[] = [];
  for (const run of experiment.runs) if (existsSync(runRecordPath(folder, run.name)) && runOnDisk(folder, run.name, (await run.identify()).sha256).kind === "finished") done.push(run);
  if (done.length > 0) writeFileAtomic(join(folder, "rows.csv"), rowsToCsv(experiment.rowType, collectRows(experiment, folder, done)));
  return done.length;
}

/**
 * Puts rows.csv together from the finished runs and lets the experiment draw from it.
 *
 * @param news - whether any run was done; without news, a report that is there already stays.
 */
async function writeResults(experiment: PlannedExperiment, folder: string, done: readonly PlannedRun[], news: boolean, log: (event: RunEvent) => void): Promise<void> {
  for (const name of ["checkpoints", "claims"]) removeEmpty(join(folder, name));
  const rows = collectRows(experiment, folder, done);
  const path = join(folder, "rows.csv");
  const csv = rowsToCsv(experiment.rowType, rows);
  const unchanged = existsSync(path) && readFileSync(path, "utf8") === csv;
  if (!news && unchanged && experiment.reportFiles.every((file) => existsSync(join(folder, file)))) return;
  if (!unchanged) writeFileAtomic(path, csv);
  log({ kind: "written", path, rows: rows.length });
  if (rows.length > 0) await experiment.report(folder);
}

/** Reads the rows of the named runs in order. */
function collectRows(experiment: PlannedExperiment, folder: string, done: readonly PlannedRun[]): unknown[] {
  return done.flatMap((run) => {
    const path = runRowsPath(folder, run.name);
    return parseRows(experiment.rowType, readFileSync(path, "utf8"), path);
  });
}

function removeEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
