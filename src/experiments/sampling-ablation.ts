/**
 * @file Importance against uniform and FLOPs-grouped sampling of stitches, the same steps each.
 *
 * Run:     ./reproduce.sh quick sampling-ablation
 * Writes:  results/<profile>/sampling-ablation/: rows.csv, the frontiers, how often each sampler visits which stitch, and what importance sampling's settings are worth
 * Expects: importance sampling above uniform (paper), in the frontier and in what is deployed; how much its temperature, exploration and memory
 *          matter, and whether another score deploys better stitches, are our questions.
 */
import { judge, type ClaimResult } from "../reporting/claims.js";
import { paretoFigure } from "../reporting/figures/pareto-figure.js";
import { sensitivityFigure, type Knob } from "../reporting/figures/sensitivity-figure.js";
import { visitsFigure } from "../reporting/figures/visits-figure.js";
import type { StitchRow } from "../reporting/record.js";
import { samplingFindings } from "../reporting/sampling-ablation-findings.js";
import { areaDifferences } from "../reporting/tables.js";
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
const inWords: Readonly<Record<string, string>> = { importance: "importance", uniform: "uniform", "flops-grouped": "FLOPs-grouped", loss: "minus the loss" };

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
  methodLabels: labels,
  claims: samplerClaims,
  found: (rows) => samplingFindings(rows, inWords, knobs),
});

/** Areas under the frontier and under what the score deploys, seed by seed: importance less another sampler, another score less the paper's. */
export function samplerClaims(rows: readonly StitchRow[]): ClaimResult[] {
  const frontier = areaDifferences(rows);
  const deployed = areaDifferences(rows, ({ areaBySelection }) => areaBySelection);
  const name = (method: string): string => inWords[method] ?? labels[method] ?? method;
  const compare = (source: ClaimResult["source"], claim: string, areas: typeof frontier, ours: string, other: string): ClaimResult => {
    const difference = areas(ours, other);
    return { claim, source, measure: `area under ${areas === frontier ? "the frontier" : "what the score deploys"}, ${name(ours)} − ${name(other)}`, ours: difference, ...judge(difference) };
  };
  return [
    compare("paper", "Importance sampling raises the frontier, against uniform sampling", frontier, "importance", "uniform"),
    compare("paper", "Importance sampling deploys better stitches than uniform sampling", deployed, "importance", "uniform"),
    compare("our question", "Importance sampling raises the frontier, against FLOPs-grouped sampling", frontier, "importance", "flops-grouped"),
    compare("our question", "Importance sampling deploys better stitches than FLOPs-grouped sampling", deployed, "importance", "flops-grouped"),
    compare("our question", "Drawing half of the stitches uniformly costs accuracy", frontier, "importance", "exploration-0.5"),
    compare("our question", "Drawing and deploying by training loss deploys better stitches than by the paper's score", deployed, "loss", "importance"),
  ].filter(({ ours }) => ours !== null);
}
