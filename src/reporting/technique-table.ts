/**
 * @file Techniques on single anchors: means over tasks by technique, anchor and seed.
 */
import { anchorLabel } from "./figures/style.js";
import type { StitchRow } from "./record.js";
import { average, groupBy, meanSpread, type MeanSpread } from "./seed-means.js";
import type { Table } from "./table.js";

/** A technique on an anchor: mean over tasks, spread over seeds. */
export interface TechniqueCell {
  readonly technique: string;
  readonly anchor: string;
  /** Means over the tasks by group, and over all ("all"). */
  readonly top1: Readonly<Record<string, MeanSpread | null>>;
  /** Of one run; the tasks' heads differ, so the mean over tasks. */
  readonly trainableParams: number;
}

/** Every technique on every anchor, in order of appearance. */
export function techniqueCells(rows: readonly StitchRow[]): TechniqueCell[] {
  const groups = [...new Set(rows.map(({ group }) => group)), "all"];
  return [...groupBy(rows, ({ method, front }) => `${method}\n${front}`).values()].map((cell) => {
    const bySeed = [...groupBy(cell, ({ seed }) => seed).values()];
    const mean = (group: string): MeanSpread | null => meanSpread(bySeed.flatMap((ofSeed) => {
      const counted = ofSeed.filter((row) => group === "all" || row.group === group);
      return counted.length === 0 ? [] : [average(counted.map(({ top1 }) => top1))];
    }));
    return {
      technique: cell[0]!.method, anchor: anchorLabel(cell[0]!.front), trainableParams: average(cell.map(({ trainableParams }) => trainableParams)),
      top1: Object.fromEntries(groups.map((group) => [group, mean(group)])),
    };
  });
}

/** Mean over anchors and tasks of a technique, by seed; a seed that lacks an anchor or task is left out. */
export function techniqueMeans(rows: readonly StitchRow[], technique: string): Map<number, number> {
  const cells = new Set(rows.map(({ task, front }) => `${task}\n${front}`)).size;
  const ofTechnique = groupBy(rows.filter(({ method }) => method === technique), ({ seed }) => seed);
  return new Map([...ofTechnique].filter(([, ofSeed]) => ofSeed.length === cells).map(([seed, ofSeed]) => [seed, average(ofSeed.map(({ top1 }) => top1))]));
}

/** The table `techniques`. */
export function techniqueTable(rows: readonly StitchRow[], note: string, labels: Readonly<Record<string, string>> = {}): Table {
  const cells = techniqueCells(rows);
  const groups = Object.keys(cells[0]?.top1 ?? {});
  return {
    id: "techniques", title: "What is trained, anchor by anchor", note, legend: "Mean test top-1 over the tasks of a group; ± is the sample standard deviation over seeds.",
    columns: [
      { key: "technique", label: "Technique", format: "text", labels }, { key: "anchor", label: "Anchor", format: "text" }, { key: "trainable_params", label: "Trained parameters", format: "count" },
      ...groups.map((group) => ({ key: group, label: `${group} (%)`, format: "percent" as const })),
    ],
    rows: cells.map(({ technique, anchor, trainableParams, top1 }) => ({ technique, anchor, trainable_params: trainableParams, ...top1 })),
  };
}
