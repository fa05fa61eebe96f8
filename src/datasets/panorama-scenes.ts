/**
 * @file The task `panorama-scenes`: at which of eighteen photographed places a view was taken.
 *
 * Splits show different sectors of each panorama (see `panorama-views.ts`).
 */
import { createRng } from "../rng.js";
import { assetSource } from "./asset-file.js";
import { balancedChance, balancedLabels } from "./balanced-labels.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { openPanoramas } from "./panorama-views.js";
import { panoramaFolder, panoramaNames } from "./panoramas.js";
import { resizeBicubic } from "./resize-bicubic.js";
import type { TaskRecipe } from "./task-recipe.js";

const NAME = "panorama-scenes";
const COUNTS = { train: 800, val: 200, test: 2000 } as const;
type Split = keyof typeof COUNTS;

/** Places by views of them, balanced. */
export const panoramaScenes: TaskRecipe = {
  card: {
    name: NAME,
    group: "natural",
    classes: panoramaNames.length,
    classNames: panoramaNames,
    source: `Poly Haven panoramas in ${assetSource}`,
    licence: "photographs and package CC0",
    label: "The panorama that the view is a part of.",
    counts: COUNTS,
    chance: balancedChance(COUNTS.test, panoramaNames.length),
  },
  version: 1,
  sources: [panoramaFolder],
  make: cutViews,
};

async function cutViews(imageSize: number): Promise<TaskSplits> {
  const rng = createRng(0);
  const drawView = await openPanoramas(NAME);
  const cut = (split: Split): ImageSplit => {
    const stream = rng.stream(`${NAME}/${split}`);
    const labels = balancedLabels(COUNTS[split], panoramaNames.length, stream);
    const pictures = labels.map((label) => resizeBicubic(drawView(label, split, stream), imageSize, imageSize).pixels);
    return makeSplit(pictures, labels);
  };
  return { train: cut("train"), val: cut("val"), test: cut("test") };
}
