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
import { measuredStitchClaims, reportStitchRows, stitchFigures, stitchReportFiles } from "./stitch-report.js";
import { methodNames, vtabLaptop, vtabPaper, vtabQuick, type VtabSettings } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

export const vtabStitching = defineVtabStudy({
  id: "vtab-stitching",
  question: "Does PST beat full SN-Net adaptation along the accuracy–FLOPs frontier, on each task and on the means?",
  claim: "PST's frontier lies above that of SN-Net's full adaptation, at a fraction of its trained parameters (paper; we test the direction)",
  settings: { quick: vtabQuick, laptop: { ...vtabLaptop, tasks: taskNames }, paper: vtabPaper },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  variants: ({ family }: VtabSettings) => Object.fromEntries(families.filter(({ familyId }) => familyId === family).flatMap(methodNames).map((name) => [name, variantOf(name)])),
  figures: stitchFigures(),
  report: reportStitchRows,
  reportFiles: stitchReportFiles,
  claims: measuredStitchClaims,
});

/** Anchors adapted alone share the method name "anchors". */
export function variantOf(name: string): Variant {
  return { adapts: name, ...(name.startsWith("anchor-") ? { method: "anchors" } : {}) };
}
