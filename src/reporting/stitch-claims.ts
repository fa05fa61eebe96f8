/**
 * @file What vtab-stitching says about the paper's main claim, from its rows alone.
 */
import { countText } from "./claim-text.js";
import { judge } from "./claims.js";
import type { ClaimResult } from "./claims.js";
import type { StitchRow } from "./record.js";
import { comparedAreas, type ComparedAreas } from "./tables.js";

/** Names of the methods that the claims compare. */
export interface ComparedMethods {
  readonly ours: string;
  readonly direct: string;
  readonly alone: string;
}

/**
 * Compares areas over the budgets, averaged over the tasks that both were run on, seed by seed: of the frontiers, which an oracle would reach, and of
 * what would run, PST's stitches chosen by importance and the others' by validation.
 *
 * The first claim is the paper's: parameter-efficient stitching beats adapting the stitched family directly. The anchors adapted one by one are our
 * question. The last two take PST apart.
 */
export function stitchClaims(rows: readonly StitchRow[], { ours, direct, alone }: ComparedMethods = { ours: "pst", direct: "sn-net", alone: "anchors" }): ClaimResult[] {
  const result = (claim: string, source: ClaimResult["source"], measure: string, { difference, tasks }: ComparedAreas): ClaimResult =>
    ({ claim, source, measure: `${measure}, mean of ${countText(tasks.length, "task")}`, ours: difference, ...judge(difference) });
  const against = (claim: string, source: ClaimResult["source"], other: string, name: string): ClaimResult =>
    result(claim, source, `area under the frontier, PST − ${name}`, comparedAreas(rows, ours, other));
  const asRun = (claim: string, other: string, name: string): ClaimResult =>
    result(claim, "our question", `area of what would run, PST chosen by importance − ${name} chosen by validation`, comparedAsRun(rows, ours, other));
  return [
    against("PST beats direct SN-Net adaptation along the accuracy–FLOPs frontier", "paper", direct, "SN-Net"),
    asRun("What PST deploys by importance is at least as accurate as SN-Net's stitches chosen by validation", direct, "SN-Net"),
    against("One run of PST serves every budget at least as well as the anchors adapted one by one", "our question", alone, "anchors alone"),
    asRun("What PST deploys by importance is at least as accurate as the anchors adapted one by one, chosen by validation", alone, "anchors alone"),
    against("Biases of each stitch's own raise the frontier, against shared ones", "paper", "lora-only", "PST with shared biases"),
    against("Low-rank updates raise the frontier, against biases alone", "our question", "bias-only", "PST with biases alone"),
  ];
}

/** What would run, without an oracle: of ours the stitches that importance deploys, of the other those of the best validation accuracy. */
export function comparedAsRun(rows: readonly StitchRow[], ours: string, other: string): ComparedAreas {
  return comparedAreas(rows, ours, other, ({ areaBySelection }) => areaBySelection, ({ areaByValidation }) => areaByValidation);
}
