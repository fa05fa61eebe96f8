/**
 * @file The families that the kit knows by name: sizes, where the weights lie, and the weights' own preprocessing.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { vitConfig, type VitConfig } from "./vit-shape.js";

/** One anchor of a named family. */
export interface AnchorEntry {
  /** For instance `vit-mini-ti`. */
  readonly anchorId: string;
  /** Short name for figures: Ti, S, B. */
  readonly label: string;
  readonly config: VitConfig;
  /** Weight file, below one of the weight folders. */
  readonly file: string;
}

/** Anchors that stitch together, smallest first. */
export interface FamilyEntry {
  readonly familyId: string;
  readonly anchors: readonly AnchorEntry[];
  /** Channel means and deviations of values in 0–1. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly about: string;
  /** How a user gets the weights. */
  readonly obtain: string;
}

const sizes = [
  { label: "Ti", width: 192, heads: 3 },
  { label: "S", width: 384, heads: 6 },
  { label: "B", width: 768, heads: 12 },
] as const;

const half = [0.5, 0.5, 0.5] as const;

/** Ti/S/B at a quarter of the width: the paper's 71 stitches on a laptop. */
function miniFamily(familyId: string, patchSize: number): FamilyEntry {
  const anchors = sizes.map(({ label, width, heads }) => ({
    anchorId: `vit-${familyId}-${label.toLowerCase()}`,
    label,
    config: vitConfig({ width: width / 4, depth: 12, heads, imageSize: 32, patchSize, classes: 1 }),
    file: `vit-${familyId}-${label.toLowerCase()}.safetensors`,
  }));
  return { familyId, anchors, mean: half, std: half, about: `ViT-Ti/S/B at a quarter of the width, 32×32 images, patch ${patchSize}`, obtain: `esta pretrain --family ${familyId}` };
}

/** ViT-Ti/S/B with timm's AugReg weights, 224×224 images, patch 16 (the paper's family). */
const vitFamily: FamilyEntry = {
  familyId: "vit",
  anchors: sizes.map(({ label, width, heads }) => ({
    anchorId: `vit-${label.toLowerCase()}`,
    label,
    config: vitConfig({ width, depth: 12, heads, imageSize: 224, patchSize: 16, classes: 1000 }),
    file: `vit_${{ Ti: "tiny", S: "small", B: "base" }[label]}_patch16_224.augreg_in21k_ft_in1k.safetensors`,
  })),
  mean: half,
  std: half,
  about: "ViT-Ti/S/B (AugReg, ImageNet-21k then 1k), 224×224 images, patch 16",
  obtain: "copy timm's safetensors files to data/weights",
};

/** Two neighbours of a family as a family of their own, `mini-ti-s`: the scale of a family is a question of the rank ablation. */
function pairFamily(family: FamilyEntry, first: number): FamilyEntry {
  const anchors = family.anchors.slice(first, first + 2);
  const labels = anchors.map(({ label }) => label);
  return { ...family, familyId: pairId(family.familyId, labels), anchors, about: `${labels.join(" and ")} of ${family.about}` };
}

/** Name of the family of two neighbours. @param labels - short names, the smaller first. */
export function pairId(familyId: string, labels: readonly string[]): string {
  return [familyId, ...labels.map((label) => label.toLowerCase())].join("-");
}

/** The families that are not parts of others. */
export const wholeFamilies: readonly FamilyEntry[] = [miniFamily("mini", 8), miniFamily("mini-fine", 4), vitFamily];

/** Every family, by id. */
export const families: readonly FamilyEntry[] = [...wholeFamilies, ...wholeFamilies.flatMap((family) => [pairFamily(family, 0), pairFamily(family, 1)])];

/** The family of that name. @throws {UsageError} listing the known ones. */
export function familyOf(familyId: string): FamilyEntry {
  const family = families.find((entry) => entry.familyId === familyId);
  if (family === undefined) throw new UsageError(`family: ${JSON.stringify(familyId)} is not known, expected one of ${families.map((entry) => entry.familyId).join(", ")}.`);
  return family;
}

/** The weight file of an anchor in the first folder that has it, or nothing. */
export function weightFile(anchor: AnchorEntry, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, anchor.file)).find((path) => existsSync(path));
}
