/**
 * @file The rows of stitch-space-identities: a number that is known exactly, and what the code computes.
 */
import { choiceColumn, flagColumn, optional, textColumn, wholeColumn, type RowOf } from "./columns.js";
import { defineRows, type RowType } from "./record.js";

const identityColumns = {
  quantity: textColumn(),
  /** Null for a number of the whole space. */
  stitchId: optional(wholeColumn()),
  /** Where it is known from; arithmetic follows from the definitions. */
  source: choiceColumn(["SN-Net", "LLaMA", "arithmetic"]),
  expected: wholeColumn(),
  computed: wholeColumn(),
  equal: flagColumn(),
} as const;

export type IdentityRow = RowOf<typeof identityColumns>;

/** The rows of stitch-space-identities. */
export const identityRows: RowType<IdentityRow> = defineRows("stitch-space-identities", identityColumns, ["quantity", "stitchId"]);

/** Names of the numbers that each stitch has. */
export const ofStitch = { flops: "multiply–accumulates, without final norm", params: "parameters, as SN-Net counts", flopsWithNorm: "multiply–accumulates, with final norm", biases: "biases of its own, scope all" } as const;
