/**
 * @file Runs a planned experiment and hands its rows back: for notebooks, where a look should leave no results behind.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { throwProblems } from "../checks.js";
import type { RowType } from "../reporting/record.js";
import { parseRows } from "../reporting/rows-csv.js";
import type { Progress } from "../training/train.js";
import type { PlannedExperiment } from "./experiment.js";

/** How a plan is run. */
export interface RunInMemoryOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** Ends after the current step; the call then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Runs every point and seed of a plan, one after the other.
 *
 * @param rowType - the experiment's rows; they come in the plan's order.
 * @throws {UsageError} before any work when the experiment cannot run.
 */
export async function runInMemory<Row>(experiment: PlannedExperiment, rowType: RowType<Row>, { onProgress = () => undefined, signal = new AbortController().signal }: RunInMemoryOptions = {}): Promise<Row[]> {
  throwProblems(experiment.problems());
  const folder = mkdtempSync(join(tmpdir(), "esta-run-"));
  const rows: Row[] = [];
  try {
    for (const [index, run] of experiment.runs.entries()) {
      const { csv } = await run.execute({
        checkpoint: join(folder, `${index}.safetensors`), weights: join(folder, `${index}-weights.safetensors`), fingerprint: run.name, measure: () => undefined, signal,
        onProgress: (progress) => onProgress({ ...progress, label: `run ${index + 1} of ${experiment.runs.length}, ${run.name.replaceAll("_", " ")}: ${progress.label}` }),
      });
      signal.throwIfAborted();
      rows.push(...parseRows(rowType, csv, run.name));
    }
    onProgress({ done: experiment.runs.length, total: experiment.runs.length, label: "all runs" });
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
