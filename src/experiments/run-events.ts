/**
 * @file What is told of runs as they go, and the log file that keeps it.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { UsageError } from "../checks.js";
import type { Progress } from "../training/train.js";
import { eventLogPath } from "./run-folder.js";

/** What a scheduler tells as it goes. `index` counts runs from 0. */
export type RunEvent =
  | { readonly kind: "skipped"; readonly run: string; readonly index: number; readonly runs: number }
  | { readonly kind: "shared"; readonly run: string; readonly index: number; readonly runs: number; readonly experiment: string; readonly of: string }
  | { readonly kind: "replaced"; readonly run: string; readonly problem: string }
  | { readonly kind: "started"; readonly run: string; readonly index: number; readonly runs: number; readonly resumed: boolean }
  | { readonly kind: "progress"; readonly run: string; readonly progress: Progress }
  | { readonly kind: "finished"; readonly run: string; readonly seconds: number; readonly rows: number }
  | { readonly kind: "failed"; readonly run: string; readonly reason: string; readonly stack: string | null }
  | { readonly kind: "written"; readonly path: string; readonly rows: number };

/** Seconds between two lines of progress in the log. */
const LOG_SECONDS = 5;

/** Every event goes to the log file with its time, progress now and then only. */
export function eventLog(folder: string, tell: (event: RunEvent) => void): (event: RunEvent) => void {
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
    throw unwritable(path, error);
  }
}

/** A file of results that the system refused. */
export function unwritable(path: string, error: unknown): UsageError {
  return new UsageError(`results ${path}: cannot be written (${codeOf(error)}), expected a place that takes files. Free some space, or choose another folder with --results.`);
}

/** Makes a folder of results. @throws {UsageError} where that is not possible. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`results ${folder}: cannot be made (${codeOf(error)}), expected a place that takes files. Choose another folder with --results.`);
  }
}

/** The system's name of a fault, or the fault as text. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
