/**
 * @file Works through an experiment's runs: skips finished ones, takes interrupted ones up, leaves those of other processes to them,
 * records failures and goes on.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { UsageError } from "../checks.js";
import { writeFileAtomic } from "../reporting/atomic-write.js";
import { sha256 } from "../reporting/rows-csv.js";
import { runRecordPath, writeRunRecord, type CodeState, type Machine, type RunRecord } from "../reporting/run-record.js";
import type { BackendInUse } from "../tensor/index.js";
import type { PlannedExperiment, PlannedRun } from "./experiment.js";
import { peakMemoryBytes } from "./peak-memory.js";
import { processorSeconds } from "./processor-seconds.js";
import { codeState, machine, versions } from "./provenance.js";
import { claimRun, type RunClaim } from "./run-claim.js";
import { makeFolder, type RunEvent } from "./run-events.js";
import { checkpointPath, removeDamagedCheckpoint, runOnDisk, runRowsPath, weightsPath } from "./run-folder.js";
import type { RunIdentity } from "./run-identity.js";
import type { FindShared, SharedRun } from "./shared-runs.js";

/** How runs are worked through. */
export interface WorkOptions {
  readonly engine: Pick<BackendInUse, "backend" | "threads">;
  readonly onEvent: (event: RunEvent) => void;
  readonly signal: AbortSignal;
  /** A run that failed after this time, in milliseconds since 1970, is not tried again. */
  readonly since: number;
  /** Waits for runs that other processes work on, and takes up what they leave; otherwise they are left out. */
  readonly waits: boolean;
  /** Finds runs that computed the same elsewhere; none by default. */
  readonly shared?: FindShared | undefined;
}

/** A run that failed, and why. */
export interface FailedRun {
  readonly run: string;
  readonly reason: string;
  /** Whether the caller can mend it. */
  readonly usage: boolean;
}

/** What came of the runs. */
export interface Worked {
  /** Runs that were there before, under their own names or others'. */
  readonly skipped: number;
  /** Finished runs, those with them, in the plan's order. */
  readonly done: readonly PlannedRun[];
  readonly failed: readonly FailedRun[];
}

/** What every record of this scheduling shares. */
interface Origin {
  readonly code: CodeState;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

/** Runs that this process has begun. */
let runsOfProcess = 0;

/** Milliseconds between looks at what other processes work on. */
const LOOK_AGAIN = 1000;

/**
 * Does what is not there yet, in order.
 *
 * A run's rows appear whole under their name, then its record; only both together count. What another run has computed already is
 * taken over under the run's own names.
 *
 * @throws the signal's reason when stopped.
 */
export async function workThrough(experiment: PlannedExperiment, folder: string, options: WorkOptions): Promise<Worked> {
  const { onEvent: log, signal, since, waits, shared = async () => undefined } = options;
  const origin: Origin = { code: codeState(), machine: machine(), versions: versions() };
  const runs = experiment.runs.length;
  const done = new Set<PlannedRun>();
  const failed: FailedRun[] = [];
  let skipped = 0;
  let left: { readonly index: number; readonly run: PlannedRun; readonly identity?: RunIdentity }[] = [];
  const skip = (run: PlannedRun, index: number): void => {
    done.add(run);
    skipped++;
    log({ kind: "skipped", run: run.name, index, runs });
  };
  // What is there already is told before anything is begun, so that forecasts count what is left.
  for (const [index, run] of experiment.runs.entries()) {
    signal.throwIfAborted();
    const identity = existsSync(runRecordPath(folder, run.name)) ? await run.identify() : undefined;
    if (identity === undefined) left.push({ index, run });
    else if (runOnDisk(folder, run.name, identity.sha256).kind !== "finished") left.push({ index, run, identity });
    else skip(run, index);
  }
  for (let first = true; left.length > 0 && (first || waits); first = false) {
    if (!first) await pause(LOOK_AGAIN, undefined, { signal }).catch(() => undefined);
    const others: typeof left = [];
    for (const { index, run, identity: known } of left) {
      signal.throwIfAborted();
      const identity = known ?? (await run.identify());
      const there = runOnDisk(folder, run.name, identity.sha256);
      if (there.kind === "finished") {
        if (first) skip(run, index);
        else done.add(run);
        continue;
      }
      if (there.kind === "failed" && statSync(runRecordPath(folder, run.name)).mtimeMs >= since) {
        failed.push({ run: run.name, reason: there.record.reason ?? "no reason kept", usage: false });
        continue;
      }
      const claim = claimRun(folder, run.name);
      if (claim === undefined || runOnDisk(folder, run.name, identity.sha256).kind === "finished") {
        claim?.release();
        others.push({ index, run, identity });
        continue;
      }
      if (there.kind === "damaged") log({ kind: "replaced", run: run.name, problem: there.problem });
      try {
        const elsewhere = await shared(run, identity);
        if (elsewhere !== undefined) {
          takeOver(experiment, run, identity, folder, elsewhere);
          log({ kind: "shared", run: run.name, index, runs, experiment: elsewhere.record.experiment, of: elsewhere.record.run });
          done.add(run);
          skipped++;
          continue;
        }
        const failure = await runOne(experiment, run, identity, index, folder, origin, claim, options);
        if (failure === undefined) done.add(run);
        else failed.push(failure);
      } finally {
        claim.release();
      }
    }
    left = others;
  }
  return { skipped, done: experiment.runs.filter((run) => done.has(run)), failed };
}

/** Writes the rows of a run that computed the same, under this one's names, and a record that says so. */
function takeOver(experiment: PlannedExperiment, run: PlannedRun, identity: RunIdentity, folder: string, { record, csv: theirs }: SharedRun): void {
  const { csv, rows } = run.takeOver(theirs, `${record.experiment} ${record.run}`);
  const { sharedWith = { experiment: record.experiment, run: record.run } } = record;
  writeFileAtomic(runRowsPath(folder, run.name), csv);
  writeRunRecord(folder, { ...record, experiment: experiment.id, run: run.name, settings: run.settings, settingsSha256: identity.sha256, rows, rowsSha256: sha256(csv), weights: identity.weights, data: identity.data, sharedWith });
  rmSync(checkpointPath(folder, run.name), { force: true });
}

/** Executes one run and writes what came of it; returns why it failed, or nothing. */
async function runOne(experiment: PlannedExperiment, run: PlannedRun, identity: RunIdentity, index: number, folder: string, origin: Origin, claim: RunClaim, options: WorkOptions): Promise<FailedRun | undefined> {
  const { signal, onEvent: log, engine } = options;
  const checkpoint = checkpointPath(folder, run.name);
  makeFolder(dirname(checkpoint));
  const removed = removeDamagedCheckpoint(checkpoint);
  if (removed !== undefined) log({ kind: "replaced", run: run.name, problem: removed });
  const resumed = existsSync(checkpoint);
  log({ kind: "started", run: run.name, index, runs: experiment.runs.length, resumed });
  runsOfProcess++;
  const measured: Record<string, number> = {};
  const started = performance.now();
  const processorBefore = process.cpuUsage();
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
      processorSeconds: resumed ? null : processorSeconds(processorBefore),
      // What runs before have left in this process would count too.
      peakBytes: runsOfProcess === 1 ? peakMemoryBytes() : null,
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
        claim.keep();
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
