/**
 * @file Cuts the whole-Earth daytime image into patches with what other sensors measured at the same place.
 *
 * The npm package `three-globe` carries NASA's Blue Marble (4096×2048, plate carrée), a topographic map, a water mask and the Earth at
 * night. Patches of 20×20 pixels (1.8°) lie side by side in square blocks of 100×100 pixels (8.8°).
 */
import { readPackageFile, type PackageFile } from "./package-file.js";
import { decodeImage, type RgbImage } from "./image.js";

/** In pixels of the daytime image. */
const PATCH_SIDE = 20;
const BLOCK_SIDE = 100;
/** Rows of the daytime image between 66° N and 60° S: no polar night, no ice sheets, little distortion. */
const FIRST_ROW = Math.round(((90 - 66) / 180) * 2048);
const END_ROW = Math.round(((90 + 60) / 180) * 2048);
const UNLIT_RED = 24;

const file = (path: string, bytes: number, sha256: string): PackageFile => ({ package: "three-globe", version: "2.45.2", path: `example/img/${path}`, bytes, sha256 });
const DAY = file("earth-blue-marble.jpg", 1461877, "228deba2e4b600146bdcb6cfa359b8ead6aacc2b1c13550a29cd82824cfa1c01");
const TOPOGRAPHY = file("earth-topology.png", 378243, "839b12da2e4dd346b256cebae72e10c479a102c8980a22084c41275e4b9a0e12");
const WATER = file("earth-water.png", 430200, "3a8132db56aac4e64e7fcbf2928ee970c075ac6a96b38798d0bb8be82836a4d3");
const NIGHT = file("earth-night.jpg", 715000, "355ab23dd1323315b393d7b91dd2d7ee223a1cbaaba2b48dc72ba90d371ced24");

/** The four maps. */
export const earthFiles: readonly PackageFile[] = [DAY, TOPOGRAPHY, WATER, NIGHT];

/** A patch and its measurements. */
export interface EarthPatch {
  /** Number of the block it lies in; blocks never share a pixel. */
  readonly block: number;
  /** `[20, 20, 3]` bytes of the daytime image. */
  readonly image: RgbImage;
  /** Degrees east of Greenwich and north of the equator of its middle. */
  readonly longitude: number;
  readonly latitude: number;
  /** Share of it that the water mask covers, 0 to 1. */
  readonly water: number;
  /** Mean grey level of the topographic map: 0 at sea level, 255 highest. */
  readonly height: number;
  /** Standard deviation of the topographic map's grey levels inside the patch. */
  readonly relief: number;
  /** Mean light at night, 0 to 231: the red level above 24, which the bluish tint of the map's unlit land does not reach. */
  readonly light: number;
}

/**
 * Cuts all patches, block by block.
 *
 * @param step - pixels from one patch to the next; patches of a block overlap when it is less than their side of 20. Default 20.
 */
export async function cutEarthPatches(task: string, step: number = PATCH_SIDE): Promise<EarthPatch[]> {
  const read = (source: PackageFile): Promise<RgbImage> => decodeImage(readPackageFile(task, source), `${source.package}/${source.path}`);
  const [day, topography, water, night] = [await read(DAY), await read(TOPOGRAPHY), await read(WATER), await read(NIGHT)];
  const patches: EarthPatch[] = [];
  const across = Math.floor((BLOCK_SIDE - PATCH_SIDE) / step) + 1;
  let block = 0;
  for (let top = FIRST_ROW; top + BLOCK_SIDE <= END_ROW; top += BLOCK_SIDE) {
    for (let left = 0; left + BLOCK_SIDE <= day.width; left += BLOCK_SIDE, block++) {
      for (let place = 0; place < across ** 2; place++) {
        const x = left + (place % across) * step;
        const y = top + Math.floor(place / across) * step;
        const over = (map: RgbImage, value: (red: number) => number): number => meanOver(map, day, x, y, value);
        const height = over(topography, (red) => red);
        patches.push({
          block,
          image: crop(day, x, y),
          longitude: ((x + PATCH_SIDE / 2) / day.width) * 360 - 180,
          latitude: 90 - ((y + PATCH_SIDE / 2) / day.height) * 180,
          water: over(water, (red) => red / 255),
          height,
          relief: Math.sqrt(over(topography, (red) => (red - height) ** 2)),
          light: over(night, (red) => Math.max(0, red - UNLIT_RED)),
        });
      }
    }
  }
  return patches;
}

/** Mean over the patch at (x, y) of the daytime image of what `value` makes of a map's red level; each of the patch's pixels reads the map's nearest one. */
function meanOver(map: RgbImage, day: RgbImage, x: number, y: number, value: (red: number) => number): number {
  let sum = 0;
  for (let row = y; row < y + PATCH_SIDE; row++) {
    const mapRow = Math.floor(((row + 0.5) * map.height) / day.height);
    for (let column = x; column < x + PATCH_SIDE; column++) sum += value(map.pixels[(mapRow * map.width + Math.floor(((column + 0.5) * map.width) / day.width)) * 3]!);
  }
  return sum / PATCH_SIDE ** 2;
}

function crop(image: RgbImage, x: number, y: number): RgbImage {
  const pixels = new Uint8Array(PATCH_SIDE * PATCH_SIDE * 3);
  for (let row = 0; row < PATCH_SIDE; row++) {
    const from = ((y + row) * image.width + x) * 3;
    pixels.set(image.pixels.subarray(from, from + PATCH_SIDE * 3), row * PATCH_SIDE * 3);
  }
  return { width: PATCH_SIDE, height: PATCH_SIDE, pixels };
}
