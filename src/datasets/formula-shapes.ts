/**
 * @file Shape classes: an outline and a fill; place, size, turn, stretch and colours are left to chance.
 */
import { contrastingColour, paintBackground, upstreamImageSize, type Canvas } from "./formula-canvas.js";
import { placeObject, poseOf, type FormulaClass } from "./formula-class.js";
import { fills, paintFill, type FillStyle } from "./formula-fills.js";
import { outlines, polygonDistance, type Polygon } from "./formula-outlines.js";
import type { FormulaRandom } from "./formula-random.js";

/** How many shape classes there are at most. */
export const shapeClassLimit = outlines.length * fills.length;

/** Makes shape class `number`; neighbouring numbers have different outlines, and every outline meets every fill once. */
export function makeShapeClass(number: number): FormulaClass {
  const kind = number % outlines.length;
  const outline = outlines[kind]!;
  const fill = fills[(Math.floor(number / outlines.length) + kind * 5) % fills.length]!;
  return {
    name: `shape ${outline.name} ${fill}`,
    paint(canvas, random) {
      const background = paintBackground(canvas, random);
      const placement = placeObject(random, { smallest: 5.5, largest: 13, freedom: 0.7 });
      const main = contrastingColour(random, background);
      const style: FillStyle = {
        fill,
        main,
        second: contrastingColour(random, main),
        radius: placement.radius,
        halfLine: random.range(0.6, 1.1),
        wave: random.range(3.4, 5),
      };
      paintPolygon(canvas, outline.polygon, placement, random.range(0.8, 1.25), style, random);
      return poseOf(placement, outline.oriented);
    },
  };
}

/** Paints a polygon at a placement; `stretch` is the ratio of its width to its height. */
export function paintPolygon(
  canvas: Canvas,
  polygon: Polygon,
  placement: { readonly x: number; readonly y: number; readonly radius: number; readonly angle: number },
  stretch: number,
  style: FillStyle,
  random: FormulaRandom,
): void {
  const { x: cx, y: cy, radius, angle } = placement;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const wide = Math.sqrt(stretch);
  const reach = radius * 1.5 * Math.max(wide, 1 / wide) + 1;
  const top = Math.max(0, Math.floor(cy - reach));
  const bottom = Math.min(upstreamImageSize, Math.ceil(cy + reach));
  const left = Math.max(0, Math.floor(cx - reach));
  const right = Math.min(upstreamImageSize, Math.ceil(cx + reach));
  const scaled = new Float32Array(polygon.length);
  for (let at = 0; at < polygon.length; at += 2) {
    scaled[at] = polygon[at]! * radius * wide;
    scaled[at + 1] = (polygon[at + 1]! * radius) / wide;
  }
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const dx = x + 0.5 - cx;
      const dy = y + 0.5 - cy;
      const u = dx * cos + dy * sin;
      const v = dy * cos - dx * sin;
      if (u * u + v * v > reach * reach) continue;
      paintFill(canvas.rgb, y * upstreamImageSize + x, style, polygonDistance(scaled, u, v), u, v, random);
    }
  }
}
