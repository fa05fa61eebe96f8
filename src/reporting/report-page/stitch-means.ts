/**
 * @file What the stitch explorer chooses from: every stitch of a method on a task, and on the mean of tasks, averaged over seeds.
 *
 * Rows are read by the names of their columns, so that every experiment that evaluates stitches is explored alike.
 */
import { parse } from "csv-parse/sync";
import { groupBy, meanSpread } from "../seed-means.js";

/** One stitch of one method on one task. */
export interface ExploredStitch {
  readonly id: number;
  readonly front: string;
  readonly end: string;
  /** Last block of the front and first of the end anchor, from 0; null for an anchor. */
  readonly blocks: readonly [number, number] | null;
  readonly flops: number;
  readonly params: number;
  /** Test top-1 as a fraction, its sample standard deviation over seeds (null for one), and their number. */
  readonly top1: number;
  readonly spread: number | null;
  readonly seeds: number;
  /** Validation top-1, by which the explorer chooses; null where it was not measured. */
  readonly val: number | null;
  readonly importance: number | null;
}

/** The stitches of one method on one task; `task` is null for the mean of all tasks. */
export interface ExploredGroup {
  readonly task: string | null;
  readonly method: string;
  /** The first seed; a command that repeats a run names it. */
  readonly seed: number;
  readonly stitches: readonly ExploredStitch[];
}

const NEEDED = ["task", "method", "seed", "stitch_id", "front", "end", "front_block", "end_block", "flops", "params", "top1"] as const;

type Row = Readonly<Record<string, string>>;

/** Averages the rows of a file; nothing where it holds no stitches. */
export function exploredGroups(csv: string): ExploredGroup[] {
  const rows = parse(csv, { columns: true }) as Row[];
  if (rows.length === 0 || NEEDED.some((name) => rows[0]![name] === undefined)) return [];
  return [...groupBy(rows, (row) => row["method"]!)].flatMap(([method, ofMethod]) => {
    const byTask = groupBy(ofMethod, (row) => row["task"]!);
    const groups: ExploredGroup[] = [...byTask].map(([task, ofTask]) => ({ task, method, seed: Number(ofTask[0]!["seed"]), stitches: stitchesOf(ofTask) }));
    return byTask.size > 1 ? [{ task: null, method, seed: groups[0]!.seed, stitches: stitchesOf(ofMethod, byTask.size) }, ...groups] : groups;
  });
}

/** Means over seeds of means over tasks; a seed that lacks one of the tasks is left out, so that all means are over the same tasks. */
function stitchesOf(rows: readonly Row[], tasks = 1): ExploredStitch[] {
  return [...groupBy(rows, (row) => row["stitch_id"]!)].flatMap(([id, ofStitch]) => {
    const whole = [...groupBy(ofStitch, (row) => row["seed"]!).values()].filter((ofSeed) => ofSeed.length === tasks);
    const overSeeds = (column: string) => meanSpread(whole.flatMap((ofSeed) => {
      const values = ofSeed.map((row) => row[column] ?? "");
      return values.includes("") ? [] : [meanSpread(values.map(Number))!.mean];
    }));
    const top1 = overSeeds("top1");
    if (top1 === null) return [];
    const first = ofStitch[0]!;
    const joined = first["front_block"] !== "" && first["end_block"] !== "";
    return [{
      id: Number(id), front: first["front"]!, end: first["end"]!, blocks: joined ? ([Number(first["front_block"]), Number(first["end_block"])] as const) : null,
      flops: Math.round(overSeeds("flops")!.mean), params: Math.round(overSeeds("params")!.mean),
      top1: top1.mean, spread: top1.spread, seeds: top1.count, val: overSeeds("val_top1")?.mean ?? null, importance: overSeeds("importance")?.mean ?? null,
    }];
  }).sort((a, b) => a.flops - b.flops || a.id - b.id);
}
