/**
 * @file Fractal classes: iterated function systems drawn by the chaos game.
 *
 * Source of the idea: Kataoka et al., "Pre-training without Natural Images", ACCV 2020 (FractalDB); coloured fractals over
 * backgrounds as in Anderson and Farrell, "Improving Fractal Pre-training", WACV 2022.
 * Differs: 32 × 32 pixels, a colour per map, maps drawn by rejection until the attractor covers enough of the image.
 */
import { blend, contrastingColour, paintBackground, upstreamImageSize, type Canvas, type Colour } from "./formula-canvas.js";
import { noPose, type FormulaClass } from "./formula-class.js";
import type { FormulaRandom } from "./formula-random.js";

/** Affine maps, six numbers each (a, b, c, d, e, f: x' = ax + by + e, y' = cx + dy + f), and the summed chances to take them. */
interface FunctionSystem {
  readonly maps: Float64Array;
  readonly chances: Float64Array;
}

const cellCount = upstreamImageSize * upstreamImageSize;
const pointCount = 2200;
const settlePoints = 200;

/** Makes a fractal class from its own random numbers. */
export function makeFractalClass(number: number, random: FormulaRandom): FormulaClass {
  let system = drawSystem(random);
  for (let attempt = 0; attempt < 60 && !coversEnough(system, random); attempt++) system = drawSystem(random);
  return {
    name: `fractal ${number} of ${system.chances.length} maps`,
    paint(canvas, image) {
      paintFractal(canvas, system, contrastingColour(image, paintBackground(canvas, image)), image);
      return noPose;
    },
  };
}

function drawSystem(random: FormulaRandom): FunctionSystem {
  const count = 2 + random.integer(4);
  const maps = new Float64Array(count * 6);
  const chances = new Float64Array(count);
  let total = 0;
  for (let map = 0; map < count; map++) {
    const turn = random.range(0, 2 * Math.PI);
    const lean = random.range(0, 2 * Math.PI);
    const long = random.range(0.35, 0.88);
    const short = random.range(0.25, 1) * long * (random.chance(0.4) ? -1 : 1);
    const [ct, st, cl, sl] = [Math.cos(turn), Math.sin(turn), Math.cos(lean), Math.sin(lean)];
    maps.set(
      [ct * long * cl - st * short * sl, -ct * long * sl - st * short * cl, st * long * cl + ct * short * sl, -st * long * sl + ct * short * cl, random.range(-1, 1), random.range(-1, 1)],
      map * 6,
    );
    total += Math.max(0.02, Math.abs(long * short));
    chances[map] = total;
  }
  for (let map = 0; map < count; map++) chances[map] = chances[map]! / total;
  return { maps, chances };
}

const xs = new Float32Array(pointCount);
const ys = new Float32Array(pointCount);
const taken = new Uint8Array(pointCount);
const density = new Float32Array(cellCount);
const owner = new Uint8Array(cellCount);

/** Plays the chaos game into the shared arrays; returns the box that holds the points (left, top, width, height). */
function playChaosGame({ maps, chances }: FunctionSystem, random: FormulaRandom): readonly [number, number, number, number] {
  let x = 0;
  let y = 0;
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let point = -30; point < pointCount; point++) {
    const draw = random.uniform();
    let map = 0;
    while (map < chances.length - 1 && draw > chances[map]!) map++;
    const at = map * 6;
    const next = maps[at]! * x + maps[at + 1]! * y + maps[at + 4]!;
    y = maps[at + 2]! * x + maps[at + 3]! * y + maps[at + 5]!;
    x = next;
    if (point < 0) continue;
    xs[point] = x;
    ys[point] = y;
    taken[point] = map;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return [left, top, right - left, bottom - top];
}

function coversEnough(system: FunctionSystem, random: FormulaRandom): boolean {
  const [left, top, width, height] = playChaosGame(system, random);
  if (!(width > 0.05 && height > 0.05 && width < 20 && height < 20)) return false;
  const scale = upstreamImageSize / Math.max(width, height);
  const seen = new Uint8Array(cellCount);
  let covered = 0;
  for (let point = settlePoints; point < pointCount; point++) {
    const cell = Math.min(31, Math.floor((ys[point]! - top) * scale)) * upstreamImageSize + Math.min(31, Math.floor((xs[point]! - left) * scale));
    if (seen[cell] === 0) covered++;
    seen[cell] = 1;
  }
  return covered > 0.13 * cellCount && covered < 0.6 * cellCount;
}

function paintFractal(canvas: Canvas, system: FunctionSystem, first: Colour, random: FormulaRandom): void {
  const maps = system.maps.map((value) => value + 0.02 * random.bell());
  const [left, top, width, height] = playChaosGame({ maps, chances: system.chances }, random);
  const fit = Math.max(width, height, 1e-3);
  const scale = (upstreamImageSize * random.range(0.65, 1.05)) / fit;
  const angle = 0.25 * random.bell();
  const mirror = random.chance(0.5) ? -1 : 1;
  const cos = Math.cos(angle) * scale;
  const sin = Math.sin(angle) * scale;
  const middleX = left + width / 2;
  const middleY = top + height / 2;
  const roomX = upstreamImageSize / 2 + random.range(-3, 3);
  const roomY = upstreamImageSize / 2 + random.range(-3, 3);
  density.fill(0);
  for (let point = 0; point < pointCount; point++) {
    const dx = (xs[point]! - middleX) * mirror;
    const dy = ys[point]! - middleY;
    const x = Math.floor(roomX + dx * cos - dy * sin);
    const y = Math.floor(roomY + dx * sin + dy * cos);
    if (x < 0 || y < 0 || x >= upstreamImageSize || y >= upstreamImageSize) continue;
    const cell = y * upstreamImageSize + x;
    density[cell] = density[cell]! + 1;
    owner[cell] = taken[point]!;
  }
  const colours: Colour[] = [first];
  const plain = random.chance(0.4);
  for (let map = 1; map < system.chances.length; map++) {
    const weight = random.range(0.2, 0.6);
    const tint: Colour = [first[0] + (random.uniform() - first[0]) * weight, first[1] + (random.uniform() - first[1]) * weight, first[2] + (random.uniform() - first[2]) * weight];
    colours.push(plain ? first : tint);
  }
  for (let cell = 0; cell < cellCount; cell++) {
    if (density[cell]! > 0) blend(canvas.rgb, cell, colours[owner[cell]!]!, 1 - Math.exp(-0.7 * density[cell]!));
  }
}
