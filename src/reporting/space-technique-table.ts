/**
 * @file Techniques in one stitch space: accuracy of all stitches, and what each trains.
 */
import type { StitchRow } from "./record.js";
import { average, groupBy, meanSpread, type MeanSpread } from "./seed-means.js";
import type { Table } from "./table.js";
import { areasBySeed } from "./tables.js";
import { trainedMebibytes } from "./trained-memory.js";

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
    legend: "Mean test top-1 of all stitches, over the tasks of a group; ± is the sample standard deviation over seeds. Trained memory: weights, gradients and AdamW's two averages of what is trained, float32. Folds in: what is trained disappears in the weights of a plain network. Only such stitches cost what their FLOPs say and have an area under the frontier; the others run adapters, prefixes or prompts besides.",
    columns: [
      { key: "technique", label: "Technique", format: "text", labels: Object.fromEntries(Object.entries(about).map(([name, { label }]) => [name, label])) },
      { key: "mergeable", label: "Folds in", format: "text" }, { key: "trainable_params", label: "Trained parameters", format: "count" }, { key: "trained_mebibytes", label: "Trained memory (MiB)", format: "number" },
      ...groups.map((group) => ({ key: group, label: `${group} (%)`, format: "percent" as const })), { key: "area", label: "Area under the frontier (%)", format: "percent" },
    ],
    rows: cells.map(({ technique, top1, area, trainableParams }) => ({
      technique, mergeable: about[technique]?.mergeable === true ? "yes" : "no", trainable_params: Math.round(trainableParams), trained_mebibytes: trainedMebibytes(trainableParams),
      ...Object.fromEntries(groups.map((group) => [group, overSeeds(top1[group]!)])), area: about[technique]?.mergeable === true ? overSeeds(area) : null,
    })),
  };
}
