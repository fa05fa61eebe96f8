/**
 * @file Everything about stitch spaces that is exact: counts, costs and trained parameters, computed from the code and held to known numbers.
 *
 * Run:     ./reproduce.sh quick stitch-space-identities
 * Writes:  results/<profile>/stitch-space-identities/: rows.csv, the table of identities, the drawing of the 71 stitches
 * Takes:   a second; nothing is trained and no weights are read, so the profiles are the same
 * Expects: every line equal. SN-Netv2's second space (bidirectional and two-switch routes) is not built.
 */
import { join } from "node:path";
import { llama13b, llama7b, llamaAnchorParameters, llamaStitchingLayerParameters } from "../anchors/llama-shape.js";
import { familyOf, type FamilyEntry } from "../anchors/registry.js";
import { flopsGroups } from "../sampling/flops-bins.js";
import { stitchFamily, type StitchFamily } from "../stitching/family.js";
import { stitchSpace } from "../stitching/stitch-space.js";
import type { ClaimResult } from "../reporting/claims.js";
import { choiceColumn, flagColumn, textColumn, wholeColumn } from "../reporting/columns.js";
import { stitchSpaceFigure, type DrawnStitch } from "../reporting/figures/stitch-space-figure.js";
import { defineRows } from "../reporting/record.js";
import { writeTable } from "../reporting/table.js";
import { defaultPst, stitchTrainables, trainableElements, type PstMethod, type Trainable, type TuningMethod } from "../tuning/method.js";
import { defineExperiment, type ReportContext } from "./experiment.js";

const identityRows = defineRows(
  "stitch-space-identities",
  { quantity: textColumn(), source: choiceColumn(["paper", "SN-Net", "arithmetic"]), expected: wholeColumn(), computed: wholeColumn(), equal: flagColumn() },
  ["quantity"],
);
type IdentityRow = { readonly quantity: string; readonly source: "paper" | "SN-Net" | "arithmetic"; readonly expected: number; readonly computed: number; readonly equal: 0 | 1 };

export const stitchSpaceIdentities = defineExperiment<Record<string, never>, Record<string, never>, IdentityRow>({
  id: "stitch-space-identities",
  question: "Do enumeration, costs and trained parameters agree with every exact number that is known?",
  claim: "71 stitches between ViT-Ti, S and B; PST trains about 4.4 % of what SN-Net trains (paper)",
  settings: { quick: {}, laptop: {}, paper: {} },
  seeds: { quick: [0], laptop: [0], paper: [0] },
  note: () => "exact: nothing trained, nothing measured",
  kinds: {},
  outsideIdentity: [],
  revision: 1,
  rowType: identityRows,
  points: () => [{}],
  problems: () => [],
  ingredients: async () => ({ weights: [], data: [] }),
  run: async () => identities(),
  work: () => 0,
  figures: { "stitch-space": (_, { width }) => stitchSpaceFigure(drawnStitches(), { width, note: "ViT-Ti, S and B: 71 stitches. Rows and columns are blocks, counted from 0." }) },
  report: reportIdentities,
  reportFiles: ["tables/identities.md"],
  claims: identityClaims,
});

/** Every identity, computed now. */
export function identities(): IdentityRow[] {
  const vit = families(familyOf("vit"), 1000);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const stitches = vit.withNorm.space.stitches;
  const pst = trained(vit.withNorm, defaultPst);
  const ofRole = (role: Trainable["role"], where = ""): number => trainableElements(pst.filter((one) => one.role === role && one.name.includes(where)));
  const scope = (biasScope: PstMethod["biasScope"]): number => trainableElements(trained(vit.withNorm, { ...defaultPst, biasScope }).filter(({ role }) => role === "bias"));
  const llama = stitchSpace([llama7b.depth, llama13b.depth]);
  const lines: [string, IdentityRow["source"], number, number][] = [
    ["stitches of ViT-Ti/S/B", "paper", 71, stitches.length],
    ["stitching layers of ViT-Ti/S/B", "SN-Net", 22, vit.withNorm.space.stitchingLayers.length],
    ["positions of a pair of twelve blocks, 3·12 − 2", "SN-Net", 34, stitches.filter((one) => one.kind === "stitch" && one.pair === 0).length],
    ["multiply–accumulates of ViT-Ti", "SN-Net", 1_258_411_200, vit.withNorm.costs[0]!.flops],
    ["multiply–accumulates of ViT-S", "SN-Net", 4_608_338_304, vit.withNorm.costs[1]!.flops],
    ["multiply–accumulates of ViT-B", "SN-Net", 17_582_740_224, vit.withNorm.costs[2]!.flops],
    ["multiply–accumulates of Ti→S (0→0), without final norm", "SN-Net", 4_696_010_496, vit.withoutNorm.costs[3]!.flops],
    ["multiply–accumulates of Ti→S (0→0), with final norm", "arithmetic", 4_696_388_736, vit.withNorm.costs[3]!.flops],
    ["parameters of Ti→S (0→0), as SN-Net counts", "SN-Net", 22_345_960, vit.withNorm.costs[3]!.params],
    ["parameters of the three anchors", "arithmetic", 114_335_736, sum(vit.withNorm.costs.slice(0, 3).map(({ paramsWithEmbeddings }) => paramsWithEmbeddings))],
    ["low-rank updates of fused qkv, rank 8", "arithmetic", 516_096, ofRole("lora", ".qkv.")],
    ["low-rank updates of the stitching layers, rank 8", "arithmetic", 152_064, ofRole("lora", "stitching_layers.")],
    ["biases of the 71 stitches, scope all", "arithmetic", 4_478_784, scope("all")],
    ["biases of the 71 stitches, scope linear", "arithmetic", 3_621_312, scope("linear")],
    ["biases of the 71 stitches, scope attention", "arithmetic", 1_592_064, scope("attention")],
    ["heads of 1000 classes, 1347·C", "arithmetic", 1_347_000, ofRole("head")],
    ["trained by PST in all", "arithmetic", 6_493_944, trainableElements(pst)],
    ["trained by SN-Net in all", "arithmetic", 118_403_448, trainableElements(trained(vit.withNorm, { kind: "full" }))],
    ["groups of 1 GFLOP (SN-Netv2)", "SN-Net", 16, flopsGroups(vit.withNorm.costs.map(({ flops }) => flops), 1e9).length],
    ["stitches from LLaMA-7B to 13B, depths 32 and 40", "arithmetic", 39, llama.stitches.filter(({ kind }) => kind === "stitch").length],
    ["parameters of LLaMA-7B", "paper", 6_738_415_616, llamaAnchorParameters(llama7b)],
    ["parameters of LLaMA-13B", "paper", 13_015_864_320, llamaAnchorParameters(llama13b)],
    ["parameters of a stitching layer from LLaMA-7B to 13B", "arithmetic", 20_976_640, llamaStitchingLayerParameters(llama7b, llama13b)],
  ];
  return lines.map(([quantity, source, expected, computed]) => ({ quantity, source, expected, computed, equal: expected === computed ? 1 : 0 }));
}

/** A family's structure with the final norm on stitched paths, and without (SN-Net v1). */
function families({ anchors }: FamilyEntry, classes: number): { readonly withNorm: StitchFamily; readonly withoutNorm: StitchFamily } {
  const configs = anchors.map(({ config }) => ({ ...config, classes }));
  return { withNorm: stitchFamily(configs), withoutNorm: stitchFamily(configs, { finalNorm: false }) };
}

function trained(family: StitchFamily, method: TuningMethod): Trainable[] {
  return family.modules.flatMap((modules, stitchId) => stitchTrainables(method, stitchId, modules));
}

async function reportIdentities(rows: readonly IdentityRow[], { folder, note }: ReportContext): Promise<void> {
  writeTable(join(folder, "tables"), {
    id: "identities", title: "What is known exactly, and what the code computes", note,
    columns: [
      { key: "quantity", label: "Quantity", format: "text" }, { key: "source", label: "Known from", format: "text" },
      { key: "expected", label: "Known", format: "count" }, { key: "computed", label: "Computed", format: "count" }, { key: "equal", label: "Equal", format: "text" },
    ],
    rows: rows.map((row) => ({ ...row, equal: row.equal === 1 ? "yes" : "NO" })),
  });
}

/** The 71 stitches of ViT-Ti, S and B. */
function drawnStitches(): DrawnStitch[] {
  const entry = familyOf("vit");
  const { space, costs } = families(entry, 1000).withNorm;
  const name = (anchor: number): string => entry.anchors[anchor]!.anchorId;
  return space.stitches.map((stitch) => ({
    stitchId: stitch.stitchId, kind: stitch.kind, front: name(stitch.front), end: name(stitch.end), flops: costs[stitch.stitchId]!.flops,
    frontBlock: stitch.kind === "stitch" ? stitch.frontBlock : null, endBlock: stitch.kind === "stitch" ? stitch.endBlock : null,
  }));
}

/** Exact: no seeds, no spread. */
function identityClaims(rows: readonly IdentityRow[]): ClaimResult[] {
  const wrong = rows.filter(({ equal }) => equal === 0);
  const computed = (start: string): number => rows.find(({ quantity }) => quantity.startsWith(start))!.computed;
  const share = (computed("trained by PST") - computed("heads")) / computed("trained by SN-Net");
  return [
    {
      claim: `All ${rows.length} exact numbers agree`, source: "paper", measure: "share of numbers that agree", unit: "share", ours: { mean: 1 - wrong.length / rows.length, spread: null, count: 1 },
      verdict: wrong.length === 0 ? "supported" : "contradicted", reason: wrong.length === 0 ? "every line is equal" : `unequal: ${wrong.map(({ quantity }) => quantity).join("; ")}`,
    },
    { claim: "PST trains about 4.4 % of what SN-Net trains", source: "paper", measure: "PST without heads, as a share of SN-Net", unit: "share", ours: { mean: share, spread: null, count: 1 }, verdict: Math.abs(share - 0.044) < 0.001 ? "supported" : "contradicted", reason: "a count, exact" },
  ];
}
