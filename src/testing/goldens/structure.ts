/**
 * @file Golden values of the stitch space: enumeration, multiply–accumulates, parameters, biases and low-rank updates. All exact.
 */
import { moduleParameters, type PartShape } from "../../anchors/module-shape.js";
import { tokenCount, vitBlockShape, vitConfig, vitEmbedShape, vitNormShape, type VitConfig } from "../../anchors/vit-shape.js";
import { flopsGroups } from "../../sampling/flops-bins.js";
import { stitchFamily, type StitchFamily } from "../../stitching/family.js";
import { defaultPst, stitchTrainables, trainableElements, type BiasScope, type PstMethod, type Trainable, type TuningMethod } from "../../tuning/method.js";
import { exactListError } from "./comparison.js";
import { caseJson, fileNames, type GoldenCase } from "./golden-case.js";
import { WorstError, type GoldenReport } from "./golden-report.js";
import type { JsonNode } from "./json-node.js";
import { stitchColumns, type CompareLists } from "./stitch-columns.js";
import { compareUnpaired } from "./structure-unpaired.js";

/** The family of a table, with the final norm on stitched paths and without. */
interface TableFamily {
  readonly withNorm: StitchFamily;
  readonly withoutNorm: StitchFamily;
  readonly rank: number;
}

/** Compares every table of the case: those of equal depths, and those of unpaired decoders. */
export async function runStructure(golden: GoldenCase, report: GoldenReport): Promise<void> {
  for (const file of fileNames(golden)) {
    const prefix = `${golden.name} ${file}`;
    await report.attempt(prefix, () => {
      const table = caseJson(golden, file);
      const groups = new Map<string, WorstError>();
      const compare: CompareLists = (group, field, values, reference) => {
        if (!groups.has(group)) groups.set(group, new WorstError());
        groups.get(group)!.add(field, exactListError(values, reference));
      };
      if (table.find("decoders") !== undefined) compareUnpaired(table, compare);
      else compareTable(table, compare);
      for (const [group, { error, place }] of groups) report.compare(`${prefix} ${group}`, error, 0, place);
    });
  }
}

function compareTable(table: JsonNode, compare: CompareLists): void {
  const config = table.get("config");
  const configs = config.get("widths").counts().map((width) => configOf(config, width));
  const positions = { windowSize: config.get("window").count(), stride: config.get("stride").count() };
  const family = { withNorm: stitchFamily(configs, { ...positions, finalNorm: true }), withoutNorm: stitchFamily(configs, { ...positions, finalNorm: false }), rank: config.get("lora_rank").count() };
  compare("building blocks", "tokens", configs.map(tokenCount), configs.map(() => config.get("tokens").count()));
  compareBlocks(table.get("building_blocks"), configs, compare);
  compareStitches(table.get("stitches"), family, compare);
  compareTotals(table.get("totals"), family, compare);
  compareRanks(table.get("lora_qkv_and_stitching_by_rank"), family, compare);
  compareGroups(table.get("flops_groups"), family, compare);
}

function configOf(config: JsonNode, width: number): VitConfig {
  return vitConfig({
    width,
    depth: config.get("layers").count(),
    heads: 1, // plays no part in any count
    imageSize: config.get("image").count(),
    patchSize: config.get("patch").count(),
    classes: config.get("classes").count(),
    channels: config.get("channels").count(),
    mlpRatio: config.get("mlp_ratio").count(),
  });
}

function compareBlocks(reference: JsonNode, configs: readonly VitConfig[], compare: CompareLists): void {
  const known: Record<string, (config: VitConfig) => number> = {
    block_flops: (config) => vitBlockShape(config, 0).flops,
    patch_flops: (config) => vitEmbedShape(config).flops,
    norm_flops: (config) => vitNormShape(config).flops,
    block_params: (config) => partParameters(vitBlockShape(config, 0)),
  };
  for (const key of reference.keys()) compare("building blocks", key, configs.map(knownIn(known, reference, key)), reference.get(key).counts());
}

function partParameters(part: PartShape): number {
  return part.modules.reduce((sum, module) => sum + moduleParameters(module), 0);
}

function compareStitches(reference: JsonNode, { withNorm, withoutNorm, rank }: TableFamily, compare: CompareLists): void {
  const biases = (scope: BiasScope) => withNorm.space.stitches.map(({ stitchId }) => sizeOf(pst(rank, { biasScope: scope }), withNorm, "bias", stitchId));
  const sized = (role: Trainable["role"]) => withNorm.space.stitches.map(({ stitchId }) => sizeOf(pst(rank), withNorm, role, stitchId));
  const columns: Record<string, readonly unknown[]> = {
    ...stitchColumns(withNorm.space),
    blocks: withNorm.costs.map(({ blocks }) => blocks),
    flops_with_final_norm: withNorm.costs.map(({ flops }) => flops),
    flops_without_final_norm: withoutNorm.costs.map(({ flops }) => flops),
    params: withNorm.costs.map(({ params }) => params),
    params_with_embeddings: withNorm.costs.map(({ paramsWithEmbeddings }) => paramsWithEmbeddings),
    biases_all: biases("all"),
    biases_linear: biases("linear"),
    biases_attention: biases("attention"),
    lora_on_path: sized("lora"),
    head: sized("head"),
  };
  compareColumns(reference, columns, compare);
}

/** Compares a list of objects with columns of values, key by key. */
function compareColumns(reference: JsonNode, columns: Readonly<Record<string, readonly unknown[]>>, compare: CompareLists): void {
  const rows = reference.items();
  const keys = new Set(rows.flatMap((row) => row.keys()));
  for (const key of keys) compare("stitches", key, knownIn(columns, reference, key), rows.map((row) => row.find(key)?.value));
}

function compareTotals(reference: JsonNode, { withNorm: family, rank }: TableFamily, compare: CompareLists): void {
  const anchors = family.space.stitches.filter(({ kind }) => kind === "anchor").map(({ stitchId }) => stitchId);
  const joints = new Map(family.modules.flat().filter(({ role }) => role === "stitching-layer").map((module) => [module.name, module]));
  const biases = (scope: BiasScope) => sizeOf(pst(rank, { biasScope: scope }), family, "bias");
  const anchorLora = (loraTargets: PstMethod["loraTargets"]) => anchors.map((id) => sizeOf(pst(rank, { loraTargets }), family, "lora", id));
  const known: Record<string, number | readonly number[]> = {
    rank,
    stitches: family.space.stitches.length,
    stitching_layers: family.space.stitchingLayers.length,
    anchors_params: sum(anchors.map((id) => family.costs[id]!.params)),
    stitching_layers_params: sum([...joints.values()].map(moduleParameters)),
    lora_qkv_per_anchor: anchorLora("qkv"),
    lora_qkv: sum(anchorLora("qkv")),
    lora_qkv_proj: sum(anchorLora("qkv+proj")),
    lora_stitching_layers: sizeOf(pst(rank), family, "lora") - sum(anchorLora("qkv")),
    biases_all: biases("all"),
    biases_all_stitches_only: biases("all") - sum(anchors.map((id) => sizeOf(pst(rank), family, "bias", id))),
    biases_linear: biases("linear"),
    biases_attention: biases("attention"),
    heads: sizeOf(pst(rank), family, "head"),
    snnet_trainable: trainableElements(trainablesOf({ kind: "full" }, family)),
    pst_trainable: trainableElements(trainablesOf(pst(rank), family)),
  };
  for (const key of reference.keys()) {
    const value = knownIn(known, reference, key);
    if (typeof value === "number") compare("totals", key, [value], [reference.get(key).count()]);
    else compare("totals", key, value, reference.get(key).counts());
  }
}

function compareRanks(reference: JsonNode, { withNorm }: TableFamily, compare: CompareLists): void {
  const ranks = reference.keys();
  compare("totals", "lora_qkv_and_stitching_by_rank", ranks.map((rank) => sizeOf(pst(Number(rank)), withNorm, "lora")), ranks.map((rank) => reference.get(rank).count()));
}

function compareGroups(reference: JsonNode, { withNorm, withoutNorm }: TableFamily, compare: CompareLists): void {
  const gap = reference.get("gap").number();
  const families: Record<string, StitchFamily> = { with_final_norm: withNorm, without_final_norm: withoutNorm };
  for (const key of reference.keys().filter((name) => name !== "gap")) {
    const groups = flopsGroups(knownIn(families, reference, key).costs.map(({ flops }) => flops), gap);
    compare("FLOPs groups", key, groups.map((group) => group.join(" ")), reference.get(key).items().map((group) => group.counts().join(" ")));
  }
}

function pst(rank: number, options: Partial<PstMethod> = {}): PstMethod {
  return { ...defaultPst, rank, ...options };
}

function trainablesOf(method: TuningMethod, family: StitchFamily): Trainable[] {
  return family.modules.flatMap((modules, stitchId) => stitchTrainables(method, stitchId, modules));
}

/** Elements of one role that a stitch trains, or that all of them do, shared tensors counted once. */
function sizeOf(method: TuningMethod, family: StitchFamily, role: Trainable["role"], stitchId?: number): number {
  const all = stitchId === undefined ? trainablesOf(method, family) : stitchTrainables(method, stitchId, family.modules[stitchId]!);
  return trainableElements(all.filter((trainable) => trainable.role === role));
}

/** The value that belongs to a key of the reference. @throws when the key has no meaning here. */
function knownIn<T>(known: Readonly<Record<string, T>>, reference: JsonNode, key: string): T {
  const value = known[key];
  if (value === undefined) throw reference.get(key).unlike(`one of the fields ${Object.keys(known).join(", ")}`);
  return value;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
