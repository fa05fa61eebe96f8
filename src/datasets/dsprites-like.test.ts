import { expect, test, vi } from "vitest";
import { drawFactors, locationLabel, orientationLabel } from "./dsprites-like.js";
import { drawSprite, spriteShapes, type Sprite } from "./sprite.js";

vi.setConfig({ testTimeout: 30_000 });

const centred: Sprite = { shape: "square", scale: 1, orientation: 0, x: 0.5, y: 0.5 };

/** Mass, centre and direction of the long axis (radians, clockwise) of a picture. */
function moments(pixels: Uint8Array, side: number): { mass: number; x: number; y: number; axis: number; skew: number } {
  let mass = 0;
  let sumX = 0;
  let sumY = 0;
  const each = (use: (grey: number, x: number, y: number) => void): void => {
    for (let i = 0; i < side * side; i++) use(pixels[i * 3]! / 255, ((i % side) + 0.5) / side, (Math.floor(i / side) + 0.5) / side);
  };
  each((grey, px, py) => ((mass += grey), (sumX += grey * px), (sumY += grey * py)));
  const [x, y] = [sumX / mass, sumY / mass];
  let xx = 0;
  let yy = 0;
  let xy = 0;
  let skew = 0;
  each((grey, px, py) => ((xx += grey * (px - x) ** 2), (yy += grey * (py - y) ** 2), (xy += grey * (px - x) * (py - y)), (skew += grey * (py - y) ** 3)));
  return { mass: mass / side ** 2, x, y, axis: Math.atan2(2 * xy, xx - yy) / 2, skew };
}

test("a sprite covers the area of its shape at every scale, turned or not", () => {
  const area = { square: 0.34 ** 2, ellipse: Math.PI * 0.23 * 0.115 };
  for (const shape of ["square", "ellipse"] as const) {
    for (const scale of [0.5, 1]) {
      for (const orientation of [0, 0.7, 2]) {
        const { mass } = moments(drawSprite({ ...centred, shape, scale, orientation }, 32), 32);
        expect(Math.abs(mass / (area[shape] * scale ** 2) - 1)).toBeLessThan(0.03);
      }
    }
  }
});

test("a pixel cut by the edge is grey by the share that is covered", () => {
  // The square reaches from 0.33 to 0.67; with 10 pixels a side, pixel 3 (0.3 … 0.4) is covered to 70 % (from a grid of 26 points a side).
  const row = [...drawSprite(centred, 10)].filter((_, i) => i % 3 === 0).slice(50, 60);
  expect(row.slice(0, 3)).toEqual([0, 0, 0]);
  expect(Math.abs(row[3]! - 0.7 * 255)).toBeLessThan(8);
  expect(row.slice(4, 6)).toEqual([255, 255]);
});

test("location labels follow the centre of the sprite from left to right", () => {
  for (let x = 0; x < 32; x++) {
    const factors = { shape: 1, scale: 5, orientation: 11, x, y: 4 };
    const { x: centre } = moments(drawFactors(factors, 32), 32);
    expect(centre).toBeCloseTo(0.25 + (0.5 * x) / 31, 2);
    expect(locationLabel(factors)).toBe(x >> 1);
  }
});

test("orientation labels follow the long axis of the ellipse through a whole turn", () => {
  for (let orientation = 0; orientation < 40; orientation++) {
    const factors = { shape: 1, scale: 5, orientation, x: 16, y: 16 };
    const angle = (2 * Math.PI * orientation) / 39;
    const { axis } = moments(drawFactors(factors, 64), 64);
    expect(Math.abs(Math.sin(axis - angle))).toBeLessThan(0.02);
    expect(orientationLabel(factors)).toBe(Math.floor(orientation / 2.5));
  }
  expect(new Set(Array.from({ length: 40 }, (_, orientation) => orientationLabel({ shape: 0, scale: 0, orientation, x: 0, y: 0 }))).size).toBe(16);
});

test("a heart points down unturned and up after half a turn", () => {
  const down = moments(drawSprite({ ...centred, shape: "heart" }, 64), 64).skew;
  const up = moments(drawSprite({ ...centred, shape: "heart", orientation: Math.PI }, 64), 64).skew;
  expect(down).toBeGreaterThan(1e-3);
  expect(up).toBeCloseTo(-down, 6);
});

test("a full-size sprite stays within a quarter of the picture around its centre, so that none is cut", () => {
  const side = 128;
  for (const shape of spriteShapes) {
    for (let orientation = 0; orientation < 40; orientation++) {
      const pixels = drawSprite({ ...centred, shape, orientation: (2 * Math.PI * orientation) / 39 }, side);
      const far = pixels.reduce((most, grey, i) => (grey === 0 ? most : Math.max(most, Math.abs(((Math.floor(i / 3) % side) + 0.5) / side - 0.5))), 0);
      expect(far).toBeGreaterThan(0.1);
      // 0.245 is where drawing stops: a sprite that reached it would be cut there.
      expect(far + 0.5 / side).toBeLessThan(0.2451);
    }
  }
});
