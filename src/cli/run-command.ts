/**
 * @file `esta run`: does the runs that are not there yet, and reports.
 */
import type { Command } from "commander";
import { throwProblems } from "../checks.js";
import { join } from "node:path";
import { oursText } from "../reporting/claim-text.js";
import type { PlannedExperiment } from "../experiments/experiment.js";
import { runExperiment, type RunEvent, type ScheduleSummary } from "../experiments/run-experiment.js";
import type { BackendInUse } from "../tensor/index.js";
import { writeOverviews } from "./report-command.js";
import { startEngine, withEngineOptions, type EngineOptions } from "./options.js";
import { plannedExperiments, withPlanOptions, type PlanCommandOptions } from "./plan-options.js";
import { progressDisplay } from "./progress.js";
import { interruptible, type Terminal } from "./terminal.js";
import { durationText, textTable } from "./text-table.js";

/** Adds the command. @param finish - told the exit code where some runs failed. */
export function addRunCommand(program: Command, terminal: Terminal, finish: (exitCode: number) => void): void {
  withEngineOptions(withPlanOptions(program.command("run")))
    .description("run experiments: finished runs are skipped, interrupted ones taken up, then tables and figures drawn")
    .option("--again", "do finished runs again")
    .addHelpText("after", "\nExamples:\n  esta run\n  esta run vtab-stitching --profile laptop\n  esta run vtab-stitching --set steps=500 --set tasks=digits --seeds 0,1 --name longer")
    .action(async (ids: string[], options: PlanCommandOptions & EngineOptions & { again?: true }) => {
      const planned = plannedExperiments(ids, options);
      throwProblems(planned.flatMap((experiment) => experiment.problems()));
      const engine = await startEngine(terminal, options);
      const summaries = await interruptible(terminal, async (signal) => {
        const done: ScheduleSummary[] = [];
        for (const experiment of planned) done.push(await schedule(terminal, experiment, engine, { results: options.results, signal, again: options.again === true }));
        return done;
      });
      const pages = writeOverviews(options.results, planned);
      for (const line of claimLines(planned.map((experiment, index) => ({ experiment, folder: summaries[index]!.folder })))) terminal.print(line);
      terminal.print(`\nall results: ${join(options.results, "README.md")}`);
      for (const path of pages) terminal.print(`report: ${path}`);
      if (summaries.some(({ failed }) => failed.length > 0)) finish(1);
    });
}

/** The table of claims, what came out here, and the verdict. */
export function claimLines(reports: readonly { readonly experiment: PlannedExperiment; readonly folder: string }[]): string[] {
  const rows = reports.flatMap(({ experiment, folder }) => experiment.claims(folder).map((claim) => [experiment.profile, claim.claim, `${oursText(claim)} (${claim.measure})`, `${claim.verdict}: ${claim.reason}`]));
  return rows.length === 0 ? [] : ["", ...textTable(["profile", "claim", "ours", "verdict"], rows)];
}

/** Runs one planned experiment with its events shown. */
export async function schedule(terminal: Terminal, experiment: PlannedExperiment, engine: BackendInUse, options: { readonly results: string; readonly folder?: string; readonly signal: AbortSignal; readonly again?: boolean }): Promise<ScheduleSummary> {
  terminal.print(`${experiment.id}: ${experiment.note}`);
  const summary = await runExperiment(experiment, { ...options, engine, onEvent: eventPrinter(terminal, experiment) });
  terminal.print(`${experiment.id}: runs done ${summary.finished}, there before ${summary.skipped}, failed ${summary.failed.length}; results in ${summary.folder}`);
  for (const { run, reason } of summary.failed) terminal.complain(`failed: ${run}: ${reason}`);
  return summary;
}

/** Shows events as they come, with the time that all runs together may still take. */
function eventPrinter(terminal: Terminal, experiment: PlannedExperiment): (event: RunEvent) => void {
  const display = progressDisplay(terminal);
  const work = new Map(experiment.runs.map((run) => [run.name, run.work]));
  let left = [...work.values()].reduce((sum, one) => sum + one, 0);
  let doneWork = 0;
  let doneSeconds = 0;
  return (event) => {
    if (event.kind === "progress") return display.update(event.progress);
    display.clear();
    switch (event.kind) {
      case "skipped":
        left -= work.get(event.run)!;
        return;
      case "replaced":
        return terminal.print(`  ${event.problem}`);
      case "started": {
        const forecast = doneWork > 0 ? `, about ${durationText((left / doneWork) * doneSeconds)} left in all` : "";
        return terminal.print(`  [${event.index + 1}/${event.runs}] ${event.run}${event.resumed ? ", resumed from its checkpoint" : ""}${forecast}`);
      }
      case "finished":
        left -= work.get(event.run)!;
        doneWork += work.get(event.run)!;
        doneSeconds += event.seconds;
        return terminal.print(`    done in ${durationText(event.seconds)}`);
      case "failed":
        left -= work.get(event.run)!;
        terminal.complain(`    failed: ${event.reason}`);
        if (event.stack !== null) terminal.complain(event.stack);
        return;
      case "written":
        return;
    }
  };
}
