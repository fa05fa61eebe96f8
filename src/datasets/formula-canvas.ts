/**
 * @file The canvas of formula-driven images: colours, backgrounds, blending, and the finish that turns it into bytes.
 */
import type { FormulaRandom } from "./formula-random.js";

/** Side of every upstream image in pixels. */
export const upstreamImageSize = 32;
const size = upstreamImageSize;
const pixels = size * size;

/** Red, green and blue in 0–1. */
export type Colour = readonly [number, number, number];

/** Pixels in 0–1, row by row, three channels. Reused from image to image. */
export interface Canvas {
  readonly rgb: Float32Array;
  readonly scratch: Float32Array;
}

/** Makes an empty canvas. */
export function createCanvas(): Canvas {
  return { rgb: new Float32Array(pixels * 3), scratch: new Float32Array(pixels * 3) };
}

const sineTable = Float32Array.from({ length: 4096 }, (_, index) => Math.sin((index / 4096) * 2 * Math.PI));

/** Returns sin(2π·turns) from a table of 4096 entries. */
export function sineOfTurns(turns: number): number {
  return sineTable[((turns - Math.floor(turns)) * 4096) & 4095]!;
}

/** Returns the brightness of a colour (Rec. 601 weights). */
export function brightness(colour: Colour): number {
  return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
}

/** Draws a colour: hue uniform, saturation and value wide, greys now and then. */
export function randomColour(random: FormulaRandom): Colour {
  const hue = random.uniform() * 6;
  const saturation = random.chance(0.25) ? random.range(0, 0.2) : random.range(0.3, 1);
  const value = random.range(0.1, 1);
  const channel = (offset: number): number => {
    const k = (offset + hue) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return [channel(5), channel(3), channel(1)];
}

/** Draws a colour whose brightness differs from `other` by at least `gap`, or black or white after eight tries. */
export function contrastingColour(random: FormulaRandom, other: Colour, gap = 0.3): Colour {
  const reference = brightness(other);
  for (let attempt = 0; attempt < 8; attempt++) {
    const colour = randomColour(random);
    if (Math.abs(brightness(colour) - reference) >= gap) return colour;
  }
  return reference > 0.5 ? [0.04, 0.04, 0.04] : [0.97, 0.97, 0.97];
}

/** Moves each channel by a normal draw of the given spread, kept within 0–1. */
export function jitteredColour(random: FormulaRandom, colour: Colour, spread: number): Colour {
  const moved = (channel: number): number => Math.min(1, Math.max(0, channel + spread * random.bell()));
  return [moved(colour[0]), moved(colour[1]), moved(colour[2])];
}

/** Lays `colour` over pixel `index` with the given coverage. */
export function blend(rgb: Float32Array, index: number, colour: Colour, coverage: number): void {
  const at = index * 3;
  rgb[at] = rgb[at]! + (colour[0] - rgb[at]!) * coverage;
  rgb[at + 1] = rgb[at + 1]! + (colour[1] - rgb[at + 1]!) * coverage;
  rgb[at + 2] = rgb[at + 2]! + (colour[2] - rgb[at + 2]!) * coverage;
}

/** Fills the canvas with one colour. */
export function fillPlain(canvas: Canvas, colour: Colour): void {
  const { rgb } = canvas;
  for (let at = 0; at < rgb.length; at += 3) {
    rgb[at] = colour[0];
    rgb[at + 1] = colour[1];
    rgb[at + 2] = colour[2];
  }
}

/** Paints a random background (plain, gradient, smooth noise, faint stripes, clutter of short strokes); returns its main colour. */
export function paintBackground(canvas: Canvas, random: FormulaRandom): Colour {
  const kind = random.uniform();
  const main = backgroundColour(random);
  if (kind < 0.4) fillPlain(canvas, main);
  else if (kind < 0.58) fillGradient(canvas, random, main, jitteredColour(random, main, 0.2));
  else if (kind < 0.74) fillSmoothNoise(canvas, random, main, random.range(0.05, 0.22));
  else if (kind < 0.82) fillFaintStripes(canvas, random, main);
  else {
    fillGradient(canvas, random, main, jitteredColour(random, main, 0.12));
    const strokes = 2 + random.integer(6);
    for (let stroke = 0; stroke < strokes; stroke++) paintClutter(canvas, random, jitteredColour(random, main, 0.22));
  }
  return main;
}

function backgroundColour(random: FormulaRandom): Colour {
  const kind = random.uniform();
  if (kind < 0.25) return grey(random.range(0, 0.08));
  if (kind < 0.5) return grey(random.range(0.92, 1));
  return randomColour(random);
}

function grey(level: number): Colour {
  return [level, level, level];
}

function fillGradient(canvas: Canvas, random: FormulaRandom, from: Colour, to: Colour): void {
  const angle = random.range(0, 2 * Math.PI);
  const dx = Math.cos(angle) / size;
  const dy = Math.sin(angle) / size;
  fillPlain(canvas, from);
  for (let index = 0; index < pixels; index++) {
    const t = 0.5 + ((index % size) + 0.5 - size / 2) * dx + (Math.floor(index / size) + 0.5 - size / 2) * dy;
    blend(canvas.rgb, index, to, Math.min(1, Math.max(0, t)));
  }
}

function fillSmoothNoise(canvas: Canvas, random: FormulaRandom, main: Colour, spread: number): void {
  const cells = 3 + random.integer(5);
  const side = cells + 1;
  const knots = new Float32Array(side * side * 3);
  for (let at = 0; at < knots.length; at++) knots[at] = main[at % 3]! + spread * random.bell();
  const { rgb } = canvas;
  for (let y = 0; y < size; y++) {
    const gy = (y / size) * cells;
    const row = Math.floor(gy);
    const fy = gy - row;
    for (let x = 0; x < size; x++) {
      const gx = (x / size) * cells;
      const column = Math.floor(gx);
      const fx = gx - column;
      const base = (row * side + column) * 3;
      const below = base + side * 3;
      const at = (y * size + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const top = knots[base + channel]! * (1 - fx) + knots[base + 3 + channel]! * fx;
        const bottom = knots[below + channel]! * (1 - fx) + knots[below + 3 + channel]! * fx;
        rgb[at + channel] = Math.min(1, Math.max(0, top * (1 - fy) + bottom * fy));
      }
    }
  }
}

function fillFaintStripes(canvas: Canvas, random: FormulaRandom, main: Colour): void {
  const other = jitteredColour(random, main, 0.12);
  const angle = random.range(0, Math.PI);
  const frequency = 1 / random.range(3, 10);
  const dx = Math.cos(angle) * frequency;
  const dy = Math.sin(angle) * frequency;
  fillPlain(canvas, main);
  for (let index = 0; index < pixels; index++) {
    blend(canvas.rgb, index, other, 0.5 + 0.5 * sineOfTurns((index % size) * dx + Math.floor(index / size) * dy));
  }
}

function paintClutter(canvas: Canvas, random: FormulaRandom, colour: Colour): void {
  const x0 = random.range(0, size);
  const y0 = random.range(0, size);
  const angle = random.range(0, 2 * Math.PI);
  const length = random.range(1, 12);
  const thickness = random.range(0.4, 1.6);
  const dx = Math.cos(angle);
  const dy = Math.sin(angle);
  const top = Math.max(0, Math.floor(Math.min(y0, y0 + dy * length) - thickness - 1));
  const bottom = Math.min(size, Math.ceil(Math.max(y0, y0 + dy * length) + thickness + 1));
  const left = Math.max(0, Math.floor(Math.min(x0, x0 + dx * length) - thickness - 1));
  const right = Math.min(size, Math.ceil(Math.max(x0, x0 + dx * length) + thickness + 1));
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const px = x + 0.5 - x0;
      const py = y + 0.5 - y0;
      const along = Math.min(length, Math.max(0, px * dx + py * dy));
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const coverage = thickness + 0.5 - distance;
      if (coverage > 0) blend(canvas.rgb, y * size + x, colour, Math.min(1, coverage));
    }
  }
}

/** Applies light nuisances (blur, contrast, brightness, grey, inversion, noise) and writes the bytes of one image. */
export function finishImage(canvas: Canvas, random: FormulaRandom, target: Uint8Array, offset: number): void {
  if (random.chance(0.25)) blur(canvas, random.range(0.05, 0.22));
  if (random.chance(0.12)) turnGrey(canvas);
  const { rgb } = canvas;
  const gain = random.range(0.8, 1.15) * (random.chance(0.06) ? -1 : 1);
  const shift = 0.5 - 0.5 * gain + random.range(-0.08, 0.08);
  const noise = random.chance(0.5) ? random.range(0, 0.09) : 0;
  for (let at = 0; at < rgb.length; at++) {
    const value = rgb[at]! * gain + shift + (noise === 0 ? 0 : noise * (random.uniform() + random.uniform() - 1));
    target[offset + at] = value <= 0 ? 0 : value >= 1 ? 255 : value * 255 + 0.5;
  }
}

function turnGrey(canvas: Canvas): void {
  const { rgb } = canvas;
  for (let at = 0; at < rgb.length; at += 3) {
    const level = 0.299 * rgb[at]! + 0.587 * rgb[at + 1]! + 0.114 * rgb[at + 2]!;
    rgb[at] = level;
    rgb[at + 1] = level;
    rgb[at + 2] = level;
  }
}

/** Blurs with the kernel [side, 1 − 2·side, side] along rows, then along columns. */
function blur(canvas: Canvas, side: number): void {
  const { rgb, scratch } = canvas;
  const middle = 1 - 2 * side;
  const row = size * 3;
  for (let at = 0; at < rgb.length; at++) {
    const x = at % row;
    const before = x >= 3 ? rgb[at - 3]! : rgb[at]!;
    const after = x < row - 3 ? rgb[at + 3]! : rgb[at]!;
    scratch[at] = before * side + rgb[at]! * middle + after * side;
  }
  for (let at = 0; at < rgb.length; at++) {
    const before = at >= row ? scratch[at - row]! : scratch[at]!;
    const after = at < rgb.length - row ? scratch[at + row]! : scratch[at]!;
    rgb[at] = before * side + scratch[at]! * middle + after * side;
  }
}
