/**
 * @file Techniques of parameter-efficient tuning in the same stitching framework: what all stitches share is exchanged, each stitch's own biases stay.
 *
 * Run:     ./reproduce.sh quick peft-techniques
 * Writes:  results/<profile>/peft-techniques/: rows.csv, accuracy against trained parameters, what a step takes
 * Expects: nothing published; the paper asks the question. LoRA folds into the weights, adapters, prefixes and prompts do not.
 * Differs: every technique draws stitches uniformly, and stitching layers carry PST's low-rank update (biases alone, and full, apart), so that only the blocks differ.
 *          LoRA, adapters and prefixes share 32·D weights a block; prompts, which every block has to carry, 8·D (deep) or 8·D in all (shallow).
 *          All but full fine-tuning have the learning rate that was chosen for PST. Rows carry the plain stitch's FLOPs and parameters: what does not
 *          fold in costs more to run (adapters, prefixes and above all prompts) and is not compared along the frontier.
 */
import { join } from "node:path";
import { judge, pairedDifference, type ClaimResult } from "../reporting/claims.js";
import { methodAndAnchor } from "../reporting/common-runs.js";
import { spaceTechniqueFigure } from "../reporting/figures/space-technique-figure.js";
import { techniqueFindings } from "../reporting/peft-techniques-findings.js";
import type { StitchRow } from "../reporting/record.js";
import type { MeanSpread } from "../reporting/seed-means.js";
import { spaceTechniques, spaceTechniqueTable, type TechniqueAbout } from "../reporting/space-technique-table.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { defaultPst, isMergeable, type TuningMethod } from "../tuning/method.js";
import type { ReportContext } from "./experiment.js";
import { onCommonRuns } from "./on-common-runs.js";
import { ablationQuick, vtabLaptop, vtabPaper } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

const framework = { biasScope: "all", stitchingRank: defaultPst.rank } as const;

const techniques: Readonly<Record<string, { readonly label: string; readonly tuning: TuningMethod }>> = {
  lora: { label: "LoRA (PST)", tuning: defaultPst },
  "adapter-houlsby": { label: "Adapter (Houlsby)", tuning: { kind: "adapter", placement: "houlsby", width: 8, scaling: 1, ...framework } },
  "adapter-pfeiffer": { label: "Adapter (Pfeiffer)", tuning: { kind: "adapter", placement: "pfeiffer", width: 16, scaling: 1, ...framework } },
  adaptformer: { label: "AdaptFormer", tuning: { kind: "adapter", placement: "parallel", width: 16, scaling: 0.1, ...framework } },
  prefix: { label: "Prefix", tuning: { kind: "prefix", length: 16, ...framework } },
  "vpt-shallow": { label: "VPT (shallow)", tuning: { kind: "prompt", depth: "shallow", length: 8, ...framework } },
  "vpt-deep": { label: "VPT (deep)", tuning: { kind: "prompt", depth: "deep", length: 8, ...framework } },
  bias: { label: "Biases alone", tuning: { ...defaultPst, loraTargets: "none" } },
  full: { label: "Full", tuning: { kind: "full" } },
};

const about: Readonly<Record<string, TechniqueAbout>> = Object.fromEntries(Object.entries(techniques).map(([name, { label, tuning }]) => [name, { label, mergeable: isMergeable(tuning) }]));
const labels: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(techniques).map(([name, { label }]) => [name, label]));
const methods = Object.keys(techniques);

/** Full fine-tuning has its own learning rate and no importance; the rest is told apart by what it moves. */
const variants: Readonly<Record<string, Variant>> = Object.fromEntries(
  Object.entries(techniques).map(([name, { tuning }]) => [name, tuning.kind === "full" ? { adapts: "sn-net" } : { adapts: "pst", changes: { sampler: "uniform" }, tuning }]),
);

export const peftTechniques = defineVtabStudy({
  id: "peft-techniques",
  question: "Which technique of parameter-efficient tuning serves a stitch space best, for what it trains, keeps in memory and takes?",
  claim: "none published; the paper uses LoRA and leaves the others open",
  settings: {
    quick: { ...ablationQuick, methods: ["lora", "adapter-pfeiffer", "adaptformer", "prefix", "vpt-deep", "bias"], steps: 40, batchSize: 16, testImages: 60, valImages: 10 },
    laptop: { ...vtabLaptop, methods },
    paper: { ...vtabPaper, methods },
  },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  variants: () => variants,
  ...onCommonRuns(methodAndAnchor, {
    figures: { techniques: (rows, context) => spaceTechniqueFigure(rows, { ...context, labels }) },
    report: reportTechniques,
    claims: techniqueClaims,
    found: (rows, { records }) => techniqueFindings(rows, records, about),
  }),
  reportFiles: tablePaths("techniques"),
  methodLabels: labels,
});

async function reportTechniques(rows: readonly StitchRow[], { folder, note }: ReportContext): Promise<void> {
  writeTable(join(folder, "tables"), spaceTechniqueTable(rows, note, about));
}

/** LoRA against each of the others, mean of all stitches and tasks, seed by seed; along the frontier too, where the other folds in. */
export function techniqueClaims(rows: readonly StitchRow[]): ClaimResult[] {
  const found = spaceTechniques(rows);
  const lora = found.find(({ technique }) => technique === "lora");
  if (lora === undefined) return [];
  return found.filter((other) => other !== lora).flatMap((other) => {
    const label = labels[other.technique] ?? other.technique;
    const rates = other.technique === "full" ? "each at its own learning rate" : "both at PST's learning rate";
    const compare = (claim: string, measure: string, difference: MeanSpread | null): ClaimResult[] =>
      (difference === null ? [] : [{ claim: `${claim}, ${rates}`, source: "our question", measure: `${measure}, LoRA − ${label}`, ours: difference, ...judge(difference) }]);
    return [
      ...compare(`LoRA serves a stitch space better than ${label}`, "mean top-1 of all stitches", pairedDifference(lora.top1["all"]!, other.top1["all"]!)),
      ...(about[other.technique]?.mergeable === true ? compare(`LoRA's frontier lies above that of ${label}`, "area under the frontier", pairedDifference(lora.area, other.area)) : []),
    ];
  });
}
