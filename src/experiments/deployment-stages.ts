/**
 * @file One stage against three: PST deployed by importance, and SN-Net fine-tuned, stitched, trained and evaluated.
 *
 * Run:     ./reproduce.sh quick deployment-stages
 * Writes:  results/<profile>/deployment-stages/: rows.csv, frontiers, what was deployed, and what each way took
 * Expects: one stage at a fraction of the time, and no worse along the frontier of what it deploys (paper; we test the direction).
 * Differs: every stage has the same steps, so with three anchors three stages train four times as long as one; heads start anew in the last stage.
 *          One stage with as many steps as all of them tells what the stages do from what the steps do (our question).
 */
import { families } from "../anchors/registry.js";
import { judge, type ClaimResult } from "../reporting/claims.js";
import { stageFindings } from "../reporting/deployment-stages-findings.js";
import type { StitchRow } from "../reporting/record.js";
import { areaDifferences } from "../reporting/tables.js";
import { adaptationWork, totalWork } from "../training/adaptation-work.js";
import { adaptInThreeStages, threeStagesWork } from "../training/three-stages.js";
import { defaultPst, type TuningMethod } from "../tuning/method.js";
import { reportStitchRows, stitchFigures, stitchReportFiles } from "./stitch-report.js";
import { ablationQuick, vtabLaptop, vtabPaper, type VtabSettings } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

function variants({ family, steps }: Pick<VtabSettings, "family" | "steps">): Record<string, Variant> {
  const anchors = families.find(({ familyId }) => familyId === family)?.anchors.length ?? 1; // an unknown family is told by the problems
  return {
    "one-stage": { adapts: "pst" },
    "three-stages": { adapts: "sn-net", adapt: adaptInThreeStages, work: threeStagesWork },
    "one-stage-longer": { adapts: "pst", changes: { steps: (anchors + 1) * steps } },
  };
}

const labels = {
  "one-stage": "One stage (PST, by importance)",
  "three-stages": "Three stages (SN-Net, by validation)",
  "one-stage-longer": "One stage, as many steps as three",
} as const;
const methods = Object.keys(labels);

export const deploymentStages = defineVtabStudy({
  id: "deployment-stages",
  question: "What does deployment by importance, with no evaluation stage, cost in accuracy and save in time?",
  claim: "One stage deploys stitches as good as three stages do, in a fraction of the time (paper; we test the direction)",
  settings: {
    quick: { ...ablationQuick, methods, steps: 60, batchSize: 16 },
    laptop: { ...vtabLaptop, methods },
    // Validation images choose what three stages deploy, so they are not trained on: a hundred epochs of twelve steps.
    paper: { ...vtabPaper, methods, steps: 1200, refit: false },
  },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  variants,
  problems: (where, { methods: chosen, refit }) => (refit && chosen.includes("three-stages") ? [`${where}: refit is true, expected false: validation accuracy chooses what three stages deploy, and refit trains on the validation images.`] : []),
  figures: stitchFigures(labels),
  report: (rows, context) => reportStitchRows(rows, context, labels),
  reportFiles: stitchReportFiles,
  methodLabels: labels,
  claims: stageClaims,
  found: (rows, { records }) => stageFindings(rows, trainingShare(rows), records),
});

/** Areas under the frontiers, of what each way deploys and of all its stitches; and what each computes in training. */
export function stageClaims(rows: readonly StitchRow[]): ClaimResult[] {
  const deployed = areaDifferences(rows, ({ areaBySelection }) => areaBySelection);
  const oracle = areaDifferences(rows);
  const compare = (source: ClaimResult["source"], ours: string, areas: typeof deployed, claim: string, measure: string): ClaimResult => {
    const difference = areas(ours, "three-stages");
    return { claim, source, measure, ours: difference, ...judge(difference) };
  };
  const share = trainingShare(rows);
  return [
    compare("paper", "one-stage", deployed, "What one stage deploys is at least as accurate as what three stages deploy", "area under the deployed stitches, one stage − three stages"),
    compare("paper", "one-stage", oracle, "One stage's frontier lies above that of three stages", "area under the frontier, one stage − three stages"),
    {
      claim: "One stage takes a fraction of what three stages take", source: "paper" as const, unit: "share" as const, measure: "multiply–accumulates of training, one stage as a share of three with as many steps in each",
      ours: share === null ? null : { mean: share, spread: null, count: 1 }, verdict: share !== null && share < 1 ? "supported" as const : "contradicted" as const, reason: "counted, not timed; as many steps in each stage are our choice",
    },
    compare("our question", "one-stage-longer", deployed, "With as many steps as three stages in all, one stage deploys stitches at least as accurate", "area under the deployed stitches, one stage with the steps of three − three stages"),
  ].filter(({ ours }) => ours !== null);
}

/** What one stage computes in training, as a share of what three do with as many steps in each: of every anchor alone, and of all stitches. Null where one of both was not run. */
export function trainingShare(rows: readonly StitchRow[]): number | null {
  const first = rows.find(({ method }) => method === "one-stage");
  if (first === undefined || !rows.some(({ method }) => method === "three-stages")) return null;
  const stitches = rows.filter(({ method, task, seed }) => method === first.method && task === first.task && seed === first.seed);
  const work = (some: readonly StitchRow[], method: TuningMethod): number => adaptationWork(some.map(({ flops }) => flops), { method, train: { steps: 1, batchSize: 1 }, validation: 0, test: 0 })[0]!;
  const anchors = stitches.filter(({ kind }) => kind === "anchor");
  return work(stitches, defaultPst) / totalWork([...anchors.map((anchor) => [anchor]), stitches].map((some) => work(some, { kind: "full" })));
}
