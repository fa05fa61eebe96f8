/**
 * @file Shows what several workers do as one piece of work: how many runs of all are done, the time left, and where each worker is.
 */
import type { PlannedExperiment } from "../experiments/experiment.js";
import { progressDisplay } from "./progress.js";
import type { Terminal } from "./terminal.js";
import { durationText } from "./text-table.js";
import type { WorkerEvent } from "./worker-pool.js";

/** A display of the workers' events. */
export interface WorkersDisplay {
  readonly tell: (event: WorkerEvent) => void;
  /** Runs of an experiment that the workers have finished. */
  finished(experiment: string): number;
}

/** Makes a display. @param now - milliseconds, for tests. */
export function workersDisplay(terminal: Terminal, planned: readonly PlannedExperiment[], now?: () => number): WorkersDisplay {
  const display = progressDisplay(terminal, now);
  const nameOf = (experiment: string, run: string): string => `${experiment} ${run}`;
  const work = new Map(planned.flatMap(({ id, runs }) => runs.map((run): [string, number] => [nameOf(id, run.name), run.work])));
  const finished = new Map<string, string>();
  /** Runs that were there before, or failed: neither done here nor to do. */
  const aside = new Set<string>();
  const going = new Map<string, { readonly share: number; readonly text: string }>();

  const update = (): void => {
    const weight = (names: Iterable<string>): number => [...names].reduce((sum, name) => sum + work.get(name)!, 0);
    const all = weight(work.keys()) - weight(aside);
    const done = weight(finished.keys()) + [...going].reduce((sum, [name, { share }]) => sum + share * work.get(name)!, 0);
    const runs = work.size - aside.size;
    display.update({ done: Math.round((all === 0 ? 1 : done / all) * runs * 100) / 100, total: runs, label: [...going.values()].map(({ text }) => text).join(" | ") });
  };

  return {
    finished: (experiment) => [...finished.values()].filter((id) => id === experiment).length,
    tell({ experiment, event }) {
      if (event.kind === "written") return;
      const name = nameOf(experiment, event.run);
      if (event.kind === "progress") {
        const { done, total, label, share = done / total } = event.progress;
        going.set(name, { share, text: `${valuesOf(event.run)}: ${label}` });
        return update();
      }
      if (event.kind === "skipped" || event.kind === "shared") {
        if (!finished.has(name)) aside.add(name);
        return;
      }
      display.clear();
      if (event.kind === "replaced") return terminal.print(`  ${event.problem}`);
      if (event.kind === "started") return terminal.print(`  [${event.index + 1}/${event.runs}] ${experiment} ${event.run}${event.resumed ? ", resumed from its checkpoint" : ""}`);
      going.delete(name);
      if (event.kind === "finished") {
        finished.set(name, experiment);
        return terminal.print(`    ${event.run} done in ${durationText(event.seconds)}`);
      }
      aside.add(name);
      terminal.complain(`    failed: ${event.run}: ${event.reason}`);
      if (event.stack !== null) terminal.complain(event.stack);
    },
  };
}

/** `task=digits_method=pst_seed=0` as "digits pst 0". */
function valuesOf(run: string): string {
  return run.replaceAll(/(^|_)[A-Za-z]+=/g, " ").trim();
}
