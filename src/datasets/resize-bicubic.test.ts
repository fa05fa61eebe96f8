import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSafetensors } from "../anchors/safetensors.js";
import { decodeImageFile, type RgbImage } from "./image.js";
import { resizeBicubic } from "./resize-bicubic.js";

const folder = ["../shared/goldens/pil", "data/goldens/pil"].find((place) => existsSync(join(place, "pixels.safetensors")));

test.skipIf(folder === undefined)("decoding and resizing give Pillow's bytes", async () => {
  const { tensors } = readSafetensors(join(folder!, "pixels.safetensors"));
  for (const file of ["wide.jpg", "tall.png", "large.jpg"]) {
    const name = file.slice(0, -4);
    const stored = tensors.get(`${name}.pixels`)!;
    const decoded = await decodeImageFile(join(folder!, file));
    expect([decoded.height, decoded.width, 3]).toEqual(stored.shape);
    expect(different(decoded.pixels, stored.data)).toBe(0);
    for (const side of [32, 224]) {
      const resized = resizeBicubic(decoded, side, side);
      expect(different(resized.pixels, tensors.get(`${name}.resized_${side}`)!.data)).toBe(0);
    }
  }
});

test("enlarging a step overshoots as the cubic kernel with a = -0.5 does", () => {
  const step = resizeBicubic(grey([[100, 100, 200, 200]]), 8, 1);
  // Output 3 lies at source position 1.25: kernel weights of the samples 0…3 are k(1.25), k(0.25), k(0.75), k(1.75) = −0.0703, 0.8672, 0.2266, −0.0234.
  expect(channel(step)[3]).toBe(Math.round(100 * (-0.0703125 + 0.8671875) + 200 * (0.2265625 - 0.0234375)));
  // Output 2 lies at 0.75; the sample left of the picture is left out and the other three weights are scaled to sum 1.
  expect(channel(step)[2]).toBe(Math.round((100 * (0.2265625 + 0.8671875) - 200 * 0.0703125) / (0.2265625 + 0.8671875 - 0.0703125)));
});

test("shrinking takes the whole neighbourhood into account, so a fine chequerboard becomes grey", () => {
  const board = grey(Array.from({ length: 64 }, (_, row) => Array.from({ length: 64 }, (_, column) => ((row + column) % 2) * 255)));
  const small = channel(resizeBicubic(board, 8, 8));
  for (const value of small) expect(Math.abs(value - 127.5)).toBeLessThanOrEqual(1);
});

test("a flat picture stays flat at every size", () => {
  const flat = grey(Array.from({ length: 7 }, () => new Array<number>(13).fill(173)));
  for (const [width, height] of [[1, 1], [3, 29], [13, 7], [64, 5]] as const) expect(new Set(resizeBicubic(flat, width, height).pixels)).toEqual(new Set([173]));
});

test("a picture of the right size comes back as a copy", () => {
  const picture = grey([[1, 2], [3, 4]]);
  const same = resizeBicubic(picture, 2, 2);
  expect(same.pixels).toEqual(picture.pixels);
  expect(same.pixels).not.toBe(picture.pixels);
});

function grey(rows: readonly (readonly number[])[]): RgbImage {
  const pixels = Uint8Array.from(rows.flatMap((row) => row.flatMap((value) => [value, value, value])));
  return { width: rows[0]!.length, height: rows.length, pixels };
}

function channel(image: RgbImage): number[] {
  return [...image.pixels].filter((_, index) => index % 3 === 0);
}

function different(a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): number {
  let count = Math.abs(a.length - b.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) count++;
  return count;
}
