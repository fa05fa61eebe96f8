/**
 * @file What one of several processes does: works through experiments' runs and tells the process that started it.
 */
import type { PlannedExperiment } from "../experiments/experiment.js";
import { eventLog } from "../experiments/run-events.js";
import { experimentFolder } from "../experiments/run-folder.js";
import type { FindShared } from "../experiments/shared-runs.js";
import { workThrough } from "../experiments/work-through.js";
import type { BackendInUse } from "../tensor/index.js";
import type { WorkerEvent } from "./worker-pool.js";

/**
 * Does every run that nobody works on. Stops after the current step, its checkpoint written, when it is asked to or the process that
 * started it is gone.
 *
 * @param shared - finds finished runs that computed the same, which are taken over.
 * @param since - when the scheduling began, in milliseconds since 1970.
 * @returns whether it was stopped.
 */
export async function workAsOneOfSeveral(planned: readonly PlannedExperiment[], shared: FindShared | undefined, results: string, engine: BackendInUse, since: number): Promise<boolean> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error("stopped"));
  const tell = (event: WorkerEvent): void => void process.send?.(event, undefined, undefined, (error) => error !== null && stop());
  process.on("SIGTERM", stop).on("disconnect", stop);
  process.on("SIGINT", () => undefined); // Ctrl-C reaches every process of a terminal; the one that started this tells it
  try {
    for (const experiment of planned) {
      const folder = experimentFolder(results, experiment.profile, experiment.id);
      const onEvent = eventLog(folder, (event) => tell({ experiment: experiment.id, event }));
      await workThrough(experiment, folder, { engine, onEvent, signal: controller.signal, since, waits: false, shared });
    }
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  }
  process.off("disconnect", stop);
  if (process.connected) process.disconnect();
  return controller.signal.aborted;
}
