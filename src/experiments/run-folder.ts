/**
 * @file Where an experiment's files lie, and which of its runs are there, whole and with the same causes.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { readSafetensorsSummary } from "../anchors/safetensors.js";
import { parseRunRecord, runRecordPath, type RunRecord } from "../reporting/run-record.js";
import { sha256 } from "../reporting/rows-csv.js";

/** Folder of an experiment's results. */
export function experimentFolder(results: string, profile: string, experiment: string): string {
  return join(results, profile, experiment);
}

/** The rows of one run; `rows.csv` is put together from these. */
export function runRowsPath(folder: string, run: string): string {
  return join(folder, "runs", `${run}.csv`);
}

/** State of a run that has not finished. */
export function checkpointPath(folder: string, run: string): string {
  return join(folder, "checkpoints", `${run}.safetensors`);
}

/** What a run trained, where it was asked to keep it. */
export function weightsPath(folder: string, run: string): string {
  return join(folder, "weights", `${run}.safetensors`);
}

/** Events of every scheduling of this experiment, one JSON object a line. */
export function eventLogPath(folder: string): string {
  return join(folder, "events.jsonl");
}

/** What is on disk of a run:
 * - *finished* - rows and record, whole, of these causes
 * - *missing* - nothing that counts
 * - *failed* - the last attempt ended with a reason
 * - *changed* - finished, but of other settings, weights or data
 * - *damaged* - a file that is not whole; `problem` says which and why */
export type RunOnDisk =
  | { readonly kind: "finished"; readonly record: RunRecord; readonly csv: string }
  | { readonly kind: "missing" }
  | { readonly kind: "failed"; readonly record: RunRecord }
  | { readonly kind: "changed"; readonly record: RunRecord }
  | { readonly kind: "damaged"; readonly problem: string };

/** Looks at what is on disk of a run. @param identity - sha256 of all that decides its rows. */
export function runOnDisk(folder: string, run: string, identity: string): RunOnDisk {
  const recordPath = runRecordPath(folder, run);
  const recordText = textOf(recordPath);
  if (recordText === undefined) return { kind: "missing" };
  let record: RunRecord;
  try {
    record = parseRunRecord(recordText, recordPath);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { kind: "damaged", problem: `run ${run}: ${recordPath} is half-written or damaged, expected a run record: the run is done again.` };
  }
  if (record.status === "failed") return { kind: "failed", record };
  if (record.settingsSha256 !== identity) return { kind: "changed", record };
  const rowsPath = runRowsPath(folder, run);
  const csv = textOf(rowsPath);
  if (csv === undefined) return { kind: "missing" };
  if (sha256(csv) !== record.rowsSha256) return { kind: "damaged", problem: `run ${run}: ${rowsPath} is half-written or damaged (its sha256 differs from its record's): the run is done again.` };
  return { kind: "finished", record, csv };
}

/**
 * Removes a checkpoint that is not a whole file, so that the run starts again rather than stops.
 *
 * @returns what was removed and why, or nothing.
 */
export function removeDamagedCheckpoint(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    readSafetensorsSummary(path);
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    rmSync(path, { force: true });
    return `checkpoint ${path} is half-written or damaged, expected a whole file: the run starts again.`;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new UsageError(`${path}: cannot be read (${error instanceof Error ? error.message : String(error)}), expected a file of results. Check its permissions.`);
  }
}
