/**
 * @file What a run of a study on image tasks will take: multiply–accumulates and memory, before any weight or picture is there.
 */
import { families, type FamilyEntry } from "../anchors/registry.js";
import { anchorTokens } from "../anchors/anchor.js";
import { stitchIdsOf, type StitchFamily } from "../stitching/family.js";
import { structureOf, type AnchorFamily } from "../training/adapt.js";
import { adaptationWork, totalWork } from "../training/adaptation-work.js";
import { stitchTrainables, trainableElements, type TuningMethod } from "../tuning/method.js";
import { adaptSettingsOf, vtabImages, type VtabSettings } from "./vtab-settings.js";
import { expectedTestImages } from "./vtab-sources.js";
import type { Variant } from "./vtab-study.js";

/** A family's structure without its weights. */
export function unloaded({ familyId, anchors, mean, std }: FamilyEntry): AnchorFamily {
  return {
    familyId,
    anchors: anchors.map(({ anchorId, config }) => ({ anchorId, config, parameters: {}, sha256: "" })),
    labels: anchors.map(({ label }) => label),
    normalisation: { mean, std },
  };
}

const knownStructures = new Map<string, StitchFamily>();

/** A family's stitches with heads of ten classes; a plan asks for them once a run. */
function structureFor(family: FamilyEntry): StitchFamily {
  const structure = knownStructures.get(family.familyId) ?? structureOf(unloaded(family), 10);
  knownStructures.set(family.familyId, structure);
  return structure;
}

/** Multiply–accumulates of all that a variant does. */
export function vtabWork({ task }: { readonly task: string }, variant: Variant | undefined, settings: VtabSettings): number {
  const family = families.find(({ familyId }) => familyId === settings.family);
  if (family === undefined || variant === undefined) return 0;
  const structure = structureFor(family);
  const { anchorAlone, ...told } = adaptSettingsOf(settings, variant.adapts, family);
  const work = { ...told, validation: settings.refit ? 0 : (settings.valImages ?? 200), test: expectedTestImages(settings, task) };
  return totalWork(variant.work?.(structure, work) ?? adaptationWork(stitchIdsOf(structure, anchorAlone).map((stitchId) => structure.costs[stitchId]!.flops), work));
}

/** Bytes of the process before any tensor is there: the runtime and the kit. */
const PROCESS_BYTES = 150e6;
/** Float32 values of a token that one block keeps for the way back, in widths: norms, qkv, attention, both branches and the hidden layer. */
const KEPT_WIDTHS = 16;
const EVALUATED_TOGETHER = 100;

/**
 * Bytes at the peak, about: weights, what is trained with its gradient and AdamW's two averages, training and validation images as the
 * models read them, and the activations of a training step (or of an evaluated batch) of the stitch that has most.
 */
export function vtabMemory(variant: Variant | undefined, settings: VtabSettings): number {
  const family = families.find(({ familyId }) => familyId === settings.family);
  if (family === undefined || variant === undefined) return 0;
  const { anchorAlone, method } = adaptSettingsOf(settings, variant.adapts, family);
  const { values, widths } = sizesOf(family, variant.tuning ?? method, anchorAlone);
  const { config } = family.anchors[0]!;
  const tokens = anchorTokens(config);
  const kept = Math.max(settings.batchSize * widths, EVALUATED_TOGETHER * family.anchors.at(-1)!.config.width) * tokens * KEPT_WIDTHS;
  const images = vtabImages(settings) + (settings.refit ? 0 : (settings.valImages ?? 200)) + EVALUATED_TOGETHER;
  return PROCESS_BYTES + 4 * (values + kept) + images * 3 * config.imageSize ** 2 * 5;
}

/** Values of weights and optimizer, and the widths of all blocks of the stitch that has most. */
interface Sizes {
  readonly values: number;
  readonly widths: number;
}

const knownSizes = new Map<string, Sizes>();

/** Sizes of what a method keeps; a plan asks for the same ones for every task and seed. */
function sizesOf(family: FamilyEntry, method: TuningMethod, anchorAlone: number | undefined): Sizes {
  const key = JSON.stringify([family.familyId, method, anchorAlone]);
  const known = knownSizes.get(key);
  if (known !== undefined) return known;
  const structure = structureFor(family);
  const { configs, modules, routes } = structure;
  const stitchIds = stitchIdsOf(structure, anchorAlone);
  const elements = (of: TuningMethod): number => trainableElements(stitchIds.flatMap((stitchId) => stitchTrainables(of, stitchId, modules[stitchId]!)));
  const widths = stitchIds.map((stitchId) => routes[stitchId]!.reduce((sum, step) => sum + (step.kind === "block" ? configs[step.anchor]!.width : 0), 0));
  const sizes = { values: elements({ kind: "full" }) + 4 * elements(method), widths: Math.max(...widths) };
  knownSizes.set(key, sizes);
  return sizes;
}
