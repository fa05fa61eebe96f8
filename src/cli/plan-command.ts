/**
 * @file `esta plan`: the runs of experiments, which of them exist, and how long the rest may take.
 */
import type { Command } from "commander";
import { throwProblems } from "../checks.js";
import { profiles, type PlannedExperiment, type PlannedRun } from "../experiments/experiment.js";
import { checkpointPath, experimentFolder, runOnDisk, type RunOnDisk } from "../experiments/run-folder.js";
import type { FindShared } from "../experiments/shared-runs.js";
import { existsSync } from "node:fs";
import { computesOnProcessor, type BackendInUse } from "../tensor/index.js";
import { matmulRate } from "./matmul-rate.js";
import { startEngine, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import { withPairOptions } from "./pair-options.js";
import { plannedExperiments, sharedWith, withPlanOptions, type PlanCommandOptions } from "./plan-options.js";
import { planPair, type PlanPairOptions } from "./plan-pair.js";
import type { Terminal } from "./terminal.js";
import { durationText, textTable } from "./text-table.js";

/** Share of the matrix-product rate that training and evaluation reach: a first guess, replaced by measured runs where there are any. */
const ASSUMED_SHARE = 0.4;

/** Plans of more runs than these are summed up by kind. */
const LISTED_RUNS = 40;

interface PlanOptions extends PlanCommandOptions, EngineOptions {
  readonly all?: true;
}

/** Adds the command. */
export function addPlanCommand(program: Command, terminal: Terminal): void {
  withPairOptions(withEngineOptions(withPlanOptions(program.command("plan"))))
    .description("list the runs of experiments, which exist, what they compute and need, and what is missing for them; with --family, what adapting a pair of decoders takes")
    .option("--all", `list every run, also of plans of more than ${LISTED_RUNS}`)
    .option("--family <id>", "a pair of decoders (esta list): stitches, parameters, memory needed and free, in place of runs")
    .option("--batch-size <count>", "with --family: sequences a step", wholeNumber(1), 4)
    .option("--length <tokens>", "with --family: tokens of a sequence", wholeNumber(1), 512)
    .option("--rank <r>", "with --family: rank of the low-rank updates", wholeNumber(1), 8)
    .addHelpText("after", "\nExamples:\n  esta plan\n  esta plan laptop vtab-stitching\n  esta plan paper\n  esta plan vtab-stitching --set steps=500 --seeds 0,1\n  esta plan --family llama\n  esta plan --family smollm2 --weights-small SmolLM2-135M --weights-large SmolLM2-360M")
    .action(async (ids: string[], options: PlanOptions & PlanPairOptions & { family?: string }) => {
      if (options.family !== undefined) return planPair(terminal, options.family, options);
      const planned = plannedExperiments(ids, options);
      throwProblems(planned.flatMap((experiment) => experiment.faults()));
      const engine = await startEngine(terminal, options);
      const shared = sharedWith(planned, options);
      const listed = new Set<string>();
      const looks: { readonly experiment: PlannedExperiment; readonly looked: readonly Looked[] }[] = [];
      for (const experiment of planned) looks.push({ experiment, looked: await look(experiment, options, shared, listed) });
      const elsewhere = measuredRate(looks.flatMap(({ looked }) => looked), engine);
      const other: Rate = elsewhere === undefined ? await rateOfOtherProfiles(ids, options, engine) : { flops: elsewhere, from: "as measured in the other experiments' finished runs" };
      const seconds = looks.reduce((sum, { experiment, looked }) => sum + printPlan(terminal, experiment, looked, options, engine, other), 0);
      if (planned.length > 1) terminal.print(`All of it takes about ${durationText(seconds)} on this machine.`);
      const missing = new Map(planned.flatMap((experiment) => experiment.missing()).map((source) => [source.expected, source]));
      if (missing.size === 0) return;
      terminal.print("");
      for (const line of textTable(["missing", "expected at", "to get it"], [...missing.values()].map(({ what, expected, obtain }) => [what, expected, obtain]))) terminal.print(line);
      throwProblems(planned.flatMap((experiment) => experiment.problems()));
    });
}

interface Looked {
  readonly run: PlannedRun;
  readonly there: RunOnDisk;
  readonly begun: boolean;
  /** Whether a run of another name has computed the same, or stands above in the list: nothing is left to compute. */
  readonly shared: boolean;
}

/** How fast the engine computes with all its threads, and how that is known. */
interface Rate {
  /** Multiply–accumulates a second. */
  readonly flops: number;
  readonly from: string;
}

/** @param listed - what the runs of earlier experiments compute; those of this one are added. */
async function look(experiment: PlannedExperiment, { results }: PlanOptions, findShared: FindShared, listed: Set<string>): Promise<Looked[]> {
  const folder = experimentFolder(results, experiment.profile, experiment.id);
  const canIdentify = experiment.missing().length === 0;
  const looked: Looked[] = [];
  for (const run of experiment.runs) {
    const identity = canIdentify ? await run.identify() : undefined;
    const there: RunOnDisk = identity === undefined ? { kind: "missing" } : runOnDisk(folder, run.name, identity.sha256);
    const computation = run.computation();
    const shared = there.kind !== "finished" && ((computation !== null && listed.has(computation)) || (identity !== undefined && (await findShared(run, identity)) !== undefined));
    if (computation !== null) listed.add(computation);
    looked.push({ run, there, begun: existsSync(checkpointPath(folder, run.name)), shared });
  }
  return looked;
}

/**
 * @param other - rate where no run of this experiment has been measured.
 * @returns seconds that the rest takes.
 */
function printPlan(terminal: Terminal, experiment: PlannedExperiment, looked: readonly Looked[], { results, all }: PlanOptions, engine: BackendInUse, other: Rate): number {
  const measured = measuredRate(looked, engine);
  const rate: Rate = measured === undefined ? other : { flops: measured, from: "as measured in its finished runs" };
  terminal.print(`\n${experiment.id}, ${experiment.note}`);
  const lines = all === true || looked.length <= LISTED_RUNS ? runLines(looked, rate.flops) : kindLines(looked, rate.flops);
  for (const line of lines) terminal.print(line);
  const rest = looked.filter(isToDo);
  const [exist, sharing] = [looked.filter(exists).length, looked.filter(({ shared }) => shared).length];
  const seconds = rest.reduce((sum, { run }) => sum + run.work / rate.flops, 0);
  const folder = experimentFolder(results, experiment.profile, experiment.id);
  terminal.print(`${exist} of ${looked.length} runs exist in ${folder}${sharing === 0 ? "" : `, ${sharing} compute what runs of other names do`}; the rest takes about ${durationText(seconds)} at ${(rate.flops / 1e9).toPrecision(2)} GFLOPs a second${engine.threads === 1 ? "" : ` on ${engine.threads} threads`}, ${rate.from}.`);
  return seconds;
}

function runLines(looked: readonly Looked[], rate: number): string[] {
  const rows = looked.map((one) => [one.run.name, statusText(one), workText(one.run.work), memoryText(one.run.memory()), isToDo(one) ? durationText(one.run.work / rate) : ""]);
  return textTable(["run", "status", "work", "memory", "estimate"], rows, [2, 3, 4]);
}

/** One line for the runs of a kind, over tasks and seeds. */
function kindLines(looked: readonly Looked[], rate: number): string[] {
  const kinds = [...new Set(looked.map(({ run }) => run.kind))];
  const rows = kinds.map((kind) => {
    const ofKind = looked.filter(({ run }) => run.kind === kind);
    const rest = ofKind.filter(isToDo);
    const work = (some: readonly Looked[]): number => some.reduce((sum, { run }) => sum + run.work, 0);
    const memory = ofKind.map(({ run }) => run.memory()).filter((bytes) => bytes !== null);
    return [kind, String(ofKind.length), String(ofKind.filter(exists).length), String(ofKind.filter(({ shared }) => shared).length), workText(work(ofKind)), memoryText(memory.length === 0 ? null : Math.max(...memory)), durationText(work(rest) / rate)];
  });
  return textTable(["runs by kind", "runs", "exist", "shared", "work", "memory", "estimate of the rest"], rows, [1, 2, 3, 4, 5, 6]);
}

function exists({ there }: Looked): boolean {
  return there.kind === "finished";
}

function isToDo(one: Looked): boolean {
  return !exists(one) && !one.shared;
}

/** Multiply–accumulates with their unit. */
function workText(work: number): string {
  const [scale, unit] = work >= 1e15 ? [1e15, "P"] : work >= 1e12 ? [1e12, "T"] : [1e9, "G"];
  return work === 0 ? "–" : `${(work / scale).toPrecision(3)} ${unit}FLOPs`;
}

function memoryText(bytes: number | null): string {
  return bytes === null ? "–" : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/**
 * Multiply–accumulates a second of all threads of the engine, from the finished runs that its backend computed, or nothing where none was timed.
 * A run counts by the processor time of its threads, which other work on the machine did not lengthen; so runs of several workers of one thread tell of one process of many, to within a fifth.
 */
function measuredRate(looked: readonly Looked[], { backend, threads }: BackendInUse): number | undefined {
  const timed = looked.flatMap(({ run, there }) => {
    if (there.kind !== "finished" || there.record.seconds === null || there.record.engine.backend !== backend) return [];
    const { seconds, processorSeconds, engine } = there.record;
    const held = seconds * engine.threads;
    return [{ work: run.work, threadSeconds: computesOnProcessor(backend) ? Math.min(held, processorSeconds ?? held) : held }];
  });
  const threadSeconds = timed.reduce((sum, one) => sum + one.threadSeconds, 0);
  return threadSeconds > 0 ? (threads * timed.reduce((sum, one) => sum + one.work, 0)) / threadSeconds : undefined;
}

/** The rate of the largest other profile that has timed runs of the same experiments; failing those, a guess. */
async function rateOfOtherProfiles(ids: readonly string[], options: PlanOptions, engine: BackendInUse): Promise<Rate> {
  const { results, profile } = options;
  for (const other of [...profiles].reverse().filter((name) => name !== profile)) {
    const looked: Looked[] = [];
    for (const experiment of plannedExperiments(ids, { results, profile: other })) looked.push(...(await look(experiment, options, () => Promise.resolve(undefined), new Set())));
    const flops = measuredRate(looked, engine);
    if (flops !== undefined) return { flops, from: `as measured in profile ${other}'s finished runs, of its own sizes` };
  }
  return { flops: (ASSUMED_SHARE * matmulRate().best) / 2, from: "a guess from this machine's matrix products" };
}

function statusText({ there, begun, shared }: Looked): string {
  if (shared) return "shared with a run of another name";
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
