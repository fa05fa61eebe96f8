/**
 * @file `esta run`: does the runs that are not there yet, and reports.
 */
import { Option, type Command } from "commander";
import { throwProblems } from "../checks.js";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { countText, oursText } from "../reporting/claim-text.js";
import type { PlannedExperiment } from "../experiments/experiment.js";
import { forgetRuns, runExperiment, type ScheduleSummary } from "../experiments/run-experiment.js";
import type { RunEvent } from "../experiments/run-events.js";
import { experimentFolder } from "../experiments/run-folder.js";
import type { FindShared } from "../experiments/shared-runs.js";
import { computesOnProcessor, useBackend, type BackendChoice, type BackendInUse } from "../tensor/index.js";
import { writeOverviews } from "./report-command.js";
import { startEngine, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import { planArguments, plannedExperiments, sharedWith, withPlanOptions, type PlanCommandOptions } from "./plan-options.js";
import { progressDisplay } from "./progress.js";
import { interruptible, type Terminal } from "./terminal.js";
import { durationText, textTable } from "./text-table.js";
import { workAsOneOfSeveral } from "./worker.js";
import { runWorkers, threadsOfWorkers } from "./worker-pool.js";
import { workersDisplay } from "./workers-display.js";

interface RunOptions extends PlanCommandOptions, EngineOptions {
  readonly again?: true;
  readonly workers: number | "auto";
  /** Set in a process that a run with several workers has started: when that began. */
  readonly worker?: number;
}

/** Adds the command. @param finish - told the exit code where some runs failed. */
export function addRunCommand(program: Command, terminal: Terminal, finish: (exitCode: number) => void): void {
  withEngineOptions(withPlanOptions(program.command("run")))
    .description("run experiments: finished runs are skipped, interrupted ones taken up, then tables and figures drawn")
    .option("--again", "do finished runs again")
    .option("--workers <count>", "processes that share the runs, and the cores between them; auto: one a core where a small family computes on the processor", workersOf, 1)
    .addOption(new Option("--worker <since>").argParser(Number).hideHelp())
    .addHelpText("after", "\nExamples:\n  esta run\n  esta run laptop vtab-stitching --workers 2\n  esta run vtab-stitching --set steps=500 --set tasks=digits --seeds 0,1 --name longer")
    .action(async (ids: string[], options: RunOptions) => {
      const planned = plannedExperiments(ids, options);
      throwProblems(planned.flatMap((experiment) => experiment.problems()));
      if (options.worker !== undefined) {
        const engine = await startEngine(terminal, options);
        if (await workAsOneOfSeveral(planned, sharedFor(planned, options), options.results, engine, options.worker)) finish(143);
        return;
      }
      const workers = options.workers === "auto" ? await workersFor(options) : options.workers;
      const summaries = await interruptible(terminal, (signal) => (workers === 1 ? oneAfterAnother(terminal, planned, options, signal) : together(terminal, ids, planned, { ...options, workers }, signal)));
      const pages = writeOverviews(options.results, planned);
      for (const line of claimLines(planned.map((experiment, index) => ({ experiment, folder: summaries[index]!.folder })))) terminal.print(line);
      terminal.print(`\nall results: ${join(options.results, "README.md")}`);
      for (const path of pages) terminal.print(`report: ${path}`);
      if (summaries.some(({ failed }) => failed.length > 0)) finish(1);
    });
}

/** Finished runs serve others that compute the same, except where all is to be done again. */
function sharedFor(planned: readonly PlannedExperiment[], options: RunOptions): FindShared | undefined {
  return options.again === true ? undefined : sharedWith(planned, options);
}

function workersOf(text: string): number | "auto" {
  return text === "auto" ? text : wholeNumber(1)(text);
}

/** One a core, where the backend computes there: on the mini family, a process of one thread does a fifth more a second than a thread of two. Profile paper fills the threads of one process. */
async function workersFor({ profile, backend }: RunOptions): Promise<number> {
  const { backend: used } = await useBackend(backend as BackendChoice);
  return profile === "paper" || !computesOnProcessor(used) ? 1 : availableParallelism();
}

async function oneAfterAnother(terminal: Terminal, planned: readonly PlannedExperiment[], options: RunOptions, signal: AbortSignal): Promise<ScheduleSummary[]> {
  const engine = await startEngine(terminal, options);
  const shared = sharedFor(planned, options);
  const done: ScheduleSummary[] = [];
  for (const experiment of planned) done.push(await schedule(terminal, experiment, engine, { results: options.results, signal, again: options.again === true, shared }));
  return done;
}

/** Lets several processes do the runs, then gathers what they did, experiment by experiment. */
async function together(terminal: Terminal, ids: readonly string[], planned: readonly PlannedExperiment[], options: RunOptions & { readonly workers: number }, signal: AbortSignal): Promise<ScheduleSummary[]> {
  const { workers, results, again, backend, threads = threadsOfWorkers(workers) } = options;
  const since = Date.now();
  const engine = await startEngine(terminal, { backend, threads });
  terminal.print(`workers: ${workers}, each of ${countText(threads, "thread")}`);
  for (const experiment of planned) {
    terminal.print(`${experiment.id}: ${experiment.note}`);
    if (again === true) forgetRuns(experiment, experimentFolder(results, experiment.profile, experiment.id));
  }
  const display = workersDisplay(terminal, planned);
  await runWorkers({
    workers, threads, since, signal, onEvent: display.tell,
    args: ["run", ...ids, ...planArguments(options), "--backend", backend, ...(again === true ? ["--again"] : [])],
    onLoss: (how, replaced) => terminal.complain(`  a worker ended (${how}): ${replaced ? "another takes its place and takes up its run" : "too many have, its place stays empty"}`),
  });
  const shared = sharedFor(planned, options);
  const summaries: ScheduleSummary[] = [];
  for (const experiment of planned) {
    const summary = await runExperiment(experiment, { results, engine, signal, since, shared, onEvent: eventPrinter(terminal, experiment) });
    const news = display.finished(experiment.id);
    summaries.push(said(terminal, experiment, { ...summary, finished: summary.finished + news, skipped: summary.skipped - news }));
  }
  return summaries;
}

/** The table of claims, what came out here, and the verdict. */
export function claimLines(reports: readonly { readonly experiment: PlannedExperiment; readonly folder: string }[]): string[] {
  const rows = reports.flatMap(({ experiment, folder }) => experiment.claims(folder).map((claim) => [experiment.profile, claim.claim, `${oursText(claim)} (${claim.measure})`, `${claim.verdict}: ${claim.reason}`]));
  return rows.length === 0 ? [] : ["", ...textTable(["profile", "claim", "ours", "verdict"], rows)];
}

/** Runs one planned experiment with its events shown. */
export async function schedule(terminal: Terminal, experiment: PlannedExperiment, engine: BackendInUse, options: { readonly results: string; readonly folder?: string; readonly signal: AbortSignal; readonly again?: boolean; readonly shared?: FindShared | undefined }): Promise<ScheduleSummary> {
  terminal.print(`${experiment.id}: ${experiment.note}`);
  return said(terminal, experiment, await runExperiment(experiment, { ...options, engine, onEvent: eventPrinter(terminal, experiment) }));
}

function said(terminal: Terminal, experiment: PlannedExperiment, summary: ScheduleSummary): ScheduleSummary {
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
      case "shared":
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
