/**
 * @file Schedules an experiment's runs: skips finished ones, takes interrupted ones up, records failures and goes on, then
 * puts rows.csv together and draws from it.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { throwProblems, UsageError } from "../checks.js";
import { writeFileAtomic } from "../reporting/atomic-write.js";
import { parseRows, rowsToCsv, sha256 } from "../reporting/rows-csv.js";
import { writeRunRecord, type CodeState, type Machine, type RunRecord } from "../reporting/run-record.js";
import type { BackendInUse } from "../tensor/index.js";
import type { Progress } from "../training/train.js";
import type { PlannedExperiment, PlannedRun } from "./experiment.js";
import { codeState, machine, versions } from "./provenance.js";
import { checkpointPath, eventLogPath, experimentFolder, removeDamagedCheckpoint, runOnDisk, runRowsPath, weightsPath } from "./run-folder.js";
import type { RunIdentity } from "./run-identity.js";

/** What a scheduler tells as it goes. `index` counts runs from 0. */
export type RunEvent =
  | { readonly kind: "skipped"; readonly run: string; readonly index: number; readonly runs: number }
  | { readonly kind: "replaced"; readonly run: string; readonly problem: string }
  | { readonly kind: "started"; readonly run: string; readonly index: number; readonly runs: number; readonly resumed: boolean }
  | { readonly kind: "progress"; readonly run: string; readonly progress: Progress }
  | { readonly kind: "finished"; readonly run: string; readonly seconds: number; readonly rows: number }
  | { readonly kind: "failed"; readonly run: string; readonly reason: string; readonly stack: string | null }
  | { readonly kind: "written"; readonly path: string; readonly rows: number };

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
  /** Does finished runs again. */
  readonly again?: boolean;
}

/** A run that failed, and why. */
export interface FailedRun {
  readonly run: string;
  readonly reason: string;
  /** Whether the caller can mend it. */
  readonly usage: boolean;
}

/** What came of a scheduling. */
export interface ScheduleSummary {
  readonly folder: string;
  readonly skipped: number;
  readonly finished: number;
  readonly failed: readonly FailedRun[];
}

/** What every record of this scheduling shares. */
interface Origin {
  readonly code: CodeState;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Runs what is not there yet, in order, and reports.
 *
 * A run's rows appear whole under their name, then its record; only both together count. rows.csv holds the rows of all
 * finished runs in the plan's order, so its bytes depend on nothing but the plan.
 *
 * @throws {UsageError} before any work when the experiment cannot run; the signal's reason when stopped.
 */
export async function runExperiment(experiment: PlannedExperiment, options: ScheduleOptions): Promise<ScheduleSummary> {
  throwProblems(experiment.problems());
  const { results, onEvent: tell = () => undefined, again = false, signal = new AbortController().signal } = options;
  const folder = options.folder ?? experimentFolder(results, experiment.profile, experiment.id);
  const log = eventLog(folder, tell);
  const origin: Origin = { code: codeState(), machine: machine(), versions: versions() };
  const failed: FailedRun[] = [];
  let skipped = 0;
  const done: PlannedRun[] = [];
  for (const [index, run] of experiment.runs.entries()) {
    signal.throwIfAborted();
    const identity = await run.identify();
    const there = runOnDisk(folder, run.name, identity.sha256);
    if (there.kind === "damaged") log({ kind: "replaced", run: run.name, problem: there.problem });
    if (there.kind === "finished" && !again) {
      skipped++;
      done.push(run);
      log({ kind: "skipped", run: run.name, index, runs: experiment.runs.length });
      continue;
    }
    const failure = await runOne(experiment, run, identity, index, folder, origin, { ...options, signal, onEvent: log });
    if (failure === undefined) done.push(run);
    else failed.push(failure);
  }
  await writeResults(experiment, folder, done, skipped < done.length || failed.length > 0, log);
  return { folder, skipped, finished: done.length - skipped, failed };
}

/** Executes one run and writes what came of it; returns why it failed, or nothing. */
async function runOne(experiment: PlannedExperiment, run: PlannedRun, identity: RunIdentity, index: number, folder: string, origin: Origin, options: ScheduleOptions & Required<Pick<ScheduleOptions, "signal" | "onEvent">>): Promise<FailedRun | undefined> {
  const { signal, onEvent: log, engine } = options;
  const checkpoint = checkpointPath(folder, run.name);
  makeFolder(dirname(checkpoint));
  const removed = removeDamagedCheckpoint(checkpoint);
  if (removed !== undefined) log({ kind: "replaced", run: run.name, problem: removed });
  const resumed = existsSync(checkpoint);
  log({ kind: "started", run: run.name, index, runs: experiment.runs.length, resumed });
  const measured: Record<string, number> = {};
  const started = performance.now();
  let peakBytes = process.memoryUsage.rss();
  const record = (part: Pick<RunRecord, "status" | "reason" | "rows" | "rowsSha256">): void => {
    writeRunRecord(folder, {
      experiment: experiment.id,
      profile: experiment.profile,
      run: run.name,
      ...part,
      seed: run.seed,
      settings: run.settings,
      settingsSha256: identity.sha256,
      // A run taken up from a checkpoint has been at work before: its whole time is not known here.
      seconds: resumed ? null : (performance.now() - started) / 1000,
      peakBytes,
      weights: identity.weights,
      data: identity.data,
      engine: { backend: engine.backend, threads: engine.threads },
      ...origin,
      ...(Object.keys(measured).length > 0 ? { measured } : {}),
    });
  };
  const attempt = await outcomeOf(async () =>
    run.execute({
      checkpoint,
      weights: weightsPath(folder, run.name),
      fingerprint: identity.sha256,
      signal,
      measure: (name, value) => (measured[name] = value),
      onProgress: (progress) => {
        peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
        log({ kind: "progress", run: run.name, progress });
      },
    }),
  );
  signal.throwIfAborted();
  if (attempt.kind === "thrown") {
    const reason = attempt.error instanceof Error ? attempt.error.message : String(attempt.error);
    const stack = attempt.error instanceof Error && !(attempt.error instanceof UsageError) ? (attempt.error.stack ?? null) : null;
    record({ status: "failed", reason, rows: 0, rowsSha256: null });
    log({ kind: "failed", run: run.name, reason, stack });
    return { run: run.name, reason, usage: attempt.error instanceof UsageError };
  }
  const { csv, rows } = attempt.outcome;
  writeFileAtomic(runRowsPath(folder, run.name), csv);
  record({ status: "finished", reason: null, rows, rowsSha256: sha256(csv) });
  rmSync(checkpoint, { force: true });
  log({ kind: "finished", run: run.name, seconds: (performance.now() - started) / 1000, rows });
  return undefined;
}

async function outcomeOf<T>(work: () => Promise<T>): Promise<{ kind: "done"; outcome: T } | { kind: "thrown"; error: unknown }> {
  try {
    return { kind: "done", outcome: await work() };
  } catch (error) {
    return { kind: "thrown", error };
  }
}

/**
 * Puts rows.csv together from the finished runs and lets the experiment draw from it.
 *
 * @param news - whether any run was done; without news, a report that is there already stays.
 */
async function writeResults(experiment: PlannedExperiment, folder: string, done: readonly PlannedRun[], news: boolean, log: (event: RunEvent) => void): Promise<void> {
  removeEmpty(join(folder, "checkpoints"));
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

/** Seconds between two lines of progress in the log. */
const LOG_SECONDS = 5;

/** Every event goes to the log file with its time, progress now and then only. */
function eventLog(folder: string, tell: (event: RunEvent) => void): (event: RunEvent) => void {
  const path = eventLogPath(folder);
  makeFolder(folder);
  let progressAt = -Infinity;
  return (event) => {
    const now = performance.now();
    if (event.kind !== "progress" || now - progressAt > LOG_SECONDS * 1000) {
      if (event.kind === "progress") progressAt = now;
      append(path, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
    }
    tell(event);
  };
}

function append(path: string, line: string): void {
  try {
    appendFileSync(path, line);
  } catch (error) {
    throw new UsageError(`results ${path}: cannot be written (${codeOf(error)}), expected a place that takes files. Free some space, or choose another folder with --results.`);
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`results ${folder}: cannot be made (${codeOf(error)}), expected a place that takes files. Choose another folder with --results.`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function removeEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
