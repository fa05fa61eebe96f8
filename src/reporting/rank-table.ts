/**
 * @file The rank ablation's numbers from its rows: mean accuracy of all stitches by scale, rank, group of tasks and seed.
 */
import type { StitchRow } from "./record.js";
import { average, groupBy, meanSpread } from "./seed-means.js";
import type { Table } from "./table.js";
import { trainedMebibytes } from "./trained-memory.js";

/** One scale, rank, group ("all" is the mean over tasks) and seed. */
export interface RankCell {
  readonly scale: string;
  readonly rank: number;
  readonly group: string;
  readonly seed: number;
  /** Mean over the group's tasks of the mean over stitches, 0–1. */
  readonly top1: number;
  /** Best stitch, mean over the tasks. */
  readonly best: number;
  readonly trainableParams: number;
}

/** Takes a method's name apart: `s-b-rank-8` is scale `S-B`, rank 8. */
export function scaleOf(method: string): { readonly scale: string; readonly rank: number } {
  const [scale = "", rank = ""] = method.split("-rank-");
  return { scale: scale.split("-").map((label) => label.charAt(0).toUpperCase() + label.slice(1)).join("–"), rank: Number(rank) };
}

/** Every cell that the rows fill, scale by scale, ranks ascending. */
export function rankCells(rows: readonly StitchRow[]): RankCell[] {
  const cells = [...groupBy(rows, ({ method, seed }) => `${method}\n${seed}`).values()].flatMap((ofRun): RankCell[] => {
    const { method, seed, trainableParams } = ofRun[0]!;
    const tasks = [...groupBy(ofRun, ({ task }) => task).values()].map((ofTask) => ({
      group: ofTask[0]!.group as string, top1: average(ofTask.map(({ top1 }) => top1)), best: Math.max(...ofTask.map(({ top1 }) => top1)),
    }));
    const groups = new Map([...groupBy(tasks, ({ group }) => group), ["all", tasks]]);
    return [...groups].map(([group, ofGroup]) => ({ ...scaleOf(method), group, seed, top1: average(ofGroup.map(({ top1 }) => top1)), best: average(ofGroup.map(({ best }) => best)), trainableParams }));
  });
  return cells.sort((a, b) => a.rank - b.rank);
}

/** Accuracy of every rank of a scale by seed; scales in order of appearance, ranks ascending. @param group - of tasks; all of them by default. */
export function ranksBySeed(rows: readonly StitchRow[], group = "all"): { readonly scale: string; readonly ranks: ReadonlyMap<number, ReadonlyMap<number, number>> }[] {
  const cells = rankCells(rows).filter((cell) => cell.group === group);
  return [...new Set(rows.map(({ method }) => scaleOf(method).scale))].map((scale) => ({
    scale, ranks: new Map([...groupBy(cells.filter((cell) => cell.scale === scale), ({ rank }) => rank)].map(([rank, ofRank]) => [rank, new Map(ofRank.map(({ seed, top1 }) => [seed, top1]))])),
  }));
}

/** The table `ranks`. */
export function rankTable(rows: readonly StitchRow[], note: string): Table {
  const cells = rankCells(rows);
  const groups = [...new Set(cells.map(({ group }) => group))];
  const lines = [...groupBy(cells, ({ scale, rank }) => `${scale}\n${rank}`).values()].sort((a, b) => a[0]!.scale.localeCompare(b[0]!.scale) || a[0]!.rank - b[0]!.rank);
  return {
    id: "ranks", title: "Rank, scale of the family and group of tasks", note,
    legend: "Mean top-1 of all stitches; best: the best stitch of each task, mean over tasks. Trained memory: weights, gradients and AdamW's two averages of what is trained, float32.",
    columns: [
      { key: "scale", label: "Family", format: "text" }, { key: "rank", label: "Rank", format: "count" }, { key: "trainable_params", label: "Trained parameters", format: "count" },
      { key: "trained_mebibytes", label: "Trained memory (MiB)", format: "number" },
      ...groups.map((group) => ({ key: group, label: `${group} (%)`, format: "percent" as const })), { key: "best", label: "Best (%)", format: "percent" },
    ],
    rows: lines.map((line) => ({
      scale: line[0]!.scale, rank: line[0]!.rank, trainable_params: line[0]!.trainableParams, trained_mebibytes: trainedMebibytes(line[0]!.trainableParams),
      ...Object.fromEntries(groups.map((group) => [group, meanSpread(line.filter((cell) => cell.group === group).map(({ top1 }) => top1))])),
      best: meanSpread(line.filter(({ group }) => group === "all").map(({ best }) => best)),
    })),
  };
}
