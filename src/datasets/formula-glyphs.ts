/**
 * @file Glyph classes: invented characters of two to five strokes, written with a varying hand.
 *
 * The strokes are drawn at random on a small lattice; no alphabet and no digit is copied (one may resemble a letter by accident).
 */
import { blend, contrastingColour, fillPlain, paintBackground, upstreamImageSize, type Canvas, type Colour } from "./formula-canvas.js";
import { placeObject, poseOf, type FormulaClass, type Placement } from "./formula-class.js";
import type { FormulaRandom } from "./formula-random.js";

/** A quadratic Bézier stroke: start, control and end points as x, y. */
type Stroke = readonly [number, number, number, number, number, number];

const pieces = 6;

/** Makes a glyph class from its own random numbers. */
export function makeGlyphClass(number: number, random: FormulaRandom): FormulaClass {
  let strokes = drawStrokes(random);
  for (let attempt = 0; attempt < 40 && narrowness(strokes) < 0.9; attempt++) strokes = drawStrokes(random);
  return {
    name: `glyph ${number} of ${strokes.length} strokes`,
    paint(canvas, image) {
      const bold = image.chance(0.5);
      let background: Colour = [0, 0, 0];
      if (image.chance(0.25)) fillPlain(canvas, background);
      else background = paintBackground(canvas, image);
      const placement = placeObject(image, { smallest: 7, largest: 13, freedom: 0.3 });
      const ink = contrastingColour(image, background, 0.4);
      paintStrokes(canvas, strokes, placement, ink, bold ? image.range(1, 1.8) : image.range(0.5, 1.1), image);
      return poseOf(placement, true);
    },
  };
}

function drawStrokes(random: FormulaRandom): readonly Stroke[] {
  const count = 2 + random.integer(3) + (random.chance(0.3) ? 1 : 0);
  const strokes: Stroke[] = [];
  let x = 0;
  let y = 0;
  for (let stroke = 0; stroke < count; stroke++) {
    const joined = stroke > 0 && random.chance(0.6);
    const x0 = joined ? x : latticeX(random);
    const y0 = joined ? y : latticeY(random);
    let x1 = latticeX(random);
    let y1 = latticeY(random);
    for (let attempt = 0; attempt < 8 && Math.hypot(x1 - x0, y1 - y0) < 0.7; attempt++) {
      x1 = latticeX(random);
      y1 = latticeY(random);
    }
    const bow = random.chance(0.55) ? random.range(0.4, 1.1) * (random.chance(0.5) ? 1 : -1) : 0;
    strokes.push([x0, y0, (x0 + x1) / 2 - (y1 - y0) * bow, (y0 + y1) / 2 + (x1 - x0) * bow, x1, y1]);
    x = x1;
    y = y1;
  }
  return strokes;
}

/** Returns the smaller side of the box around the strokes' ends and middles. */
function narrowness(strokes: readonly Stroke[]): number {
  const xs = strokes.flatMap(([ax, , bx, , cx]) => [ax, (ax + 2 * bx + cx) / 4, cx]);
  const ys = strokes.flatMap(([, ay, , by, , cy]) => [ay, (ay + 2 * by + cy) / 4, cy]);
  return Math.min(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
}

function latticeX(random: FormulaRandom): number {
  return -0.7 + 0.7 * random.integer(3) + 0.08 * random.bell();
}

function latticeY(random: FormulaRandom): number {
  return -0.9 + 0.6 * random.integer(4) + 0.08 * random.bell();
}

function paintStrokes(canvas: Canvas, strokes: readonly Stroke[], placement: Placement, ink: Colour, halfWidth: number, random: FormulaRandom): void {
  const slant = 0.18 * random.bell();
  const wide = random.range(0.75, 1.1);
  const cos = Math.cos(placement.angle) * placement.radius;
  const sin = Math.sin(placement.angle) * placement.radius;
  const wobble = 0.05;
  const coverage = canvas.scratch.fill(0, 0, upstreamImageSize * upstreamImageSize);
  for (const [ax, ay, bx, by, cx, cy] of strokes) {
    const points = [ax, ay, bx, by, cx, cy].map((value) => value + wobble * random.bell());
    let fromX = 0;
    let fromY = 0;
    for (let piece = 0; piece <= pieces; piece++) {
      const t = piece / pieces;
      const s = 1 - t;
      const gy = s * s * points[1]! + 2 * s * t * points[3]! + t * t * points[5]!;
      const gx = (s * s * points[0]! + 2 * s * t * points[2]! + t * t * points[4]!) * wide - slant * gy;
      const toX = placement.x + gx * cos - gy * sin;
      const toY = placement.y + gx * sin + gy * cos;
      if (piece > 0) coverSegment(coverage, fromX, fromY, toX, toY, halfWidth);
      fromX = toX;
      fromY = toY;
    }
  }
  for (let index = 0; index < upstreamImageSize * upstreamImageSize; index++) {
    if (coverage[index]! > 0) blend(canvas.rgb, index, ink, coverage[index]!);
  }
}

/** Raises the coverage (0–1, one number a pixel) to that of a round-ended segment. */
export function coverSegment(coverage: Float32Array, ax: number, ay: number, bx: number, by: number, halfWidth: number): void {
  const reach = halfWidth + 0.5;
  const top = Math.max(0, Math.floor(Math.min(ay, by) - reach));
  const bottom = Math.min(upstreamImageSize, Math.ceil(Math.max(ay, by) + reach));
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
  const right = Math.min(upstreamImageSize, Math.ceil(Math.max(ax, bx) + reach));
  const ex = bx - ax;
  const ey = by - ay;
  const scale = 1 / (ex * ex + ey * ey + 1e-9);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const px = x + 0.5 - ax;
      const py = y + 0.5 - ay;
      let along = (px * ex + py * ey) * scale;
      along = along < 0 ? 0 : along > 1 ? 1 : along;
      const dx = px - along * ex;
      const dy = py - along * ey;
      const value = reach - Math.sqrt(dx * dx + dy * dy);
      const index = y * upstreamImageSize + x;
      if (value > coverage[index]!) coverage[index] = value > 1 ? 1 : value;
    }
  }
}
