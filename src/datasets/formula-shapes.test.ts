import { expect, test } from "vitest";
import { createCanvas, fillPlain, upstreamImageSize as size } from "./formula-canvas.js";
import { poseOf } from "./formula-class.js";
import { outlines, polygonDistance } from "./formula-outlines.js";
import { FormulaRandom } from "./formula-random.js";
import { paintPolygon } from "./formula-shapes.js";

const random = new FormulaRandom(0, 0, 0);

function silhouette(polygon: Float32Array, angle: number): Float32Array {
  const canvas = createCanvas();
  fillPlain(canvas, [0, 0, 0]);
  const style = { fill: "solid", main: [1, 1, 1], second: [1, 1, 1], radius: 10, halfLine: 1, wave: 4 } as const;
  paintPolygon(canvas, polygon, { x: 16, y: 16, radius: 10, angle }, 1, style, random);
  return canvas.rgb.filter((_, at) => at % 3 === 0);
}

test("a silhouette turned by a quarter is the silhouette turned, and the label moves by four", () => {
  for (const { polygon } of outlines) {
    const upright = silhouette(polygon, 0);
    const turned = silhouette(polygon, Math.PI / 2);
    let difference = 0;
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) difference += Math.abs(upright[y * size + x]! - turned[x * size + (size - 1 - y)]!);
    expect(difference).toBeLessThan(2);
  }
  const pose = (angle: number): number => poseOf({ x: 0, y: 0, radius: 1, angle }, true).orientation;
  expect([0, 0.19, 0.2, Math.PI / 2, Math.PI, -0.19, -0.2, -Math.PI / 2].map(pose)).toEqual([0, 0, 1, 4, 8, 0, 15, 12]);
});

test("outlines called unoriented look the same after some turn, the others after none", () => {
  for (const { name, oriented, polygon } of outlines) {
    const upright = silhouette(polygon, 0);
    const area = upright.reduce((sum, value) => sum + value, 0);
    const mismatch = [2, 3, 4, 5, 6, 7, 8].map((fold) => {
      const turned = silhouette(polygon, (2 * Math.PI) / fold);
      return turned.reduce((sum, value, at) => sum + Math.abs(value - upright[at]!), 0) / area;
    });
    if (oriented) expect([name, Math.min(...mismatch) > 0.2]).toEqual([name, true]);
    else expect([name, Math.min(...mismatch) < 0.1]).toEqual([name, true]);
  }
});

test("the cell label counts eight-pixel cells row by row", () => {
  const cell = (x: number, y: number): number => poseOf({ x, y, radius: 1, angle: 0 }, false).location;
  expect([cell(0, 0), cell(8, 7.9), cell(31.9, 0), cell(3, 8), cell(32, 32)]).toEqual([0, 1, 3, 4, 15]);
  expect(poseOf({ x: 0, y: 0, radius: 1, angle: 1 }, false).orientation).toBe(-1);
});

test("the signed distance to a polygon is right inside, outside and past a corner", () => {
  const box = Float32Array.from([-2, -1, 2, -1, 2, 1, -2, 1]);
  expect(polygonDistance(box, 0, 0)).toBeCloseTo(-1);
  expect(polygonDistance(box, 1.5, 0)).toBeCloseTo(-0.5);
  expect(polygonDistance(box, 5, 0)).toBeCloseTo(3);
  expect(polygonDistance(box, 5, 5)).toBeCloseTo(5);
});
