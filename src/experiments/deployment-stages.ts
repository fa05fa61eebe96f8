/**
 * @file One stage against three: PST deployed by importance, and SN-Net fine-tuned, stitched, trained and evaluated.
 *
 * Run:     ./reproduce.sh quick deployment-stages
 * Writes:  results/<profile>/deployment-stages/: rows.csv, frontiers, what was deployed, and what each way took
 * Expects: one stage at a fraction of the time, and no worse along the frontier of what it deploys (paper; we test the direction).
 * Differs: every stage has the same steps, so with three anchors three stages train four times as long as one; heads start anew in the last stage.
 */
import { judge, pairedDifference, type ClaimResult } from "../reporting/claims.js";
import type { StitchRow } from "../reporting/record.js";
import { areasBySeed } from "../reporting/tables.js";
import { adaptInThreeStages, threeStagesWork } from "../training/three-stages.js";
import { reportStitchRows, stitchFigures, stitchReportFiles } from "./stitch-report.js";
import { ablationQuick, vtabLaptop, vtabPaper } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

const variants: Readonly<Record<string, Variant>> = {
  "one-stage": { adapts: "pst" },
  "three-stages": { adapts: "sn-net", adapt: adaptInThreeStages, work: threeStagesWork },
};

const labels = { "one-stage": "One stage (PST, by importance)", "three-stages": "Three stages (SN-Net, by validation)" } as const;
const methods = Object.keys(variants);

export const deploymentStages = defineVtabStudy({
  id: "deployment-stages",
  question: "What does deployment by importance, with no evaluation stage, cost in accuracy and save in time?",
  claim: "One stage deploys stitches as good as three stages do, in a fraction of the time (paper; we test the direction)",
  settings: { quick: { ...ablationQuick, methods, steps: 60, batchSize: 16 }, laptop: { ...vtabLaptop, methods }, paper: { ...vtabPaper, methods, refit: false } },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  variants: () => variants,
  figures: stitchFigures(labels),
  report: (rows, context) => reportStitchRows(rows, context, labels),
  reportFiles: stitchReportFiles,
  claims: stageClaims,
});

/** Areas under the frontiers, of what each way deploys and of all its stitches. */
export function stageClaims(rows: readonly StitchRow[]): ClaimResult[] {
  const deployed = areasBySeed(rows, ({ areaBySelection }) => areaBySelection);
  const oracle = areasBySeed(rows);
  const compare = (areas: typeof deployed, claim: string, measure: string): ClaimResult => {
    const difference = pairedDifference(areas("one-stage"), areas("three-stages"));
    return { claim, source: "paper", measure, ours: difference, ...judge(difference) };
  };
  return [
    compare(deployed, "What one stage deploys is at least as accurate as what three stages deploy", "area under the deployed stitches, one stage − three stages"),
    compare(oracle, "One stage's frontier lies above that of three stages", "area under the frontier, one stage − three stages"),
  ].filter(({ ours }) => ours !== null);
}
