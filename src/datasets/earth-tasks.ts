/**
 * @file The tasks `earth-elevation` and `earth-lights`: what other sensors measured on a patch of land, read off its daytime image.
 *
 * Patches come from NASA's Blue Marble (see `earth-patches.ts`). Splits share no block of 8.8°, so that no test patch borders on a training
 * patch of the same block; the class limits cut all patches into about equal parts.
 */
import { createRng } from "../rng.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { cutEarthPatches, earthFiles, type EarthPatch } from "./earth-patches.js";
import { resizeBicubic } from "./resize-bicubic.js";
import type { TaskRecipe } from "./task-recipe.js";

const COUNTS = { train: 800, val: 200, test: 1000 } as const;
type Split = keyof typeof COUNTS;

/** Grey levels of the topographic map that part the five classes of elevation. */
const ELEVATION_LIMITS = [6.8, 13.4, 22.3, 42.1] as const;
/** Mean light that parts the three classes of night light. */
const LIGHT_LIMITS = [0.02, 0.55] as const;

/** Mean elevation of a patch of land in five classes. */
export const earthElevation: TaskRecipe = earthTask(
  "earth-elevation",
  "Mean elevation of the patch on the topographic map, in fifths of all land patches (lowest to highest).",
  ["lowest", "low", "middle", "high", "highest"],
  (patch) => classOf(patch.elevation, ELEVATION_LIMITS),
  0.242,
);

/** How much light a patch of land gives at night, in three classes. */
export const earthLights: TaskRecipe = earthTask(
  "earth-lights",
  "Light of the patch in the image of the Earth at night, in thirds of all land patches (dark, some, bright).",
  ["dark", "some", "bright"],
  (patch) => classOf(patch.light, LIGHT_LIMITS),
  0.381,
);

function earthTask(name: string, label: string, classNames: readonly string[], labelOf: (patch: EarthPatch) => number, chance: number): TaskRecipe {
  return {
    card: {
      name,
      group: "specialised",
      classes: classNames.length,
      classNames,
      source: "NASA Blue Marble, topography and night lights in npm package three-globe@2.45.2",
      licence: "images public domain (NASA, credit asked for); package MIT",
      label,
      counts: COUNTS,
      chance,
    },
    version: 1,
    sources: earthFiles,
    make: async (imageSize) => dealPatches(await cutEarthPatches(name), labelOf, imageSize),
  };
}

/** Number of limits that a value reaches. */
function classOf(value: number, limits: readonly number[]): number {
  return limits.filter((limit) => value >= limit).length;
}

/** Deals whole blocks in one random order, to train until it has enough patches, then to val, the others to test; the same for every task. */
function dealPatches(patches: readonly EarthPatch[], labelOf: (patch: EarthPatch) => number, imageSize: number): TaskSplits {
  const rng = createRng(0);
  const dealt: Record<Split, EarthPatch[]> = { train: [], val: [], test: [] };
  for (const block of rng.stream("earth/blocks").shuffle([...new Set(patches.map((patch) => patch.block))])) {
    const split = (["train", "val"] as const).find((name) => dealt[name].length < COUNTS[name]) ?? "test";
    dealt[split].push(...patches.filter((patch) => patch.block === block));
  }
  const cut = (split: Split): ImageSplit => {
    const chosen = rng.stream(`earth/${split}`).shuffle(dealt[split]).slice(0, COUNTS[split]);
    return makeSplit(chosen.map((patch) => resizeBicubic(patch.image, imageSize, imageSize).pixels), chosen.map(labelOf));
  };
  return { train: cut("train"), val: cut("val"), test: cut("test") };
}
