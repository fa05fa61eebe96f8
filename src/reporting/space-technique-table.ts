/**
 * @file Techniques in one stitch space: accuracy of all stitches, what each trains, and what a step took.
 */
import type { StitchRow } from "./record.js";
import type { Json, RunRecord } from "./run-record.js";
import { average, groupBy, meanSpread, type MeanSpread } from "./seed-means.js";
import type { Table } from "./table.js";
import { areasBySeed } from "./tables.js";

/** A technique on the whole space. */
export interface SpaceTechnique {
  readonly technique: string;
  /** Mean of all stitches, then of the group's tasks ("all": of every task), by seed; a seed that lacks a task is left out. */
  readonly top1: Readonly<Record<string, ReadonlyMap<number, number>>>;
  /** Area under the frontier, mean of the tasks, by seed. */
  readonly area: ReadonlyMap<number, number>;
  /** Mean over tasks, whose heads differ. */
  readonly trainableParams: number;
}

/** What is known of a technique beside its rows. */
export interface TechniqueAbout {
  readonly label: string;
  /** Whether what it trains folds into a plain network. */
  readonly mergeable: boolean;
}

/** A weight, its gradient and AdamW's two averages, float32. */
const BYTES = 16;
const seconds = (found: Json | undefined): number[] => (typeof found === "number" ? [found] : []);

/** Every technique, in order of appearance. */
export function spaceTechniques(rows: readonly StitchRow[]): SpaceTechnique[] {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const areas = areasBySeed(rows);
  return [...groupBy(rows, ({ method }) => method)].map(([technique, ofTechnique]) => {
    const bySeed = (counted: (row: StitchRow) => boolean): Map<number, number> => {
      const tasks = new Set(rows.filter(counted).map(({ task }) => task)).size;
      return new Map([...groupBy(ofTechnique.filter(counted), ({ seed }) => seed)].flatMap(([seed, ofSeed]) => {
        const byTask = [...groupBy(ofSeed, ({ task }) => task).values()];
        return byTask.length < tasks ? [] : [[seed, average(byTask.map((ofTask) => average(ofTask.map(({ top1 }) => top1))))] as const];
      }));
    };
    return {
      technique, area: areas(technique), trainableParams: average(ofTechnique.map(({ trainableParams }) => trainableParams)),
      top1: Object.fromEntries([...groups.map((group) => [group, bySeed((row) => row.group === group)] as const), ["all", bySeed(() => true)] as const]),
    };
  });
}

/** Mean and spread over seeds. */
export function overSeeds(bySeed: ReadonlyMap<number, number>): MeanSpread | null {
  return meanSpread([...bySeed.values()]);
}

/** The table `techniques`, from rows alone. */
export function spaceTechniqueTable(rows: readonly StitchRow[], note: string, about: Readonly<Record<string, TechniqueAbout>>): Table {
  const cells = spaceTechniques(rows);
  const all = Object.keys(cells[0]?.top1 ?? {});
  // With one group its column would be that of all tasks again.
  const groups = all.length > 2 ? all : ["all"];
  return {
    id: "techniques", title: "What is trained, in the same stitch space", note,
    legend: "Mean test top-1 of all stitches, over the tasks of a group; ± is the sample standard deviation over seeds. Trained memory: weights, gradients and AdamW's two averages of what is trained, float32. Folds in: what is trained disappears in the weights of a plain network.",
    columns: [
      { key: "technique", label: "Technique", format: "text", labels: Object.fromEntries(Object.entries(about).map(([name, { label }]) => [name, label])) },
      { key: "mergeable", label: "Folds in", format: "text" }, { key: "trainable_params", label: "Trained parameters", format: "count" }, { key: "trained_mebibytes", label: "Trained memory (MiB)", format: "number" },
      ...groups.map((group) => ({ key: group, label: `${group} (%)`, format: "percent" as const })), { key: "area", label: "Area under the frontier (%)", format: "percent" },
    ],
    rows: cells.map(({ technique, top1, area, trainableParams }) => ({
      technique, mergeable: about[technique]?.mergeable === true ? "yes" : "no", trainable_params: Math.round(trainableParams), trained_mebibytes: (trainableParams * BYTES) / 2 ** 20,
      ...Object.fromEntries(groups.map((group) => [group, overSeeds(top1[group]!)])), area: overSeeds(area),
    })),
  };
}

/** The table `steps`: milliseconds of a training step and peak memory, from the finished runs' records; nothing where none is left. */
export function stepCostsTable(finished: readonly RunRecord[], note: string, about: Readonly<Record<string, TechniqueAbout>>): Table | undefined {
  const records = finished.filter(({ seconds: whole }) => whole !== null); // one taken up again timed its last part only
  if (records.length === 0) return undefined;
  return {
    id: "steps", title: "What a step took", note,
    legend: `Mean over runs on one machine (${records[0]!.machine.cpu}, ${records[0]!.machine.cores} cores), which may have done other work too: it lengthens the step and the evaluation, not the processor time (of a run from start to end, all threads together). Peak memory is the process's, with data and the runs before.`,
    columns: [
      { key: "technique", label: "Technique", format: "text", labels: Object.fromEntries(Object.entries(about).map(([name, { label }]) => [name, label])) },
      { key: "milliseconds", label: "Training step (ms)", format: "number" }, { key: "evaluation_seconds", label: "Evaluation (s)", format: "number" },
      { key: "processor_seconds", label: "Processor time of a run (s)", format: "number" }, { key: "peak_mebibytes", label: "Peak memory (MiB)", format: "number" },
    ],
    rows: [...groupBy(records, ({ settings }) => String(settings["method"] ?? ""))].map(([technique, ofTechnique]) => ({
      technique,
      milliseconds: meanSpread(ofTechnique.flatMap(({ measured, settings }) => seconds(measured?.["trainSeconds"]).map((found) => (1000 * found) / Number(settings["steps"])))),
      evaluation_seconds: meanSpread(ofTechnique.flatMap(({ measured }) => seconds(measured?.["evaluateSeconds"]))),
      processor_seconds: meanSpread(ofTechnique.flatMap(({ processorSeconds }) => processorSeconds ?? [])),
      peak_mebibytes: meanSpread(ofTechnique.flatMap(({ peakBytes }) => (peakBytes === null ? [] : [peakBytes / 2 ** 20]))),
    })),
  };
}
