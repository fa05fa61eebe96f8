/**
 * @file Resizes byte pictures by antialiased bicubic interpolation with the integer arithmetic of Pillow.
 *
 * Every output pixel is a weighted mean of source pixels around its centre; when shrinking, the kernel widens with the
 * scale (antialiasing). Weights are fixed-point numbers of 22 fractional bits, rows are done first and rounded to bytes,
 * then columns. Networks trained by timm or VTAB recipes have seen pictures resized exactly so.
 */
import type { RgbImage } from "./image.js";

/** Kernel parameter of Pillow's bicubic. */
const A = -0.5;
const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);

/** Weights of one axis: output pixel i takes `length[i]` source pixels from `start[i]`, weights at `i · most`. */
interface AxisWeights {
  readonly most: number;
  readonly start: Int32Array;
  readonly length: Int32Array;
  readonly weights: Int32Array;
}

const remembered = new Map<string, AxisWeights>();
const MOST_REMEMBERED = 256;

/**
 * Resizes a picture to `width`×`height`, aspect not kept.
 *
 * Source: Pillow's `Image.resize(…, BICUBIC)` on 8-bit channels; agrees byte for byte.
 */
export function resizeBicubic(image: RgbImage, width: number, height: number): RgbImage {
  const rows = image.width === width ? image.pixels : resizeRows(image.pixels, image.height, image.width, width);
  const pixels = image.height === height ? rows : resizeColumns(rows, image.height, height, width);
  return { width, height, pixels: pixels === image.pixels ? image.pixels.slice() : pixels };
}

/** Horizontal pass: `[height, from, 3]` → `[height, to, 3]`. */
function resizeRows(source: Uint8Array, height: number, from: number, to: number): Uint8Array {
  const { most, start, length, weights } = axisWeights(from, to);
  const target = new Uint8Array(height * to * 3);
  for (let column = 0; column < to; column++) {
    const first = start[column]! * 3;
    const taps = length[column]!;
    const base = column * most;
    for (let row = 0; row < height; row++) {
      let at = row * from * 3 + first;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let tap = base; tap < base + taps; tap++) {
        const weight = weights[tap]!;
        red = (red + Math.imul(source[at]!, weight)) | 0;
        green = (green + Math.imul(source[at + 1]!, weight)) | 0;
        blue = (blue + Math.imul(source[at + 2]!, weight)) | 0;
        at += 3;
      }
      const out = (row * to + column) * 3;
      target[out] = toByte(red);
      target[out + 1] = toByte(green);
      target[out + 2] = toByte(blue);
    }
  }
  return target;
}

/** Vertical pass: `[from, width, 3]` → `[to, width, 3]`. */
function resizeColumns(source: Uint8Array, from: number, to: number, width: number): Uint8Array {
  const { most, start, length, weights } = axisWeights(from, to);
  const stride = width * 3;
  const target = new Uint8Array(to * stride);
  const sums = new Int32Array(stride);
  for (let row = 0; row < to; row++) {
    sums.fill(HALF);
    for (let tap = 0; tap < length[row]!; tap++) {
      const weight = weights[row * most + tap]!;
      const at = (start[row]! + tap) * stride;
      for (let x = 0; x < stride; x++) sums[x] = (sums[x]! + Math.imul(source[at + x]!, weight)) | 0;
    }
    for (let x = 0; x < stride; x++) target[row * stride + x] = toByte(sums[x]!);
  }
  return target;
}

function toByte(sum: number): number {
  const value = sum >> FRACTION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function axisWeights(from: number, to: number): AxisWeights {
  const key = `${from}/${to}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const made = makeAxisWeights(from, to);
  remembered.set(key, made);
  return made;
}

function makeAxisWeights(from: number, to: number): AxisWeights {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = 2 * stretch;
  const most = Math.ceil(support) * 2 + 1;
  const start = new Int32Array(to);
  const length = new Int32Array(to);
  const weights = new Int32Array(to * most);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const end = Math.min(from, Math.floor(centre + support + 0.5));
    const exact: number[] = [];
    for (let p = first; p < end; p++) exact.push(kernel((p - centre + 0.5) / stretch));
    const total = exact.reduce((sum, value) => sum + value, 0);
    start[i] = first;
    length[i] = end - first;
    exact.forEach((value, tap) => (weights[i * most + tap] = roundAwayFromZero((value / total) * 2 ** FRACTION_BITS)));
  }
  return { most, start, length, weights };
}

/** Keys' cubic convolution kernel, zero from distance 2. */
function kernel(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return 1 + d * d * ((A + 2) * d - (A + 3));
  if (d < 2) return A * (d * (8 + d * (d - 5)) - 4);
  return 0;
}

function roundAwayFromZero(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}
