/**
 * @file Does the comparison of PST with SN-Net depend on their learning rates?
 *
 * Run:     ./reproduce.sh quick learning-rates
 * Writes:  results/<profile>/learning-rates/: rows.csv, the table of rates, accuracy against the rate
 * Expects: nothing published; the paper gives one rate a method. A comparison at one rate each may be one of rates.
 * Differs: each method's best rate is chosen on validation images, the mean of all stitches, tasks and seeds, once for all of them.
 */
import { join } from "node:path";
import { judge, pairedDifference, type ClaimResult } from "../reporting/claims.js";
import { methodAndAnchor } from "../reporting/common-runs.js";
import { rateFigure } from "../reporting/figures/rate-figure.js";
import { bestRate, rateOf, rateTable } from "../reporting/rate-table.js";
import { rateFindings } from "../reporting/learning-rates-findings.js";
import type { StitchRow } from "../reporting/record.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { areasBySeed } from "../reporting/tables.js";
import { onCommonRuns } from "./on-common-runs.js";
import { ablationQuick, vtabLaptop, vtabPaper } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

/** SN-Net's rates are ten times lower, as everywhere (our choice); the second of each is the laptop profile's. */
const rates = { pst: [0.001, 0.003, 0.01, 0.03], "sn-net": [0.0001, 0.0003, 0.001, 0.003] } as const;
const variants: Readonly<Record<string, Variant>> = Object.fromEntries([
  ...rates.pst.map((learningRate): [string, Variant] => [`pst-${learningRate}`, { adapts: "pst", changes: { learningRate } }]),
  ...rates["sn-net"].map((fullLearningRate): [string, Variant] => [`sn-net-${fullLearningRate}`, { adapts: "sn-net", changes: { fullLearningRate } }]),
]);
const methods = Object.keys(variants);

export const learningRates = defineVtabStudy({
  id: "learning-rates",
  question: "Does the comparison of PST with SN-Net depend on their learning rates?",
  claim: "none published; the paper gives one rate a method",
  settings: {
    quick: { ...ablationQuick, methods: ["pst-0.003", "sn-net-0.0003", "pst-0.01", "sn-net-0.001"], steps: 30, batchSize: 16, testImages: 40, valImages: 10 },
    laptop: { ...vtabLaptop, methods, tasks: ["digits", "earth-terrain", "dsprites-like-location"] },
    // Validation images choose the rate, so they are not trained on: a hundred epochs of twelve steps.
    paper: { ...vtabPaper, methods, tasks: ["cifar", "eurosat", "dsprites_loc"], steps: 1200, refit: false },
  },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  rates: "learning rates as named",
  variants: () => variants,
  ...onCommonRuns(methodAndAnchor, {
    figures: { rates: rateFigure },
    report: async (rows, { folder, note }) => void writeTable(join(folder, "tables"), rateTable(rows, note)),
    claims: rateClaims,
    found: rateFindings,
  }),
  reportFiles: tablePaths("rates"),
});

/** Areas under the frontier at each method's best rate, seed by seed. */
export function rateClaims(rows: readonly StitchRow[]): ClaimResult[] {
  const [pst, full] = [bestRate(rows, "pst"), bestRate(rows, "sn-net")];
  if (pst === undefined || full === undefined) return [];
  const areas = areasBySeed(rows);
  const difference = pairedDifference(areas(pst), areas(full));
  if (difference === null) return [];
  return [{
    claim: "PST beats direct SN-Net adaptation, each at its best learning rate", source: "our question",
    measure: `area under the frontier, PST at ${rateOf(pst)!.rate} − SN-Net at ${rateOf(full)!.rate}`, ours: difference, ...judge(difference),
  }];
}
