/**
 * @file The task `panorama-scenes`: at which of eighteen photographed places a view was taken.
 *
 * Every panorama is cut into eight sectors of 45°; four are for training, one for validation, three for test, so that no split
 * shows a piece of wall, tree or sky of another.
 */
import { createRng, type RandomStream } from "../rng.js";
import { assetSource } from "./asset-file.js";
import { balancedChance, balancedLabels } from "./balanced-labels.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { developView, panoramaFolder, panoramaNames, readPanoramas, type View } from "./panoramas.js";
import { resizeBicubic } from "./resize-bicubic.js";
import type { TaskRecipe } from "./task-recipe.js";

const NAME = "panorama-scenes";
const COUNTS = { train: 800, val: 200, test: 2000 } as const;
type Split = keyof typeof COUNTS;
/** In pixels of a panorama (512 all around); views lie inside. */
const SECTOR_WIDTH = 64;
/** Places in the random order of a panorama's eight sectors. */
const SECTORS: Readonly<Record<Split, readonly number[]>> = { train: [0, 1, 2, 3], val: [4], test: [5, 6, 7] };
/** Sides of views in pixels: 28° to 42°. */
const SIDES = { least: 40, most: 60 } as const;
/** Rows where views have their middle: from 22° above the horizon to 26° below. */
const MIDDLES = { least: 97, most: 165 } as const;

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
  const panoramas = await readPanoramas(NAME);
  const sectors = panoramaNames.map((name) => rng.stream(`${NAME}/sectors-${name}`).shuffle([0, 1, 2, 3, 4, 5, 6, 7]));
  const cut = (split: Split): ImageSplit => {
    const stream = rng.stream(`${NAME}/${split}`);
    const labels = balancedLabels(COUNTS[split], panoramaNames.length, stream);
    const pictures = labels.map((label) => {
      const sector = sectors[label]![SECTORS[split][stream.integer(SECTORS[split].length)]!]!;
      return resizeBicubic(developView(panoramas[label]!, viewOf(sector, stream)), imageSize, imageSize).pixels;
    });
    return makeSplit(pictures, labels);
  };
  return { train: cut("train"), val: cut("val"), test: cut("test") };
}

/** Draws a view inside a sector: place, width, half to two times the light, mirrored or not. */
function viewOf(sector: number, stream: RandomStream): View {
  const side = SIDES.least + stream.integer(SIDES.most - SIDES.least + 1);
  const left = sector * SECTOR_WIDTH + stream.integer(SECTOR_WIDTH - side + 1);
  const top = MIDDLES.least + stream.integer(MIDDLES.most - MIDDLES.least + 1) - Math.floor(side / 2);
  return { left, top, side, exposure: 2 ** (2 * stream.uniform() - 1), mirrored: stream.uniform() < 0.5 };
}
