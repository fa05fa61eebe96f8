/**
 * @file The rows of each experiment: which columns they have, and which of them tell one row from another.
 *
 * On disk the names are snake_case, in the program camelCase; nothing outside this file and `rows-csv.ts` knows both.
 * Nothing that differs from run to run (times, memory) belongs in a row: those go to the run record.
 */
import {
  choiceColumn, flagColumn, fractionColumn, numberColumn, optional, snakeCase, textColumn, wholeColumn,
} from "./columns.js";
import type { Column, Columns, RowOf } from "./columns.js";

/** The rows of one experiment: columns in their order on disk, and the key that no two rows share. */
export interface RowType<Row> {
  readonly id: string;
  /** Columns in file order, by camelCase name. */
  readonly columns: readonly { readonly name: keyof Row & string; readonly header: string; readonly column: Column<unknown> }[];
  /** Names of the columns that together identify a row. */
  readonly key: readonly (keyof Row & string)[];
}

/**
 * Declares the rows of an experiment.
 *
 * @param id - the experiment's id, for messages.
 * @param columns - columns by camelCase name, in file order.
 * @param key - the columns that together identify a row.
 */
export function defineRows<const Set extends Columns>(
  id: string, columns: Set, key: readonly (keyof Set & string)[],
): RowType<RowOf<Set>> {
  const names = Object.keys(columns) as (keyof Set & string)[];
  return {
    id,
    columns: names.map((name) => ({ name, header: snakeCase(name), column: columns[name] as Column<unknown> })),
    key,
  };
}

/** VTAB's three groups of tasks. */
export const taskGroups = ["natural", "specialised", "structured"] as const;
export type TaskGroup = (typeof taskGroups)[number];

/** The columns that say which stitch a row is about, of images and of text alike. */
export const routeColumns = {
  /** Number of the stitch in its stitch space; anchors come first. */
  stitchId: wholeColumn(),
  /** Whether the row is an anchor run whole or a stitch of two. */
  kind: choiceColumn(["anchor", "stitch"]),
  /** Anchor where the route starts. */
  front: textColumn(),
  /** Anchor where the route finishes; the front anchor itself for an anchor. */
  end: textColumn(),
  /** Last block of the front anchor, from 0; null for an anchor. */
  frontBlock: optional(wholeColumn()),
  /** First block of the end anchor, from 0; null for an anchor. */
  endBlock: optional(wholeColumn()),
} as const;

/** The columns of vtab-stitching, also used by every experiment that evaluates stitches on image tasks. */
export const stitchColumns = {
  /** Name of the downstream task. */
  task: textColumn(),
  /** VTAB's group of the task. */
  group: choiceColumn(taskGroups),
  /** How the family was adapted; see `figures/style.ts` for the names that have a label. */
  method: textColumn(),
  /** Seed of the run. */
  seed: wholeColumn(),
  ...routeColumns,
  /** Multiply–accumulates of one image, counted once. */
  flops: wholeColumn(1),
  /** Parameters on the stitch's route. */
  params: wholeColumn(1),
  /** Parameters that got updates in the whole run of the method, not in this stitch alone. */
  trainableParams: wholeColumn(),
  /** Fraction of the test images classified correctly. */
  top1: fractionColumn(),
  /** Fraction of the validation images classified correctly; null where it was not measured. */
  valTop1: optional(fractionColumn()),
  /** Moving average of the importance score; null where the method has none. */
  importance: optional(numberColumn()),
  /** Steps in which the stitch was drawn; null where the method draws none. */
  visits: optional(wholeColumn()),
  /** 1 when the stitch was chosen for deployment: by its importance, or by validation accuracy where three stages did. */
  selected: flagColumn(),
  /** Profile of the run: quick, laptop, paper, or the name of the user's own settings. */
  profile: textColumn(),
} as const;

/** One stitch (or anchor) of one method, task and seed. */
export type StitchRow = RowOf<typeof stitchColumns>;

/** The rows of vtab-stitching. */
export const stitchRows: RowType<StitchRow> = defineRows("vtab-stitching", stitchColumns, ["task", "method", "seed", "stitchId"]);
