/**
 * @file Runs that compute the same under different names, in one experiment or in several: done once, taken over by the others.
 *
 * Importance sampling with the default settings, for instance, is PST itself; the rows differ in the method's name alone.
 */
import { existsSync } from "node:fs";
import { runRecordPath, type RunRecord } from "../reporting/run-record.js";
import { groupBy } from "../reporting/seed-means.js";
import type { PlannedExperiment, PlannedRun } from "./experiment.js";
import { experimentFolder, runOnDisk } from "./run-folder.js";
import type { RunIdentity } from "./run-identity.js";

/** A finished run that computed the same. */
export interface SharedRun {
  readonly record: RunRecord;
  /** Its rows, under its own names. */
  readonly csv: string;
}

/** Finds a finished run that computed what a run would. */
export type FindShared = (run: PlannedRun, identity: RunIdentity) => Promise<SharedRun | undefined>;

/**
 * Makes a finder among experiments of one profile.
 *
 * A run counts when it is whole, of its own present causes, and read the same weights and data.
 *
 * @param results - folder of all results; an experiment's lies below it, by profile and id.
 */
export function sharedAmong(results: string, experiments: readonly PlannedExperiment[]): FindShared {
  let byComputation: Map<string | null, { readonly run: PlannedRun; readonly folder: string }[]> | undefined;
  return async (run, identity) => {
    const computation = run.computation();
    if (computation === null) return undefined;
    byComputation ??= groupBy(experiments.flatMap(({ profile, id, runs }) => runs.map((one) => ({ run: one, folder: experimentFolder(results, profile, id) }))), (one) => one.run.computation());
    for (const { run: other, folder } of byComputation.get(computation) ?? []) {
      if (!existsSync(runRecordPath(folder, other.name))) continue;
      const causes = await other.identify();
      if (contents(causes) !== contents(identity)) continue;
      const there = runOnDisk(folder, other.name, causes.sha256);
      if (there.kind === "finished" && causes.sha256 !== identity.sha256) return there;
    }
    return undefined;
  };
}

function contents({ weights, data }: RunIdentity): string {
  return [...weights, ...data].map(({ sha256 }) => sha256).join(" ");
}
