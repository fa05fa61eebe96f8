/**
 * @file Which views of the panoramas belong to which split.
 *
 * Every panorama is cut into eight sectors of 45°; four are for training, one for validation, three for test, so that no split
 * shows a piece of wall, tree or sky of another.
 */
import { createRng, type RandomStream } from "../rng.js";
import type { RgbImage } from "./image.js";
import { developView, panoramaNames, readPanoramas } from "./panoramas.js";

type Split = "train" | "val" | "test";
/** In pixels of a panorama (512 all around); views lie inside. */
const SECTOR_WIDTH = 64;
/** Places in the random order of a panorama's eight sectors. */
const SECTORS: Readonly<Record<Split, readonly number[]>> = { train: [0, 1, 2, 3], val: [4], test: [5, 6, 7] };
/** Sides of views in pixels: 28° to 42°. */
const SIDES = { least: 40, most: 60 } as const;
/** Rows where views have their middle: from 22° above the horizon to 26° below. */
const MIDDLES = { least: 97, most: 165 } as const;

/** Draws a view of a panorama (by its place in {@link panoramaNames}) among those of a split: place, width, half to two times the light, mirrored or not. */
export type DrawView = (panorama: number, split: Split, stream: RandomStream) => RgbImage;

/** Reads the panoramas; the sectors are dealt alike for every task. */
export async function openPanoramas(task: string): Promise<DrawView> {
  const panoramas = await readPanoramas(task);
  const rng = createRng(0);
  const sectors = panoramaNames.map((name) => rng.stream(`panorama-scenes/sectors-${name}`).shuffle([0, 1, 2, 3, 4, 5, 6, 7]));
  return (panorama, split, stream) => {
    const sector = sectors[panorama]![SECTORS[split][stream.integer(SECTORS[split].length)]!]!;
    const side = SIDES.least + stream.integer(SIDES.most - SIDES.least + 1);
    const left = sector * SECTOR_WIDTH + stream.integer(SECTOR_WIDTH - side + 1);
    const top = MIDDLES.least + stream.integer(MIDDLES.most - MIDDLES.least + 1) - Math.floor(side / 2);
    return developView(panoramas[panorama]!, { left, top, side, exposure: 2 ** (2 * stream.uniform() - 1), mirrored: stream.uniform() < 0.5 });
  };
}
