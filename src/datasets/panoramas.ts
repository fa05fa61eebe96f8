/**
 * @file Photographs of places in all directions: eighteen panoramas of Poly Haven with the full range of light, 512×256 (plate carrée).
 */
import { assetFolder, readAssets } from "./asset-file.js";
import type { RgbImage } from "./image.js";

/** The package's folder of panoramas. */
export const panoramaFolder = assetFolder("hdri", 4094808, "9d1f8700cefa15d889feb91ae577424b44e301e72c918aca059149a2db7b52b8");

/** Their names: where or when they were taken. */
export const panoramaNames = [
  "apartment", "bridge", "city", "dawn", "esplanade", "forest", "hall", "lab", "lobby",
  "night", "park", "sky", "studio", "sunrise", "sunset", "venice", "warehouse", "workshop",
] as const;

/** three's number for 32-bit floats (`FloatType`). */
const FLOAT_TYPE = 1015;
/** The geometric mean of a panorama's light becomes this share of white. */
const MIDDLE_LIGHT = 0.25;
/** Brighter light (the sun overflows the file's numbers) counts as this. */
const MOST_LIGHT = 1e4;

/** Light as it was, in proportion. */
export interface Panorama {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]`, top row first, red, green, blue, 0 to 10,000; the geometric mean is 0.25. */
  readonly light: Float32Array;
}

/** A square part of a panorama. */
export interface View {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** Of the light, times. */
  readonly exposure: number;
  readonly mirrored: boolean;
}

/** Reads all panoramas, in the order of {@link panoramaNames}. */
export async function readPanoramas(task: string): Promise<Panorama[]> {
  const { EXRLoader } = await import("three/examples/jsm/loaders/EXRLoader.js");
  return readAssets(task, panoramaFolder).map(({ bytes }) => {
    const { width, height, data } = new EXRLoader().setDataType(FLOAT_TYPE).parse(bytes.buffer);
    const light = new Float32Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) light.set(lightOf(data, ((height - 1 - y) * width + x) * 4), (y * width + x) * 3);
    }
    return { width, height, light: exposed(light) };
  });
}

/** Mends what the file's lossy numbers make of lamps and the sun: they swing below zero, overflow, or lose two of their colours. */
function lightOf(data: Float32Array, from: number): [number, number, number] {
  const [red, green, blue] = [0, 1, 2].map((c) => {
    const value = Math.abs(data[from + c]!);
    return value < MOST_LIGHT ? value : MOST_LIGHT;
  }) as [number, number, number];
  const most = Math.max(red, green, blue);
  return most > 1 && Math.min(red, green, blue) < 1e-4 * most ? [most, most, most] : [red, green, blue];
}

function exposed(light: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < light.length; i += 3) sum += Math.log(1e-4 + (light[i]! + light[i + 1]! + light[i + 2]!) / 3);
  const scale = MIDDLE_LIGHT / Math.exp(sum / (light.length / 3));
  return light.map((value) => value * scale);
}

/** Develops a view: `x / (1 + x)` of the exposed light, then the usual gamma of 2.2. */
export function developView({ width, light }: Panorama, { left, top, side, exposure, mirrored }: View): RgbImage {
  const pixels = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = ((top + y) * width + left + (mirrored ? side - 1 - x : x)) * 3;
      for (let c = 0; c < 3; c++) {
        const value = light[from + c]! * exposure;
        pixels[(y * side + x) * 3 + c] = Math.round(255 * Math.pow(value / (1 + value), 1 / 2.2));
      }
    }
  }
  return { width: side, height: side, pixels };
}
