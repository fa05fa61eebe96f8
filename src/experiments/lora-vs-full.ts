/**
 * @file Low-rank updates against full fine-tuning, on each anchor alone.
 *
 * Run:     ./reproduce.sh quick lora-vs-full
 * Writes:  results/<profile>/lora-vs-full/: rows.csv, the table of anchors, accuracy against trained parameters
 * Expects: LoRA near full fine-tuning at a few per cent of its trained parameters on 800 images; on tasks far from the upstream ones, full ahead.
 */
import { join } from "node:path";
import { families } from "../anchors/registry.js";
import { judge, pairedDifference, type ClaimResult } from "../reporting/claims.js";
import { methodAndAnchor } from "../reporting/common-runs.js";
import { techniqueFigure } from "../reporting/figures/technique-figure.js";
import { loraFindings } from "../reporting/lora-vs-full-findings.js";
import type { StitchRow } from "../reporting/record.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { techniqueMeans, techniqueTable } from "../reporting/technique-table.js";
import type { ReportContext } from "./experiment.js";
import { onCommonRuns } from "./on-common-runs.js";
import { ablationQuick, aloneMethod, vtabLaptop, vtabPaper, type VtabSettings } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

/** What is trained beside the head, by technique. */
const techniques: Readonly<Record<string, Partial<VtabSettings> | "full">> = {
  "lora-1": { rank: 1, biasScope: "none" },
  "lora-8": { rank: 8, biasScope: "none" },
  "lora-32": { rank: 32, biasScope: "none" },
  "lora-8-bias": { rank: 8, biasScope: "all" },
  bias: { loraTargets: "none", biasScope: "all" },
  head: { loraTargets: "none", biasScope: "none" },
  full: "full",
};

const labels: Readonly<Record<string, string>> = {
  "lora-1": "LoRA, rank 1", "lora-8": "LoRA, rank 8", "lora-32": "LoRA, rank 32", "lora-8-bias": "LoRA, rank 8, and biases", bias: "Biases", head: "Head alone", full: "Full",
};

/** `lora-8-ti` and so on. */
function variantName(technique: string, label: string): string {
  return `${technique}-${label.toLowerCase()}`;
}

/** Every technique on every anchor, by {@link variantName}. */
function variants({ family }: Pick<VtabSettings, "family">): Record<string, Variant> {
  const anchors = families.filter(({ familyId }) => familyId === family).flatMap((entry) => entry.anchors);
  return Object.fromEntries(Object.entries(techniques).flatMap(([technique, changes]) => anchors.map(({ label }) => [
    variantName(technique, label),
    { adapts: aloneMethod(changes === "full" ? "full" : "anchor", label), method: technique, ...(changes === "full" ? {} : { changes }) },
  ])));
}

/** The same names in words: "LoRA, rank 8: Ti". */
const variantLabels = Object.fromEntries(Object.entries(labels).flatMap(([technique, name]) => families.flatMap(({ anchors }) => anchors.map(({ label }) => [variantName(technique, label), `${name}: ${label}`]))));

const of = (family: string): string[] => Object.keys(variants({ family }));

export const loraVsFull = defineVtabStudy({
  id: "lora-vs-full",
  question: "What does a single anchor lose, or gain, when only low-rank updates move?",
  claim: "none published; the premise on which PST rests",
  settings: {
    quick: { ...ablationQuick, methods: of("mini").filter((name) => /^(lora-8-bias|bias|full)-(ti|s)$/.test(name)) },
    laptop: { ...vtabLaptop, methods: of("mini") },
    paper: { ...vtabPaper, methods: of("vit") },
  },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  variants,
  methodLabels: variantLabels,
  ...onCommonRuns(methodAndAnchor, {
    figures: { techniques: (rows, context) => techniqueFigure(rows, { ...context, labels }) },
    report: reportTechniques,
    claims: loraClaims,
    found: loraFindings,
  }),
  reportFiles: tablePaths("techniques"),
});

async function reportTechniques(rows: readonly StitchRow[], { folder, note }: ReportContext): Promise<void> {
  writeTable(join(folder, "tables"), techniqueTable(rows, note, labels));
}

/** Mean over anchors and tasks, seed by seed. */
export function loraClaims(rows: readonly StitchRow[]): ClaimResult[] {
  const bySeed = (technique: string): Map<number, number> => techniqueMeans(rows, technique);
  const against = (ours: string, other: string, claim: string): ClaimResult => {
    const difference = pairedDifference(bySeed(ours), bySeed(other));
    return { claim, source: "our question", measure: `top-1, ${labels[ours]} − ${labels[other]}, mean of anchors and tasks`, ours: difference, ...judge(difference) };
  };
  return [
    against("lora-8-bias", "full", "LoRA with biases is at least as accurate as full fine-tuning"),
    against("lora-8", "bias", "LoRA alone is more accurate than biases alone"),
    against("lora-8-bias", "lora-8", "Biases add accuracy to LoRA"),
  ].filter(({ ours }) => ours !== null);
}
