/**
 * @file `esta plan`: the runs of experiments, which of them exist, and how long the rest may take.
 */
import type { Command } from "commander";
import { throwProblems } from "../checks.js";
import type { PlannedExperiment, PlannedRun } from "../experiments/experiment.js";
import { checkpointPath, experimentFolder, runOnDisk, type RunOnDisk } from "../experiments/run-folder.js";
import { existsSync } from "node:fs";
import { matmulRate } from "./matmul-rate.js";
import { startEngine, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import { withPairOptions } from "./pair-options.js";
import { plannedExperiments, withPlanOptions, type PlanCommandOptions } from "./plan-options.js";
import { planPair, type PlanPairOptions } from "./plan-pair.js";
import type { Terminal } from "./terminal.js";
import { durationText, textTable } from "./text-table.js";

/** Share of the matrix-product rate that training and evaluation reach: a first guess, replaced by measured runs where there are any. */
const ASSUMED_SHARE = 0.4;

/** Adds the command. */
export function addPlanCommand(program: Command, terminal: Terminal): void {
  withPairOptions(withEngineOptions(withPlanOptions(program.command("plan"))))
    .description("list the runs of experiments, which exist, and the time that the rest may take; with --family, what adapting a pair of decoders takes")
    .option("--family <id>", "a pair of decoders (esta list): stitches, parameters, memory needed and free, in place of runs")
    .option("--batch-size <count>", "with --family: sequences a step", wholeNumber(1), 4)
    .option("--length <tokens>", "with --family: tokens of a sequence", wholeNumber(1), 512)
    .option("--rank <r>", "with --family: rank of the low-rank updates", wholeNumber(1), 8)
    .addHelpText("after", "\nExamples:\n  esta plan\n  esta plan vtab-stitching --profile laptop\n  esta plan vtab-stitching --set steps=500 --seeds 0,1\n  esta plan --family llama\n  esta plan --family smollm2 --weights-small SmolLM2-135M --weights-large SmolLM2-360M")
    .action(async (ids: string[], options: PlanCommandOptions & EngineOptions & PlanPairOptions & { family?: string }) => {
      if (options.family !== undefined) return planPair(terminal, options.family, options);
      const planned = plannedExperiments(ids, options);
      throwProblems(planned.flatMap((experiment) => experiment.problems()));
      await startEngine(terminal, options);
      const guess = ASSUMED_SHARE * matmulRate().best / 2;
      for (const experiment of planned) await printPlan(terminal, experiment, options.results, guess);
    });
}

interface Looked {
  readonly run: PlannedRun;
  readonly there: RunOnDisk;
  readonly begun: boolean;
}

/** @param guess - multiply–accumulates a second where no run has been measured. */
async function printPlan(terminal: Terminal, experiment: PlannedExperiment, results: string, guess: number): Promise<void> {
  const folder = experimentFolder(results, experiment.profile, experiment.id);
  const looked: Looked[] = [];
  for (const run of experiment.runs) {
    looked.push({ run, there: runOnDisk(folder, run.name, (await run.identify()).sha256), begun: existsSync(checkpointPath(folder, run.name)) });
  }
  const rate = measuredRate(looked) ?? guess;
  terminal.print(`${experiment.id}, ${experiment.note}`);
  const rows = looked.map((one) => [one.run.name, statusText(one), one.there.kind === "finished" ? "" : durationText(one.run.work / rate)]);
  for (const line of textTable(["run", "status", "estimate"], rows, [2])) terminal.print(line);
  const rest = looked.filter(({ there }) => there.kind !== "finished");
  const seconds = rest.reduce((sum, { run }) => sum + run.work / rate, 0);
  terminal.print(`${looked.length - rest.length} of ${looked.length} runs exist in ${folder}; the rest takes about ${durationText(seconds)}.`);
}

/** Multiply–accumulates a second of the finished runs, or nothing where none was timed. */
function measuredRate(looked: readonly Looked[]): number | undefined {
  const timed = looked.flatMap(({ run, there }) => (there.kind === "finished" && there.record.seconds !== null ? [{ work: run.work, seconds: there.record.seconds }] : []));
  const seconds = timed.reduce((sum, one) => sum + one.seconds, 0);
  return seconds > 0 ? timed.reduce((sum, one) => sum + one.work, 0) / seconds : undefined;
}

function statusText({ there, begun }: Looked): string {
  switch (there.kind) {
    case "finished":
      return "exists";
    case "missing":
      return begun ? "interrupted, resumes" : "to do";
    case "failed":
      return `failed: ${there.record.reason ?? "no reason kept"}`;
    case "changed":
      return "exists with other settings, to do";
    case "damaged":
      return "damaged, to do";
  }
}
