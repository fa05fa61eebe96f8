/**
 * @file Does PST beat full SN-Net adaptation along the accuracy–FLOPs frontier, on each task and on the means?
 *
 * Run:     ./reproduce.sh quick vtab-stitching
 * Writes:  results/<profile>/vtab-stitching/rows.csv, one row per task, method, seed and stitch; tables and figures from it alone
 * Takes:   quick 2 min 23 s on 2 cores (native engine, another process running beside it)
 * Expects: PST's frontier above SN-Net's (paper, main table; its numbers could not be obtained). We test only the direction.
 */
import { families } from "../anchors/registry.js";
import { taskNames } from "../datasets/registry.js";
import { vtabTasks } from "../datasets/vtab-tasks.js";
import { measuredStitchClaims, reportStitchRows, stitchReportFiles } from "./stitch-report.js";
import { methodNames, vtabBase, type VtabSettings } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

export const vtabStitching = defineVtabStudy({
  id: "vtab-stitching",
  question: "Does PST beat full SN-Net adaptation along the accuracy–FLOPs frontier, on each task and on the means?",
  claim: "PST's frontier lies above that of SN-Net's full adaptation, at a fraction of its trained parameters (paper; we test the direction)",
  settings: {
    // Few steps need a higher learning rate: chosen on validation of two tasks, the same factor for all methods.
    quick: { ...vtabBase, tasks: ["digits", "earth-terrain", "dsprites-like-location"], steps: 100, batchSize: 24, valImages: 40, testImages: 150, learningRate: 6e-3, fullLearningRate: 6e-4 },
    // Forty epochs. PST's rate was chosen on validation of three tasks (0.001 or 0.003); SN-Net's is ten times lower.
    laptop: { ...vtabBase, tasks: taskNames, batchSize: 32, testImages: 1000, learningRate: 3e-3, fullLearningRate: 3e-4 },
    // A hundred epochs of fifteen steps: chosen on validation, refitted on all 1000 images.
    paper: { ...vtabBase, family: "vit", dataFolder: "data/vtab-1k", tasks: vtabTasks.map(({ name }) => name), steps: 1500, scheduleUnit: "epoch", refit: true },
  },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  variants: ({ family }: VtabSettings) => Object.fromEntries(families.filter(({ familyId }) => familyId === family).flatMap(methodNames).map((name) => [name, variantOf(name)])),
  report: reportStitchRows,
  reportFiles: stitchReportFiles,
  claims: measuredStitchClaims,
});

/** Anchors adapted alone share the method name "anchors". */
export function variantOf(name: string): Variant {
  return { adapts: name, ...(name.startsWith("anchor-") ? { method: "anchors" } : {}) };
}
