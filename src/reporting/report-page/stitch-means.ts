/**
 * @file What the stitch explorer chooses from: every stitch of a method on a task, and on the mean of tasks, averaged over seeds.
 *
 * Rows are read by the names of their columns, so that every experiment that evaluates stitches, of pictures or of text, is explored alike.
 */
import { parse } from "csv-parse/sync";
import { groupBy, meanSpread } from "../seed-means.js";

/** How good stitches are is told in one of these. */
export const exploredMeasures = {
  top1: { axis: "Test top-1 (%)", text: "test top-1", validation: "validation accuracy", validationAxis: "Validation top-1 (%)", of: "an image", all: "mean of all tasks", format: "percent", sign: 1 },
  perplexity: { axis: "Test perplexity of the answers", text: "test perplexity of the answers", validation: "validation perplexity", validationAxis: "Validation perplexity", of: "a token", all: "held-out instructions", format: "number", sign: -1 },
} as const;

/** Accuracy of image classifiers as a fraction, or the perplexity of the answers that decoders were to give. */
export type ExploredMeasure = keyof typeof exploredMeasures;

/** One stitch of one method on one task. */
export interface ExploredStitch {
  readonly id: number;
  readonly front: string;
  readonly end: string;
  /** Last block of the front and first of the end anchor, from 0; null for an anchor. */
  readonly blocks: readonly [number, number] | null;
  /** Multiply–accumulates of an image or of a token. */
  readonly flops: number;
  readonly params: number;
  /** The group's measure on test, its sample standard deviation over seeds (null for one), and their number. */
  readonly test: number;
  readonly spread: number | null;
  readonly seeds: number;
  /** The same on validation, by which the explorer chooses; null where it was not measured. */
  readonly val: number | null;
  readonly importance: number | null;
}

/** The stitches of one method on one task; `task` is null for the mean of all tasks, which only a method that was run on each has, and where there is but one thing to do. */
export interface ExploredGroup {
  readonly measure: ExploredMeasure;
  readonly task: string | null;
  readonly method: string;
  /** The first seed; a command that repeats a run names it. */
  readonly seed: number;
  readonly stitches: readonly ExploredStitch[];
}

const ROUTE = ["method", "seed", "stitch_id", "front", "end", "front_block", "end_block", "params"] as const;

/** The columns that rows of either kind have. */
const kinds = [
  { measure: "top1", flops: "flops", validation: "val_top1", needed: [...ROUTE, "task", "flops", "top1"] },
  { measure: "perplexity", flops: "flops_per_token", validation: "val_perplexity", needed: [...ROUTE, "flops_per_token", "perplexity"] },
] as const;

type Kind = (typeof kinds)[number];
type Row = Readonly<Record<string, string>>;

/** Averages the rows of a file; nothing where it holds no stitches. */
export function exploredGroups(csv: string): ExploredGroup[] {
  const rows = parse(csv, { columns: true }) as Row[];
  const kind = kinds.find(({ needed }) => rows.length > 0 && needed.every((name) => rows[0]![name] !== undefined));
  if (kind === undefined) return [];
  const { measure } = kind;
  const tasks = new Set(rows.map((row) => row["task"])).size;
  return [...groupBy(rows, (row) => row["method"]!)].flatMap(([method, ofMethod]) => {
    const byTask = groupBy(ofMethod, (row) => row["task"] ?? null);
    const groups: ExploredGroup[] = [...byTask].map(([task, ofTask]) => ({ measure, task, method, seed: Number(ofTask[0]!["seed"]), stitches: stitchesOf(ofTask, kind) }));
    return tasks > 1 && byTask.size === tasks ? [{ measure, task: null, method, seed: groups[0]!.seed, stitches: stitchesOf(ofMethod, kind, tasks) }, ...groups] : groups;
  });
}

/** Means over seeds of means over tasks; a seed that lacks one of the tasks is left out, so that all means are over the same tasks. */
function stitchesOf(rows: readonly Row[], kind: Kind, tasks = 1): ExploredStitch[] {
  return [...groupBy(rows, (row) => row["stitch_id"]!)].flatMap(([id, ofStitch]) => {
    const whole = [...groupBy(ofStitch, (row) => row["seed"]!).values()].filter((ofSeed) => ofSeed.length === tasks);
    const overSeeds = (column: string) => meanSpread(whole.flatMap((ofSeed) => {
      const values = ofSeed.map((row) => row[column] ?? "");
      return values.includes("") ? [] : [meanSpread(values.map(Number))!.mean];
    }));
    const test = overSeeds(kind.measure);
    if (test === null) return [];
    const first = ofStitch[0]!;
    const joined = first["front_block"] !== "" && first["end_block"] !== "";
    return [{
      id: Number(id), front: first["front"]!, end: first["end"]!, blocks: joined ? ([Number(first["front_block"]), Number(first["end_block"])] as const) : null,
      flops: Math.round(overSeeds(kind.flops)!.mean), params: Math.round(overSeeds("params")!.mean),
      test: test.mean, spread: test.spread, seeds: test.count, val: overSeeds(kind.validation)?.mean ?? null, importance: overSeeds("importance")?.mean ?? null,
    }];
  }).sort((a, b) => a.flops - b.flops || a.id - b.id);
}
