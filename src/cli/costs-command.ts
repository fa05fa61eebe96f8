/**
 * @file `esta costs`: what a training step of each method of an experiment takes, and the most memory of its process; the report's tables of costs show it.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { throwProblems, UsageError } from "../checks.js";
import type { PlannedExperiment } from "../experiments/experiment.js";
import { packageRoot } from "../experiments/package-root.js";
import { machine } from "../experiments/provenance.js";
import { experimentFolder } from "../experiments/run-folder.js";
import { readRunRecords } from "../reporting/run-record.js";
import { writeStepCosts, type MethodStepCosts } from "../reporting/step-costs.js";
import { startEngine, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import { planArguments, plannedExperiments, withPlanOptions, type PlanCommandOptions } from "./plan-options.js";
import { progressDisplay } from "./progress.js";
import { interruptible, type Terminal } from "./terminal.js";
import { textTable } from "./text-table.js";

interface CostsOptions extends PlanCommandOptions, EngineOptions {
  readonly steps: number;
}

/** A method of an experiment, and the first task that it is run on. */
interface Measured {
  readonly experiment: PlannedExperiment;
  readonly method: string;
  readonly task: string;
}

/** Adds the command. */
export function addCostsCommand(program: Command, terminal: Terminal): void {
  withEngineOptions(withPlanOptions(program.command("costs")))
    .description("measure a training step and the peak memory of every method of experiments, each in a process of its own, one after another; esta report shows them")
    .option("--steps <count>", "training steps of each", wholeNumber(1), 142)
    .addHelpText("after", "\nExamples:\n  esta costs laptop peft-techniques\n  esta costs vtab-stitching --threads 1")
    .action(async (ids: string[], options: CostsOptions) => {
      const planned = plannedExperiments(ids, options);
      throwProblems(planned.flatMap((experiment) => experiment.problems()));
      const all = planned.flatMap(methodsOf);
      if (all.length === 0) throw new UsageError(`costs: ${ids.join(", ")} compares no methods, expected an experiment on image tasks that does, as vtab-stitching.`);
      const engine = await startEngine(terminal, options);
      const show = progressDisplay(terminal);
      const found = await interruptible(terminal, async (signal) => {
        const costs: MethodStepCosts[] = [];
        for (const [done, one] of all.entries()) {
          show.update({ done, total: all.length, label: `${one.experiment.id} ${one.method}` });
          costs.push(await measure(one, { ...options, threads: engine.threads, backend: engine.backend }, signal));
        }
        return costs;
      });
      show.clear();
      const { results: _, ...plan } = options;
      for (const experiment of planned) {
        const methods = found.filter((_, index) => all[index]!.experiment === experiment);
        if (methods.length === 0) continue;
        const command = ["esta costs", experiment.id, ...planArguments(plan), "--steps", options.steps, "--threads", engine.threads].join(" ");
        const path = writeStepCosts(experimentFolder(options.results, experiment.profile, experiment.id), { command, task: all.find((one) => one.experiment === experiment)!.task, steps: options.steps, engine: { backend: engine.backend, threads: engine.threads }, machine: machine(), methods });
        for (const line of textTable([experiment.id, "ms a step", "peak MiB"], methods.map(({ method, milliseconds, peakBytes }) => [method, milliseconds.toFixed(1), (peakBytes / 2 ** 20).toFixed(0)]), [1, 2])) terminal.print(line);
        terminal.print(`${path}; esta report shows it`);
      }
    });
}

/** Every method of an experiment once. */
function methodsOf(experiment: PlannedExperiment): Measured[] {
  const byMethod = new Map<string, Measured>();
  for (const { settings: { method, task } } of experiment.runs) {
    if (typeof method === "string" && typeof task === "string" && !byMethod.has(method)) byMethod.set(method, { experiment, method, task });
  }
  return [...byMethod.values()];
}

/** Runs a method, cut short, in a process of its own and reads what it tells of itself. */
async function measure({ experiment, method, task }: Measured, { steps, backend, threads, ...plan }: CostsOptions, signal: AbortSignal): Promise<MethodStepCosts> {
  const results = mkdtempSync(join(tmpdir(), "esta-costs-"));
  try {
    // All stitches are evaluated, a hundred images together as always; fewer would not reach the peak of a run.
    const set = [...(plan.set ?? []), `tasks=${task}`, `methods=${method}`, `steps=${steps}`, "valImages=10", "testImages=100"];
    const args = ["run", experiment.id, ...planArguments({ ...plan, results, set, seeds: [experiment.runs[0]!.seed], name: "costs" }), "--backend", backend, "--threads", String(threads)];
    const child = spawn(process.execPath, [join(packageRoot, "dist", "cli.js"), ...args], { stdio: ["ignore", "ignore", "pipe"], signal });
    let complaint = "";
    child.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
    const ended = await new Promise<number | null>((resolve, reject) => child.on("error", (error) => reject(signal.aborted ? signal.reason : error)).on("close", resolve));
    const record = readRunRecords(experimentFolder(results, "costs", experiment.id))[0];
    const seconds = record?.measured?.["trainSeconds"];
    if (ended !== 0 || typeof seconds !== "number" || record?.peakBytes == null) throw new Error(`costs: ${experiment.id} ${method} did not end as it should (${complaint.trim() || `exit code ${ended}`}).`);
    const own = Number(record.settings["steps"]); // a method may have its own number of them
    return { method, milliseconds: (1000 * seconds) / own, peakBytes: record.peakBytes };
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}
