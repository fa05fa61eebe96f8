/**
 * @file Which experiments have left results, of every profile.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readRunRecords } from "./run-record.js";
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
    return summary === undefined ? [] : [{ folder: `${profile}/${experiment}`, summary, runs: readRunRecords(folder) }];
  })).sort((a, b) => place(a) - place(b));
}

/** Names of the folders in a folder, sorted; none where it is absent. */
function folders(path: string): string[] {
  return existsSync(path) ? readdirSync(path).filter((name) => statSync(join(path, name)).isDirectory()).sort() : [];
}
