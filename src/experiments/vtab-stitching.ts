/**
 * @file Does PST beat full SN-Net adaptation along the accuracy–FLOPs frontier, on each task and on the means?
 *
 * Run:     ./reproduce.sh quick vtab-stitching
 * Writes:  results/<profile>/vtab-stitching/rows.csv, one row per task, method, seed and stitch; tables and figures from it alone
 * Takes:   worked out from the processor time of single runs, two processes of one thread on two quiet cores: quick a good minute; laptop an hour
 *          and a half for PST and SN-Net, which are run on every task and with every seed first, and three and a half in all
 * Expects: PST's frontier above SN-Net's (paper, main table; its numbers could not be obtained). We test only the direction.
 */
import { join } from "node:path";
import { families } from "../anchors/registry.js";
import { taskNames } from "../datasets/registry.js";
import { differenceTable } from "../reporting/difference-table.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { vtabStitchingFindings } from "../reporting/vtab-stitching-findings.js";
import { measuredStitchClaims, reportStitchRows, stitchFigures, stitchReportFiles } from "./stitch-report.js";
import { aloneMethod, methodNames, vtabLaptop, vtabPaper, vtabQuick, type VtabSettings } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

/** PST with one half of it taken away. */
const parts: Readonly<Record<string, Variant>> = {
  "lora-only": { adapts: "pst", changes: { biasScope: "shared" } },
  "bias-only": { adapts: "pst", changes: { loraTargets: "none" } },
};
const partsOfPst = Object.keys(parts);
const labels: Readonly<Record<string, string>> = { "lora-only": "PST, biases shared", "bias-only": "PST, biases alone" };

export const vtabStitching = defineVtabStudy({
  id: "vtab-stitching",
  question: "Does PST beat full SN-Net adaptation along the accuracy–FLOPs frontier, on each task and on the means?",
  claim: "PST's frontier lies above that of SN-Net's full adaptation, at a fraction of its trained parameters (paper; we test the direction)",
  settings: { quick: vtabQuick, laptop: { ...vtabLaptop, tasks: taskNames, methods: [...vtabLaptop.methods, ...partsOfPst] }, paper: { ...vtabPaper, methods: [...vtabPaper.methods, ...partsOfPst] } },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  variants: ({ family }: VtabSettings) => ({
    ...Object.fromEntries(families.filter(({ familyId }) => familyId === family).flatMap(methodNames).map((name) => [name, variantOf(name)])),
    ...parts,
  }),
  first: ["pst", "sn-net"],
  figures: stitchFigures(labels),
  methodLabels: { ...labels, ...Object.fromEntries(families.flatMap(({ anchors }) => anchors.map(({ label }) => [aloneMethod("anchor", label), `${label} alone`]))) },
  async report(rows, context) {
    await reportStitchRows(rows, context, labels);
    writeTable(join(context.folder, "tables"), differenceTable(rows, context.note));
  },
  reportFiles: [...tablePaths("differences"), ...stitchReportFiles],
  claims: measuredStitchClaims,
  found: vtabStitchingFindings,
});

/** Anchors adapted alone share the method name "anchors". */
export function variantOf(name: string): Variant {
  return { adapts: name, ...(name.startsWith("anchor-") ? { method: "anchors" } : {}) };
}
