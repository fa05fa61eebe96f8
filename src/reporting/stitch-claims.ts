/**
 * @file What vtab-stitching says about the paper's main claim, from its rows alone.
 */
import { judge } from "./claims.js";
import type { ClaimResult } from "./claims.js";
import type { StitchRow } from "./record.js";
import { comparedAreas } from "./tables.js";

/** Names of the methods that the claims compare. */
export interface ComparedMethods {
  readonly ours: string;
  readonly direct: string;
  readonly alone: string;
}

/**
 * Compares the areas under the frontiers, averaged over the tasks that both were run on, seed by seed.
 *
 * Claim 1 is the paper's: parameter-efficient stitching beats adapting the stitched family directly. Claim 2 is our question:
 * the stitches against the anchors adapted one by one, at the same budgets. Claims 3 and 4 take PST apart.
 */
export function stitchClaims(rows: readonly StitchRow[], { ours, direct, alone }: ComparedMethods = { ours: "pst", direct: "sn-net", alone: "anchors" }): ClaimResult[] {
  const against = (claim: string, source: ClaimResult["source"], other: string, name: string): ClaimResult => {
    const { difference, tasks } = comparedAreas(rows, ours, other);
    return { claim, source, measure: `area under the frontier, PST − ${name}, mean of ${tasks} ${tasks === 1 ? "task" : "tasks"}`, ours: difference, ...judge(difference) };
  };
  return [
    against("PST beats direct SN-Net adaptation along the accuracy–FLOPs frontier", "paper", direct, "SN-Net"),
    against("One run of PST serves every budget at least as well as the anchors adapted one by one", "our question", alone, "anchors alone"),
    against("Biases of each stitch's own raise the frontier, against shared ones", "paper", "lora-only", "PST with shared biases"),
    against("Low-rank updates raise the frontier, against biases alone", "our question", "bias-only", "PST with biases alone"),
  ];
}
