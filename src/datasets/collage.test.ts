import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { collageSide, contrastingColours, finishCollage, gradientBackground, paste, type CutOut, type Pose } from "./collage.js";

const black = (): Float32Array => new Float32Array(collageSide * collageSide * 3);
const red: CutOut = { width: 4, height: 2, rgba: Uint8Array.from(Array.from({ length: 8 }, () => [255, 0, 0, 255]).flat()) };
const upright: Pose = { x: 32, y: 32, scaleX: 3, scaleY: 3, angle: 0, slant: 0 };
const weight = (collage: Float32Array): number => collage.filter((_, i) => i % 3 === 0).reduce((sum, value) => sum + value / 255, 0);
const centre = (collage: Float32Array): [number, number] => {
  let [x, y] = [0, 0];
  for (let i = 0; i < collageSide ** 2; i++) [x, y] = [x + collage[i * 3]! * ((i % collageSide) + 0.5), y + collage[i * 3]! * (Math.floor(i / collageSide) + 0.5)];
  return [x / (255 * weight(collage)), y / (255 * weight(collage))];
};

test("a cut-out covers the area of its pixels times their scale, wherever and however it is turned", () => {
  for (const pose of [upright, { ...upright, x: 20.3, y: 40.7, angle: 0.6 }, { ...upright, slant: 0.3 }, { ...upright, scaleX: -3 }]) {
    const collage = black();
    paste(collage, red, pose);
    expect(weight(collage)).toBeCloseTo(4 * 2 * 9, 0);
    expect(centre(collage)[0]).toBeCloseTo(pose.x, 1);
    expect(centre(collage)[1]).toBeCloseTo(pose.y, 1);
  }
});

test("a turn is clockwise, a slant leans the top to the right, a negative scale mirrors", () => {
  const mark: CutOut = { width: 3, height: 3, rgba: new Uint8Array(36) };
  mark.rgba.set([255, 255, 255, 255], 4); // the middle of the top row
  const place = (pose: Partial<Pose>): [number, number] => {
    const collage = black();
    paste(collage, mark, { ...upright, scaleX: 6, scaleY: 6, ...pose });
    return centre(collage).map((value) => Math.round(value) - 32) as [number, number];
  };
  expect(place({})).toEqual([0, -6]);
  expect(place({ angle: Math.PI / 2 })).toEqual([6, 0]);
  expect(place({ slant: 0.5 })).toEqual([3, -6]);
  expect(place({ slant: 0.5, scaleX: -6 })).toEqual([-3, -6]);
});

test("what is half covered is half seen", () => {
  const half: CutOut = { width: 2, height: 2, rgba: Uint8Array.from(Array.from({ length: 4 }, () => [200, 100, 0, 51]).flat()) };
  const collage = new Float32Array(collageSide * collageSide * 3).fill(100);
  paste(collage, half, { ...upright, scaleX: 10, scaleY: 10 });
  expect([...finishCollage(collage, collageSide).subarray((32 * collageSide + 32) * 3, (32 * collageSide + 32) * 3 + 3)]).toEqual([120, 100, 80]);
});

test("a gradient runs from one colour to the other, and contrasting colours differ in lightness", () => {
  const stream = createRng(1).stream("test");
  const collage = gradientBackground([10, 20, 30], [210, 120, 30], stream);
  for (let i = 0; i < collage.length; i += 3) {
    expect(collage[i + 1]! - 20).toBeCloseTo((collage[i]! - 10) / 2, 3);
    expect(collage[i + 2]).toBe(30);
  }
  for (let i = 0; i < 50; i++) {
    const [a, b] = contrastingColours(80, stream).map(([r, g, blue]) => 0.299 * r + 0.587 * g + 0.114 * blue);
    expect(Math.abs(a! - b!)).toBeGreaterThanOrEqual(80);
  }
});
