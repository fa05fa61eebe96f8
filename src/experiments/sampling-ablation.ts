/**
 * @file Importance against uniform and FLOPs-grouped sampling of stitches, the same steps each.
 *
 * Run:     ./reproduce.sh quick sampling-ablation
 * Writes:  results/<profile>/sampling-ablation/: rows.csv, the frontiers, how often each sampler visits which stitch, and what importance sampling's settings are worth
 * Expects: importance sampling above uniform (paper); how much its temperature, exploration and memory matter, and whether another score
 *          deploys better stitches, are our questions.
 */
import { judge, pairedDifference, type ClaimResult } from "../reporting/claims.js";
import { paretoFigure } from "../reporting/figures/pareto-figure.js";
import { sensitivityFigure, type Knob } from "../reporting/figures/sensitivity-figure.js";
import { visitsFigure } from "../reporting/figures/visits-figure.js";
import type { StitchRow } from "../reporting/record.js";
import { areasBySeed } from "../reporting/tables.js";
import { reportStitchRows, stitchReportFiles } from "./stitch-report.js";
import { ablationQuick, vtabLaptop, vtabPaper } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

const variants: Readonly<Record<string, Variant>> = {
  importance: { adapts: "pst", changes: { sampler: "importance" } },
  uniform: { adapts: "pst", changes: { sampler: "uniform" } },
  "flops-grouped": { adapts: "pst", changes: { sampler: "flops-grouped" } },
  loss: { adapts: "pst", changes: { sampler: "importance", importance: "loss" } },
  "temperature-0.5": { adapts: "pst", changes: { sampler: "importance", temperature: 0.5 } },
  "temperature-2": { adapts: "pst", changes: { sampler: "importance", temperature: 2 } },
  "exploration-0": { adapts: "pst", changes: { sampler: "importance", exploration: 0 } },
  "exploration-0.5": { adapts: "pst", changes: { sampler: "importance", exploration: 0.5 } },
  "beta-0.5": { adapts: "pst", changes: { sampler: "importance", beta: 0.5 } },
  "beta-0.99": { adapts: "pst", changes: { sampler: "importance", beta: 0.99 } },
};

const labels: Readonly<Record<string, string>> = {
  importance: "Importance (τ 1, ε 0.1, β 0.9)", uniform: "Uniform (SN-Net)", "flops-grouped": "FLOPs-grouped (SN-Netv2)", loss: "Score: minus the training loss",
  "temperature-0.5": "τ 0.5", "temperature-2": "τ 2", "exploration-0": "ε 0", "exploration-0.5": "ε 0.5", "beta-0.5": "β 0.5", "beta-0.99": "β 0.99",
};

/** The settings of importance sampling, low to high; the default is the method `importance`. */
const knobs: readonly Knob[] = [
  { name: "Temperature", letter: "τ", methods: [["0.5", "temperature-0.5"], ["1", "importance"], ["2", "temperature-2"]] },
  { name: "Exploration", letter: "ε", methods: [["0", "exploration-0"], ["0.1", "importance"], ["0.5", "exploration-0.5"]] },
  { name: "Memory", letter: "β", methods: [["0.5", "beta-0.5"], ["0.9", "importance"], ["0.99", "beta-0.99"]] },
];

const all = Object.keys(variants);
const samplers = all.slice(0, 4);

export const samplingAblation = defineVtabStudy({
  id: "sampling-ablation",
  question: "Does drawing important stitches more often raise the frontier, at the same number of steps?",
  claim: "Importance sampling beats uniform sampling (paper; we test the direction)",
  settings: { quick: { ...ablationQuick, methods: all.slice(0, 3) }, laptop: { ...vtabLaptop, methods: all }, paper: { ...vtabPaper, methods: all } },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  variants: () => variants,
  first: samplers,
  figures: {
    pareto: (rows, context) => paretoFigure(rows.filter(({ method }) => samplers.includes(method)), { ...context, labels }),
    visits: (rows, context) => visitsFigure(rows, samplers.filter((sampler) => rows.some(({ method }) => method === sampler)), { ...context, labels }),
    sensitivity: (rows, context) => sensitivityFigure(rows, knobs, "uniform", { ...context, labels }),
  },
  hasFigure: (figure, { methods }) => figure !== "sensitivity" || methods.some((method) => !samplers.includes(method)),
  report: (rows, context) => reportStitchRows(rows, context, labels),
  reportFiles: stitchReportFiles,
  claims: samplerClaims,
});

/** Areas, seed by seed: under the frontier, importance less another sampler; under what is deployed, another score less the paper's. */
export function samplerClaims(rows: readonly StitchRow[]): ClaimResult[] {
  const areas = areasBySeed(rows);
  const deployed = areasBySeed(rows, ({ areaBySelection }) => areaBySelection);
  const byLoss = pairedDifference(deployed("loss"), deployed("importance"));
  const against = (source: ClaimResult["source"], other: string, claim: string): ClaimResult => {
    const difference = pairedDifference(areas("importance"), areas(other));
    return { claim, source, measure: `area under the frontier, importance − ${other}`, ours: difference, ...judge(difference) };
  };
  return [
    against("paper", "uniform", "Importance sampling beats uniform sampling"),
    against("our question", "flops-grouped", "Importance sampling beats FLOPs-grouped sampling"),
    against("our question", "exploration-0.5", "Drawing half of the stitches uniformly costs accuracy"),
    { claim: "Drawing and deploying by training loss deploys better stitches than by the paper's score", source: "our question" as const, measure: "area under the deployed stitches, minus the loss − importance", ours: byLoss, ...judge(byLoss) },
  ].filter(({ ours }) => ours !== null);
}
