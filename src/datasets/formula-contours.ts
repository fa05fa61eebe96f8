/**
 * @file Closed-curve classes: a radial Fourier series, drawn as nested lines or filled.
 *
 * Source of the idea: Kataoka et al., "Replacing Labeled Real-Image Datasets with Auto-Generated Contours", CVPR 2022
 * (radial contours). Differs: Fourier coefficients define the class, and colour, place and background vary.
 */
import { contrastingColour, paintBackground, upstreamImageSize } from "./formula-canvas.js";
import { placeObject, poseOf, type FormulaClass } from "./formula-class.js";
import { paintFill, type Fill, type FillStyle } from "./formula-fills.js";
import type { FormulaRandom } from "./formula-random.js";

const tableSize = 256;
const contourFills: readonly Fill[] = ["solid", "outline", "rings", "bordered", "gradient", "core"];

/** Makes closed-curve class `number` from its own random numbers; one strong harmonic of at least three lobes keeps it from being an ellipse. */
export function makeContourClass(number: number, random: FormulaRandom): FormulaClass {
  const lobes = 3 + (number % 5);
  const harmonics = [2, 3, 4, 5, 6, 7].map((order) => ({
    order,
    size: order === lobes ? random.range(0.16, 0.34) : random.range(0, 0.5) / order,
    phase: random.uniform(),
  }));
  const fill = contourFills[Math.floor(number / 5) % contourFills.length]!;
  const bend = random.chance(0.4) ? random.range(0.08, 0.2) * (random.chance(0.5) ? 1 : -1) : 0;
  return {
    name: `contour ${lobes} lobes ${fill} ${number}`,
    paint(canvas, image) {
      const background = paintBackground(canvas, image);
      const placement = placeObject(image, { smallest: 6, largest: 12, freedom: 0.6 });
      const main = contrastingColour(image, background);
      const style: FillStyle = { fill, main, second: contrastingColour(image, main), radius: placement.radius, halfLine: image.range(0.6, 1.1), wave: image.range(2.8, 3.6) };
      const table = new Float32Array(tableSize);
      const moved = harmonics.map(({ order, size, phase }) => ({ order, size: size * (1 + 0.12 * image.bell()), phase: phase + 0.02 * image.bell() }));
      for (let entry = 0; entry < tableSize; entry++) {
        let radius = 1;
        for (const { order, size, phase } of moved) radius += size * Math.sin(2 * Math.PI * ((order * entry) / tableSize + phase));
        table[entry] = Math.max(0.15, radius) * placement.radius * 0.85;
      }
      const { x: cx, y: cy, angle } = placement;
      for (let y = 0; y < upstreamImageSize; y++) {
        for (let x = 0; x < upstreamImageSize; x++) {
          const dx = x + 0.5 - cx;
          const dy = y + 0.5 - cy;
          const distance = Math.sqrt(dx * dx + dy * dy);
          if (distance > placement.radius * 2.2) continue;
          const direction = Math.atan2(dy, dx) - angle + (bend * distance * 6) / placement.radius;
          const entry = Math.floor((direction / (2 * Math.PI)) * tableSize) & (tableSize - 1);
          const edge = table[entry]!;
          const slope = ((table[(entry + 1) & (tableSize - 1)]! - edge) * tableSize) / (2 * Math.PI * Math.max(1, edge));
          const toEdge = (distance - edge) / Math.sqrt(1 + slope * slope);
          const turned = direction;
          paintFill(canvas.rgb, y * upstreamImageSize + x, style, toEdge, distance * Math.cos(turned), distance * Math.sin(turned), image);
        }
      }
      return poseOf(placement, true);
    },
  };
}
