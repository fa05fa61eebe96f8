/**
 * @file The task `relief-surfaces`: which of twenty surfaces is seen, whatever it is made of.
 *
 * A surface is a relief map (the direction that each point faces). It is given the look of a material by a picture of a sphere of
 * that material: each point is coloured like the place of the sphere that faces the same way. Splits share neither rows of a relief nor
 * materials. Unlike the textures of the upstream data, nothing here is drawn by formula.
 */
import { createRng, type RandomStream } from "../rng.js";
import { assetFolder, assetSource, readAssets } from "./asset-file.js";
import { balancedChance, balancedLabels } from "./balanced-labels.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { decodeImage, type RgbImage } from "./image.js";
import { resizeBicubic } from "./resize-bicubic.js";
import type { TaskRecipe } from "./task-recipe.js";

const NAME = "relief-surfaces";
const COUNTS = { train: 800, val: 200, test: 2000 } as const;
type Split = keyof typeof COUNTS;
const reliefFolder = assetFolder("normals", 2290105, "03ca73715516ebfcc15779c23945a41156aae9a29c04693a1fae2b2fa7cbcb71");
const materialFolder = assetFolder("matcaps", 1921636, "910aaa541374d771c30660328e82b116f851d4f571de13fcd9bf7c84e678137c");

/** Number of the relief in the package, and what we call it. The other nine are nearly flat or look like one of these. */
const SURFACES: readonly (readonly [asset: string, name: string])[] = [
  ["0001", "rough plaster"],
  ["0002", "rock face"],
  ["0003", "cracked leather"],
  ["0004", "bark with ridges across"],
  ["0005", "flaking rock"],
  ["0007", "dunes"],
  ["0008", "chequer plate"],
  ["0009", "pebbles"],
  ["0012", "grooved boards"],
  ["0013", "herringbone"],
  ["0014", "crumpled paper"],
  ["0015", "coarse grain"],
  ["0018", "scales"],
  ["0019", "wavy lines"],
  ["0020", "glitter"],
  ["0022", "birch bark"],
  ["0023", "corrugated sheet"],
  ["0024", "cracked mud"],
  ["0025", "tiles"],
  ["0026", "cobblestones"],
];
/** Both in pixels; a relief of another shape is resized. */
const RELIEF_SIDE = 512;
const MATERIAL_SIDE = 64;
/** Rows of a relief: where those of a split begin and end. */
const ROWS: Readonly<Record<Split, readonly [number, number]>> = { train: [0, 224], val: [224, 352], test: [352, 512] };
/** Materials in random order: where those of a split begin and end, shares of all. */
const MATERIALS: Readonly<Record<Split, readonly [number, number]>> = { train: [0, 0.4], val: [0.4, 0.5], test: [0.5, 1] };
/** Materials are left out whose spheres show relief less than this: standard deviation of their grey levels, 0 to 255. */
const LEAST_SHADING = 25;
/** Gentle reliefs are made steeper, until this slope on the (quadratic) mean or this many times. */
const COMMON_SLOPE = 0.35;
const MOST_GAIN = 2.5;
/** Sides of the parts shown, in pixels of the relief. */
const SIDES = { least: 96, most: 128 } as const;

/** A relief map and how many times steeper it is shown. */
interface Surface {
  readonly relief: RgbImage;
  readonly gain: number;
}

/** Surfaces under changing materials, balanced. */
export const reliefSurfaces: TaskRecipe = {
  card: {
    name: NAME,
    group: "natural",
    classes: SURFACES.length,
    classNames: SURFACES.map(([, name]) => name),
    source: `relief maps and material spheres in ${assetSource}, shaded by the kit`,
    licence: "pictures and package CC0",
    label: "The relief map that the surface is a part of (names are ours).",
    counts: COUNTS,
    chance: balancedChance(COUNTS.test, SURFACES.length),
  },
  version: 1,
  sources: [reliefFolder, materialFolder],
  make: shadeSurfaces,
};

async function shadeSurfaces(imageSize: number): Promise<TaskSplits> {
  const rng = createRng(0);
  const reliefs = await readPictures(SURFACES.map(([asset]) => asset), reliefFolder, RELIEF_SIDE);
  const surfaces = reliefs.map((relief) => ({ relief, gain: Math.min(MOST_GAIN, Math.max(1, COMMON_SLOPE / slope(relief))) }));
  const materials = (await readPictures(undefined, materialFolder, MATERIAL_SIDE)).filter((sphere) => shading(sphere) >= LEAST_SHADING);
  rng.stream(`${NAME}/materials`).shuffle(materials);
  const cut = (split: Split): ImageSplit => {
    const stream = rng.stream(`${NAME}/${split}`);
    const [begin, end] = MATERIALS[split].map((share) => Math.floor(share * materials.length));
    const labels = balancedLabels(COUNTS[split], SURFACES.length, stream);
    const pictures = labels.map((label) => {
      const material = materials[begin! + stream.integer(end! - begin!)]!;
      return resizeBicubic(shade(surfaces[label]!, material, ROWS[split], stream), imageSize, imageSize).pixels;
    });
    return makeSplit(pictures, labels);
  };
  return { train: cut("train"), val: cut("val"), test: cut("test") };
}

/** Shades a random square of some rows of a relief; the sphere is turned, so that light falls from any side. */
function shade({ relief, gain }: Surface, material: RgbImage, [firstRow, endRow]: readonly [number, number], stream: RandomStream): RgbImage {
  const side = SIDES.least + stream.integer(SIDES.most - SIDES.least + 1);
  const left = stream.integer(relief.width - side + 1);
  const top = firstRow + stream.integer(endRow - firstRow - side + 1);
  const angle = 2 * Math.PI * stream.uniform();
  const strength = gain * (1 + stream.uniform());
  const [cos, sin] = [Math.cos(angle) * strength, Math.sin(angle) * strength];
  const pixels = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = ((top + y) * relief.width + left + x) * 3;
      const across = relief.pixels[from]! / 127.5 - 1;
      const up = relief.pixels[from + 1]! / 127.5 - 1;
      const to = spherePlace(across * cos - up * sin, across * sin + up * cos);
      for (let c = 0; c < 3; c++) pixels[(y * side + x) * 3 + c] = material.pixels[to + c]!;
    }
  }
  return { width: side, height: side, pixels };
}

/** Where on the picture of a sphere a point faces to the right and up by these amounts, at most 0.95 of its radius from the middle. */
function spherePlace(right: number, up: number): number {
  const length = Math.hypot(right, up);
  const kept = length > 0.95 ? 0.95 / length : 1;
  const column = Math.floor((0.5 + (right * kept) / 2) * MATERIAL_SIDE);
  const row = Math.floor((0.5 - (up * kept) / 2) * MATERIAL_SIDE);
  return (row * MATERIAL_SIDE + column) * 3;
}

/** Quadratic mean of how far a relief's points face away from the viewer, 0 to 1. */
function slope({ pixels }: RgbImage): number {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += (pixels[i]! / 127.5 - 1) ** 2 + (pixels[i + 1]! / 127.5 - 1) ** 2;
  return Math.sqrt(sum / (pixels.length / 3));
}

/** Standard deviation of the grey levels over the sphere. */
function shading({ pixels }: RgbImage): number {
  let [count, sum, squares] = [0, 0, 0];
  for (let y = 0; y < MATERIAL_SIDE; y++) {
    for (let x = 0; x < MATERIAL_SIDE; x++) {
      if (Math.hypot(x - MATERIAL_SIDE / 2 + 0.5, y - MATERIAL_SIDE / 2 + 0.5) > 0.475 * MATERIAL_SIDE) continue;
      const place = (y * MATERIAL_SIDE + x) * 3;
      const grey = (pixels[place]! + pixels[place + 1]! + pixels[place + 2]!) / 3;
      [count, sum, squares] = [count + 1, sum + grey, squares + grey ** 2];
    }
  }
  return Math.sqrt(squares / count - (sum / count) ** 2);
}

/** Reads pictures of a folder by name (all when none are given), at one size. */
async function readPictures(names: readonly string[] | undefined, folder: typeof reliefFolder, side: number): Promise<RgbImage[]> {
  const assets = new Map(readAssets(NAME, folder).map(({ name, bytes }) => [name, bytes]));
  const pictures: RgbImage[] = [];
  for (const name of names ?? assets.keys()) {
    pictures.push(resizeBicubic(await decodeImage(assets.get(name)!, `${folder.package}/${folder.path}${name}`), side, side));
  }
  return pictures;
}
