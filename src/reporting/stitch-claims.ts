/**
 * @file What vtab-stitching says about the paper's main claim, from its rows alone.
 */
import { judge, pairedDifference } from "./claims.js";
import type { ClaimResult } from "./claims.js";
import type { StitchRow } from "./record.js";
import { areasBySeed } from "./tables.js";

/** Names of the methods that the claims compare. */
export interface ComparedMethods {
  readonly ours: string;
  readonly direct: string;
  readonly alone: string;
}

/**
 * Compares the areas under the frontiers, averaged over tasks, seed by seed.
 *
 * Claim 1 is the paper's: parameter-efficient stitching beats adapting the stitched family directly. Claim 2 is our question:
 * the stitches against the anchors adapted one by one, at the same budgets.
 */
export function stitchClaims(rows: readonly StitchRow[], { ours, direct, alone }: ComparedMethods = { ours: "pst", direct: "sn-net", alone: "anchors" }): ClaimResult[] {
  const tasks = new Set(rows.map(({ task }) => task)).size;
  const areas = areasBySeed(rows);
  const against = (claim: string, source: ClaimResult["source"], other: string, name: string): ClaimResult => {
    const difference = pairedDifference(areas(ours), areas(other));
    return { claim, source, measure: `area under the frontier, PST − ${name}, mean of ${tasks} ${tasks === 1 ? "task" : "tasks"}`, ours: difference, ...judge(difference) };
  };
  return [
    against("PST beats direct SN-Net adaptation along the accuracy–FLOPs frontier", "paper", direct, "SN-Net"),
    against("One run of PST serves every budget at least as well as the anchors adapted one by one", "our question", alone, "anchors alone"),
  ];
}
