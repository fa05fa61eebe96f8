/**
 * @file How stitches' updates agree: rows of pairs, and their means by bias scope, time and distance.
 */
import { pairedDifference } from "./claims.js";
import { choiceColumn, fractionColumn, numberColumn, optional, textColumn, wholeColumn, type RowOf } from "./columns.js";
import { defineRows, taskGroups, type RowType } from "./record.js";
import { groupBy, meanSpread, type MeanSpread } from "./seed-means.js";
import type { Table } from "./table.js";

const pairColumns = {
  task: textColumn(),
  group: choiceColumn(taskGroups),
  seed: wholeColumn(),
  /** Bias scope: `all` (each stitch its own), `shared` (one copy) or `none` (frozen). */
  scope: textColumn(),
  /** Steps done, of `steps`. */
  step: wholeColumn(),
  steps: wholeColumn(1),
  first: wholeColumn(),
  second: wholeColumn(),
  /** Blocks by which their positions differ, front and end added; null between different pairs of anchors. */
  distance: optional(wholeColumn(1)),
  /** Angle of their gradients on the low-rank updates both touch, degrees; null where they touch none in common. */
  degreesLora: optional(numberColumn()),
  /** The same on all that both touch, heads left out: with shared biases, these too. */
  degreesAll: optional(numberColumn()),
  /** Linear CKA of the tokens that leave their last blocks; at the end of the training. */
  cka: optional(fractionColumn()),
  profile: textColumn(),
} as const;

/** Two stitches at one time. */
export type PairRow = RowOf<typeof pairColumns>;

/** The rows of gradient-angles. */
export const pairRows: RowType<PairRow> = defineRows("gradient-angles", pairColumns, ["task", "seed", "scope", "step", "first", "second"]);

/** Labels of the scopes. */
export const scopeLabels: Readonly<Record<string, string>> = { all: "Each stitch its own biases (PST)", shared: "Biases shared", none: "No biases" };

/** Mean over pairs of a measure, per seed (tasks first), then over seeds. */
export function conflictMean(rows: readonly PairRow[], measure: (row: PairRow) => number | null): MeanSpread | null {
  return meanSpread([...conflictBySeed(rows, measure).values()]);
}

/** Mean over pairs, then over tasks, by seed. */
export function conflictBySeed(rows: readonly PairRow[], measure: (row: PairRow) => number | null): Map<number, number> {
  const mean = (values: readonly number[]): number | null => meanSpread(values)?.mean ?? null;
  return new Map([...groupBy(rows, ({ seed }) => seed)].flatMap(([seed, ofSeed]) => {
    const tasks = [...groupBy(ofSeed, ({ task }) => task).values()].map((ofTask) => mean(ofTask.map(measure).filter((value) => value !== null)));
    const value = mean(tasks.filter((one) => one !== null));
    return value === null ? [] : [[seed, value] as const];
  }));
}

/** What a scope's mean at the end of the training is above that with biases of each stitch's own, seed by seed. */
export function aboveOwn(rows: readonly PairRow[], scope: string, measure: (row: PairRow) => number | null): MeanSpread | null {
  const atEnd = (of: string): Map<number, number> => conflictBySeed(rows.filter((row) => row.scope === of && row.step === row.steps), measure);
  return pairedDifference(atEnd(scope), atEnd("all"));
}

/** Whether two updates work against each other: more than a right angle. */
export function conflicts({ degreesLora }: PairRow): number | null {
  return degreesLora === null ? null : Number(degreesLora > 90);
}

/** The table `conflict`. */
export function conflictTable(rows: readonly PairRow[], note: string): Table {
  const cells = [...groupBy(rows, ({ scope, step }) => `${scope}\n${step}`).values()];
  return {
    id: "conflict", title: "How stitches' updates agree", note,
    legend: "Angles between two stitches' gradients on one batch, on the low-rank updates that both touch, or on everything both touch (heads left out); conflict: more than 90°. CKA: linear, of the tokens that leave the last block. Means over pairs, then tasks; ± over seeds.",
    columns: [
      { key: "scope", label: "Biases", format: "text", labels: scopeLabels }, { key: "share", label: "Training done (%)", format: "percent" },
      { key: "lora", label: "Angle, low-rank (°)", format: "number" }, { key: "all", label: "Angle, all shared (°)", format: "number" }, { key: "conflict", label: "In conflict (%)", format: "percent" }, { key: "cka", label: "CKA", format: "number" },
    ],
    rows: cells.map((ofCell) => ({
      scope: ofCell[0]!.scope, share: ofCell[0]!.step / ofCell[0]!.steps,
      lora: conflictMean(ofCell, ({ degreesLora }) => degreesLora), all: conflictMean(ofCell, ({ degreesAll }) => degreesAll), conflict: conflictMean(ofCell, conflicts), cka: conflictMean(ofCell, ({ cka }) => cka),
    })),
  };
}
