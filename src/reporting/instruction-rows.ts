/**
 * @file The rows of instruction-following: one stitch of decoders of one method and seed.
 */
import { flagColumn, fractionColumn, numberColumn, optional, textColumn, wholeColumn, type RowOf } from "./columns.js";
import { defineRows, routeColumns, type RowType } from "./record.js";

const instructionColumns = {
  /** How the pair was adapted: pst, pst-uniform, sn-net, anchors. */
  method: textColumn(),
  seed: wholeColumn(),
  ...routeColumns,
  /** Multiply–accumulates of one token within a full context, counted once. */
  flopsPerToken: wholeColumn(1),
  /** Parameters on the stitch's route. */
  params: wholeColumn(1),
  /** Parameters that got updates in the whole run of the method, not in this stitch alone. */
  trainableParams: wholeColumn(),
  /** Test examples. */
  examples: wholeColumn(1),
  /** Of the test responses' tokens. */
  perplexity: numberColumn(),
  /** Fraction of the answers that have the reference's words. */
  exactMatch: fractionColumn(),
  /** Mean F1 of ROUGE-L. */
  rougeL: fractionColumn(),
  /** Exact match where only the thing asked about is new, only the wording, or both; null where there are no such examples. */
  exactEntity: optional(fractionColumn()),
  exactPhrasing: optional(fractionColumn()),
  exactBoth: optional(fractionColumn()),
  /** Of the validation responses' tokens; null where there are none. */
  valPerplexity: optional(numberColumn()),
  /** Moving average of the importance score; null where the method has none. */
  importance: optional(numberColumn()),
  /** Steps in which the stitch was drawn; null where the method draws none. */
  visits: optional(wholeColumn()),
  /** 1 when the stitch was chosen for deployment by its importance. */
  selected: flagColumn(),
  /** JSON list of { question, reference, answer }: the first test examples. */
  samples: textColumn(),
  profile: textColumn(),
} as const;

export type InstructionRow = RowOf<typeof instructionColumns>;

/** The rows of instruction-following. */
export const instructionRows: RowType<InstructionRow> = defineRows("instruction-following", instructionColumns, ["method", "seed", "stitchId"]);

/** A question of the test, its reference, and what a stitch answered. */
export interface SampleAnswer {
  readonly question: string;
  readonly reference: string;
  readonly answer: string;
}

/** The sample answers of a row. */
export function samplesOf({ samples }: Pick<InstructionRow, "samples">): readonly SampleAnswer[] {
  return JSON.parse(samples) as SampleAnswer[];
}

/** Short name of a stitch: `S`, `L`, or `S→L (0→1)`. */
export function rowLabel({ kind, front, end, frontBlock, endBlock }: Pick<InstructionRow, "kind" | "front" | "end" | "frontBlock" | "endBlock">, label: (anchorId: string) => string): string {
  return kind === "anchor" ? label(front) : `${label(front)}→${label(end)} (${frontBlock}→${endBlock})`;
}
