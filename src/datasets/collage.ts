/**
 * @file Pictures put together from cut-outs: real digits, letters or drawings pasted in some pose on a background.
 *
 * A collage is made at one size, so that all sizes of picture show the same; it is resized at the end.
 */
import type { RandomStream } from "../rng.js";
import type { RgbImage } from "./image.js";
import { resizeBicubic } from "./resize-bicubic.js";

/** Side of every collage in pixels. */
export const collageSide = 64;

/** Red, green, blue, each 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Something to paste. */
export interface CutOut {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 4]`: red, green, blue, cover (0 lets the background through). */
  readonly rgba: Uint8Array;
}

/** Where and how a cut-out is pasted. */
export interface Pose {
  /** Where its centre lies, in pixels of the collage. */
  readonly x: number;
  readonly y: number;
  /** Pixels of the collage per pixel of the cut-out; a negative one mirrors. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Clockwise, in radians. */
  readonly angle: number;
  /** How far its top leans to the right, per pixel of height. */
  readonly slant: number;
}

/** A picture in the making: `[64, 64, 3]`, red, green, blue, 0 to 255. */
export type Collage = Float32Array;

/** Begins with one colour that turns into another along a random direction. */
export function gradientBackground(from: Rgb, to: Rgb, stream: RandomStream): Collage {
  const collage = new Float32Array(collageSide * collageSide * 3);
  const angle = stream.uniform() * 2 * Math.PI;
  const [dx, dy] = [Math.cos(angle) / collageSide, Math.sin(angle) / collageSide];
  for (let y = 0; y < collageSide; y++) {
    for (let x = 0; x < collageSide; x++) {
      const share = Math.min(1, Math.max(0, 0.5 + (x - collageSide / 2) * dx + (y - collageSide / 2) * dy));
      for (let c = 0; c < 3; c++) collage[(y * collageSide + x) * 3 + c] = from[c]! + (to[c]! - from[c]!) * share;
    }
  }
  return collage;
}

/** Begins with a picture of 64×64 pixels. */
export function pictureBackground({ pixels }: RgbImage): Collage {
  return Float32Array.from(pixels);
}

/** Pastes a cut-out; between its pixels colours are interpolated linearly, beyond them it covers nothing. */
export function paste(collage: Collage, { width, height, rgba }: CutOut, { x: centreX, y: centreY, scaleX, scaleY, angle, slant }: Pose): void {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const reach = Math.hypot(((width + 2) / 2) * Math.abs(scaleX) + Math.abs(slant * scaleX) * (height / 2 + 1), ((height + 2) / 2) * scaleY);
  const [left, right] = [Math.max(0, Math.floor(centreX - reach)), Math.min(collageSide, Math.ceil(centreX + reach))];
  const [top, bottom] = [Math.max(0, Math.floor(centreY - reach)), Math.min(collageSide, Math.ceil(centreY + reach))];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const dx = x + 0.5 - centreX;
      const dy = y + 0.5 - centreY;
      const down = (dy * cos - dx * sin) / scaleY;
      const u = (dx * cos + dy * sin) / scaleX + slant * down + width / 2 - 0.5;
      const v = down + height / 2 - 0.5;
      const column = Math.floor(u);
      const row = Math.floor(v);
      if (column < -1 || row < -1 || column >= width || row >= height) continue;
      let [cover, red, green, blue] = [0, 0, 0, 0];
      for (let corner = 0; corner < 4; corner++) {
        const [i, j] = [column + (corner & 1), row + (corner >> 1)];
        if (i < 0 || j < 0 || i >= width || j >= height) continue;
        const from = (j * width + i) * 4;
        const share = ((1 - Math.abs(u - i)) * (1 - Math.abs(v - j)) * rgba[from + 3]!) / 255;
        cover += share;
        red += share * rgba[from]!;
        green += share * rgba[from + 1]!;
        blue += share * rgba[from + 2]!;
      }
      if (cover === 0) continue;
      const place = (y * collageSide + x) * 3;
      collage[place] = collage[place]! * (1 - cover) + red;
      collage[place + 1] = collage[place + 1]! * (1 - cover) + green;
      collage[place + 2] = collage[place + 2]! * (1 - cover) + blue;
    }
  }
}

/** Makes every pixel lighter or darker by noise of standard deviation `deviation`, 0 to 255. */
export function addNoise(collage: Collage, deviation: number, stream: RandomStream): void {
  for (let i = 0; i < collage.length; i += 3) {
    const noise = deviation * stream.normal();
    for (let c = i; c < i + 3; c++) collage[c] = collage[c]! + noise;
  }
}

/** Rounds to bytes and resizes. */
export function finishCollage(collage: Collage, imageSize: number): Uint8Array {
  const pixels = new Uint8Array(collage.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.min(255, Math.max(0, Math.round(collage[i]!)));
  return resizeBicubic({ width: collageSide, height: collageSide, pixels }, imageSize, imageSize).pixels;
}

/** Draws a colour and one that stands out against it: their lightness differs by at least `contrast`, 0 to 255. */
export function contrastingColours(contrast: number, stream: RandomStream): readonly [Rgb, Rgb] {
  for (;;) {
    const [one, other] = [randomColour(stream), randomColour(stream)];
    if (Math.abs(lightness(one) - lightness(other)) >= contrast) return [one, other];
  }
}

/** A colour near another: each channel moves by at most `reach`. */
export function nearbyColour([red, green, blue]: Rgb, reach: number, stream: RandomStream): Rgb {
  const near = (value: number): number => Math.min(255, Math.max(0, value + (2 * stream.uniform() - 1) * reach));
  return [near(red), near(green), near(blue)];
}

/** Any lightness, not too gaudy. */
function randomColour(stream: RandomStream): Rgb {
  const grey = 255 * stream.uniform();
  return nearbyColour([grey, grey, grey], 70, stream);
}

function lightness([red, green, blue]: Rgb): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}
