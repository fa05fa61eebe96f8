/**
 * @file Everything about stitch spaces that is exact: counts, costs and trained parameters, computed from the code and held to known numbers.
 *
 * Run:     ./reproduce.sh quick stitch-space-identities
 * Writes:  results/<profile>/stitch-space-identities/: rows.csv, the tables of the 71 stitches and of identities, the drawing of the stitches
 * Takes:   a second; nothing is trained and no weights are read, so the profiles are the same
 * Expects: every line equal. SN-Netv2's second space (bidirectional and two-switch routes) is not built.
 */
import { join } from "node:path";
import { llama13b, llama7b, llamaAnchorParameters, llamaStitchingLayerParameters } from "../anchors/llama-shape.js";
import { familyOf, type FamilyEntry } from "../anchors/registry.js";
import { tokenCount } from "../anchors/vit-shape.js";
import { flopsGroups } from "../sampling/flops-bins.js";
import { stitchFamily, stitchLabel, type StitchFamily } from "../stitching/family.js";
import { stitchSpace, type Stitch } from "../stitching/stitch-space.js";
import { identityClaims, identityFindings, identityTables } from "../reporting/identity-report.js";
import { identityRows, ofStitch, type IdentityRow } from "../reporting/identity-rows.js";
import { stitchSpaceFigure, type DrawnStitch } from "../reporting/figures/stitch-space-figure.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { defaultPst, stitchTrainables, trainableElements, type PstMethod, type Trainable, type TuningMethod } from "../tuning/method.js";
import { defineExperiment, type ReportContext } from "./experiment.js";
import { publishedStitchCosts } from "./published-stitch-costs.js";

export const stitchSpaceIdentities = defineExperiment<Record<string, never>, Record<string, never>, IdentityRow>({
  id: "stitch-space-identities",
  question: "Do enumeration, costs and trained parameters agree with every exact number that is known?",
  claim: "none published: the stitches are SN-Net's, and what PST trains of them is counted here",
  settings: { quick: {}, laptop: {}, paper: {} },
  seeds: { quick: [0], laptop: [0], paper: [0] },
  note: () => "exact: nothing trained, nothing measured",
  kinds: {},
  outsideIdentity: [],
  revision: 2,
  rowType: identityRows,
  points: () => [{}],
  problems: () => [],
  ingredients: async () => ({ weights: [], data: [] }),
  run: async () => identities(),
  work: () => 0,
  figures: { "stitch-space": (_, { width }) => stitchSpaceFigure(drawnStitches(), { width, note: "ViT-Ti, S and B: 71 stitches. Rows and columns are blocks, counted from 0." }) },
  report: reportIdentities,
  reportFiles: tablePaths("stitches", "identities"),
  claims: identityClaims,
  found: identityFindings,
});

/** Every identity, computed now: of each stitch, then of the space. */
export function identities(): IdentityRow[] {
  const vit = families(familyOf("vit"), 1000);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const stitches = vit.withNorm.space.stitches;
  const pst = trained(vit.withNorm, defaultPst);
  const ofRole = (role: Trainable["role"], where = ""): number => trainableElements(pst.filter((one) => one.role === role && one.name.includes(where)));
  const scope = (biasScope: PstMethod["biasScope"]): number => trainableElements(trained(vit.withNorm, { ...defaultPst, biasScope }).filter(({ role }) => role === "bias"));
  const llama = stitchSpace([llama7b.depth, llama13b.depth]);
  const lines: Line[] = [
    ["stitches of ViT-Ti/S/B", "SN-Net", 71, stitches.length],
    ["stitching layers of ViT-Ti/S/B", "SN-Net", 22, vit.withNorm.space.stitchingLayers.length],
    ["positions of a pair of twelve blocks, 3·12 − 2", "SN-Net", 34, stitches.filter((one) => one.kind === "stitch" && one.pair === 0).length],
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
    ["parameters of LLaMA-7B", "LLaMA", 6_738_415_616, llamaAnchorParameters(llama7b)],
    ["parameters of LLaMA-13B", "LLaMA", 13_015_864_320, llamaAnchorParameters(llama13b)],
    ["parameters of a stitching layer from LLaMA-7B to 13B", "arithmetic", 20_976_640, llamaStitchingLayerParameters(llama7b, llama13b)],
  ];
  return [...stitches.flatMap((stitch) => identityLines(stitchLines(vit, stitch), stitch.stitchId)), ...identityLines(lines, null)];
}

type Line = readonly [quantity: string, source: IdentityRow["source"], expected: number, computed: number];

function identityLines(lines: readonly Line[], stitchId: number | null): IdentityRow[] {
  return lines.map(([quantity, source, expected, computed]) => ({ quantity, stitchId, source, expected, computed, equal: expected === computed ? 1 : 0 }));
}

/** The published costs of a stitch, and what follows from the definitions: 5·N·Db of the final norm, 11 biases a block and feature, those of the embedding, stitching layer and norm. */
function stitchLines({ withNorm, withoutNorm }: Families, stitch: Stitch): Line[] {
  const { stitchId, front, end } = stitch;
  const [flops, params] = publishedStitchCosts[stitchId]!;
  const joined = stitch.kind === "stitch";
  const [frontConfig, endConfig] = [withNorm.configs[front]!, withNorm.configs[end]!];
  const norm = joined ? 5 * tokenCount(endConfig) * endConfig.width : 0;
  const blocks = joined ? frontConfig.width * (stitch.frontBlock + 1) + endConfig.width * (endConfig.depth - stitch.endBlock) : endConfig.width * endConfig.depth;
  const biases = 11 * blocks + frontConfig.width + (joined ? 2 : 1) * endConfig.width;
  return [
    [ofStitch.flops, "SN-Net", flops, withoutNorm.costs[stitchId]!.flops],
    [ofStitch.params, "SN-Net", params, withNorm.costs[stitchId]!.params],
    [ofStitch.flopsWithNorm, "arithmetic", flops + norm, withNorm.costs[stitchId]!.flops],
    [ofStitch.biases, "arithmetic", biases, trainableElements(stitchTrainables(defaultPst, stitchId, withNorm.modules[stitchId]!).filter(({ role }) => role === "bias"))],
  ];
}

interface Families {
  readonly withNorm: StitchFamily;
  readonly withoutNorm: StitchFamily;
}

/** A family's structure with the final norm on stitched paths, and without (SN-Net v1). */
function families({ anchors }: FamilyEntry, classes: number): Families {
  const configs = anchors.map(({ config }) => ({ ...config, classes }));
  return { withNorm: stitchFamily(configs), withoutNorm: stitchFamily(configs, { finalNorm: false }) };
}

function trained(family: StitchFamily, method: TuningMethod): Trainable[] {
  return family.modules.flatMap((modules, stitchId) => stitchTrainables(method, stitchId, modules));
}

async function reportIdentities(rows: readonly IdentityRow[], { folder, note }: ReportContext): Promise<void> {
  const labels = familyOf("vit").anchors.map(({ label }) => label);
  const { space } = families(familyOf("vit"), 1000).withNorm;
  for (const table of identityTables(rows, note, (stitchId) => stitchLabel(space, stitchId, labels))) writeTable(join(folder, "tables"), table);
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
