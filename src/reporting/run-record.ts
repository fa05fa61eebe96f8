/**
 * @file The record of one run, `runs/<run>.json`: what caused its rows, and whether they can be trusted.
 *
 * Everything that differs from run to run (times, memory, machine) stands here and never in rows.csv.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { writeFileAtomic } from "./atomic-write.js";
import { parseJson } from "./parse-json.js";

/** A plain value as JSON can hold it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A file or data set that went into a run: its name and the sha256 of its content. */
export interface Ingredient {
  readonly name: string;
  readonly sha256: string;
}

/** Where the program came from. `commit` is null outside a git checkout. */
export interface CodeState {
  readonly commit: string | null;
  /** Whether tracked files differed from the commit; null where that could not be asked. */
  readonly dirty: boolean | null;
}

/** The machine of a run; nothing that names its owner or its place. */
export interface Machine {
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
}

/** The record of one run. Fields that are not known are null, never left out and never 0. */
export interface RunRecord {
  readonly experiment: string;
  readonly profile: string;
  /** Name of the run, built from its point and seed: `task=digits_method=pst_seed=0`. */
  readonly run: string;
  readonly status: "finished" | "failed";
  /** Why the run failed; null when it finished. */
  readonly reason: string | null;
  readonly seed: number;
  /** The settings that decided the rows, defaults written out. */
  readonly settings: { readonly [key: string]: Json };
  /** sha256 of the settings as written; a finished run with the same hash is not repeated. */
  readonly settingsSha256: string;
  /** Wall-clock seconds of the run, interruptions left out. */
  readonly seconds: number | null;
  /** Seconds of processor time, of all threads together: what else the machine did leaves them as they are. Absent in records older than this field. */
  readonly processorSeconds?: number | null;
  /** Bytes that the process held at most, where the run was the first in its process: later ones stand on what those before have left. */
  readonly peakBytes: number | null;
  /** Number of rows written by this run. */
  readonly rows: number;
  /** sha256 of the run's rows as CSV; null when it failed. */
  readonly rowsSha256: string | null;
  readonly weights: readonly Ingredient[];
  readonly data: readonly Ingredient[];
  readonly code: CodeState;
  /** Versions of the package, of the engine and of what else decided the numbers, by name. */
  readonly versions: { readonly [name: string]: string };
  /** Backend that computed, and the number of its threads. */
  readonly engine: { readonly backend: string; readonly threads: number };
  readonly machine: Machine;
  /** The run of another experiment, or of another name, that computed these rows: times, memory, machine and code are of it. */
  readonly sharedWith?: { readonly experiment: string; readonly run: string };
  /** What a run wants to keep beside (for instance measured seconds per step). */
  readonly measured?: { readonly [key: string]: Json };
}

/** Where the record of a run stands inside its experiment's folder. */
export function runRecordPath(folder: string, run: string): string {
  return join(folder, "runs", `${run}.json`);
}

/** Writes the record of a run at once. */
export function writeRunRecord(folder: string, record: RunRecord): void {
  writeFileAtomic(runRecordPath(folder, record.run), `${JSON.stringify(record, null, 2)}\n`);
}

/** Reads the records of all runs of an experiment, by their names; none where the folder holds none (a fresh clone). @throws {UsageError} for a file that is no run record. */
export function readRunRecords(folder: string): RunRecord[] {
  const runs = join(folder, "runs");
  if (!existsSync(runs)) return [];
  return readdirSync(runs).filter((name) => name.endsWith(".json")).sort().map((name) => parseRunRecord(readFileSync(join(runs, name), "utf8"), join(runs, name)));
}

/** Reads a run record from its text; `path` is for messages. */
export function parseRunRecord(text: string, path: string): RunRecord {
  const advice = "Delete it and run again.";
  const value = parseJson(text, path, "a run record", advice);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`${path}: ${JSON.stringify(value).slice(0, 40)}, expected a run record. ${advice}`);
  }
  const record = value as Record<string, unknown>;
  const problems = (["experiment", "profile", "run", "settingsSha256"] as const)
    .filter((key) => typeof record[key] !== "string")
    .map((key) => `${path}: ${key} is missing, expected a text. ${advice}`);
  if (record["status"] !== "finished" && record["status"] !== "failed") {
    problems.push(`${path}: status is ${JSON.stringify(record["status"])}, expected "finished" or "failed". ${advice}`);
  }
  if (problems.length > 0) throw new UsageError(problems);
  return value as RunRecord;
}
