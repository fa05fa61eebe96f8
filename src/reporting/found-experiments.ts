/**
 * @file Which experiments have left results, of every profile.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseRunRecord } from "./run-record.js";
import type { RunRecord } from "./run-record.js";
import { readSummary } from "./summary.js";
import type { ExperimentSummary } from "./summary.js";

/** An experiment that has left results. */
export interface FoundExperiment {
  /** Folder relative to the results folder, with forward slashes. */
  readonly folder: string;
  readonly summary: ExperimentSummary;
  readonly runs: readonly RunRecord[];
}

/**
 * Finds the experiments of every profile: `<results>/<profile>/<experiment>/summary.json`.
 *
 * @param order - ids in the order to list them in; those it does not name follow, by name.
 */
export function findExperiments(results: string, order: readonly string[] = []): FoundExperiment[] {
  const place = ({ summary }: FoundExperiment): number => (order.includes(summary.experiment) ? order.indexOf(summary.experiment) : order.length);
  return folders(results).flatMap((profile) => folders(join(results, profile)).flatMap((experiment): FoundExperiment[] => {
    const folder = join(results, profile, experiment);
    const summary = readSummary(folder);
    return summary === undefined ? [] : [{ folder: `${profile}/${experiment}`, summary, runs: readRuns(join(folder, "runs")) }];
  })).sort((a, b) => place(a) - place(b));
}

/** Names of the folders in a folder, sorted; none where it is absent. */
function folders(path: string): string[] {
  return existsSync(path) ? readdirSync(path).filter((name) => statSync(join(path, name)).isDirectory()).sort() : [];
}

function readRuns(folder: string): RunRecord[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(".json") && !name.startsWith(".")).sort().map((name) => {
    const path = join(folder, name);
    return parseRunRecord(readFileSync(path, "utf8"), path);
  });
}
