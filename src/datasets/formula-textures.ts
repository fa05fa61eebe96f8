/**
 * @file Texture classes: a pattern, a wave length and a direction; phase, colours and light are left to chance.
 */
import { contrastingColour, randomColour, sineOfTurns, upstreamImageSize, type Canvas, type Colour } from "./formula-canvas.js";
import { noPose, type FormulaClass } from "./formula-class.js";
import { mixed, type FormulaRandom } from "./formula-random.js";

const directed = ["sine", "bars", "plaid", "checker", "grain", "zigzag", "bricks", "dashes"] as const;
const undirected = ["cells", "cracks", "clouds", "spots", "ripples", "blobs"] as const;
type Pattern = (typeof directed)[number] | (typeof undirected)[number];
const patterns: readonly Pattern[] = [...directed, ...undirected];

/** What a class fixes: wave length in pixels and direction in radians, before jitter. */
interface TextureSettings {
  readonly pattern: Pattern;
  readonly wave: number;
  readonly direction: number;
}

/** Returns the level (0–1) of the pattern at a pixel, once its image's random numbers are drawn. */
type Level = (x: number, y: number) => number;

/** How many texture classes there are at most. */
export const textureClassLimit = patterns.length * 16;

/** Makes texture class `number`: patterns alternate; four wave lengths × four directions, or sixteen finer steps of wave length where direction means nothing. */
export function makeTextureClass(number: number): FormulaClass {
  const pattern = patterns[number % patterns.length]!;
  const variant = Math.floor(number / patterns.length) % 16;
  const hasDirection = (directed as readonly Pattern[]).includes(pattern);
  const step = (variant * 5) % 16;
  const wave = hasDirection ? 3.4 * 1.55 ** (variant % 4) : 3.4 * 1.1 ** step;
  const direction = hasDirection ? ((Math.floor(variant / 4) + variant) % 4) * (Math.PI / 4) : 0;
  const settings: TextureSettings = { pattern, wave, direction };
  return {
    name: `texture ${pattern} ${wave.toFixed(1)} px ${hasDirection ? `${((direction * 180) / Math.PI).toFixed(0)}°` : "any direction"}`,
    paint(canvas, random) {
      paintTexture(canvas, settings, random);
      return noPose;
    },
  };
}

function paintTexture(canvas: Canvas, settings: TextureSettings, random: FormulaRandom): void {
  const wave = settings.wave * random.range(0.94, 1.06);
  const hasDirection = (directed as readonly Pattern[]).includes(settings.pattern);
  const direction = hasDirection ? settings.direction + random.range(-0.17, 0.17) : random.range(0, Math.PI);
  const level = drawPattern(settings.pattern, random);
  const low = randomColour(random);
  const high = contrastingColour(random, low, 0.22);
  const cos = Math.cos(direction) / wave;
  const sin = Math.sin(direction) / wave;
  const offsetX = random.range(0, 16);
  const offsetY = random.range(0, 16);
  const lightX = random.range(-0.012, 0.012);
  const lightY = random.range(-0.012, 0.012);
  for (let y = 0; y < upstreamImageSize; y++) {
    for (let x = 0; x < upstreamImageSize; x++) {
      const value = level(x * cos + y * sin + offsetX, y * cos - x * sin + offsetY);
      setMix(canvas, y * upstreamImageSize + x, low, high, value < 0 ? 0 : value > 1 ? 1 : value, 1 + lightX * (x - 16) + lightY * (y - 16));
    }
  }
}

function setMix(canvas: Canvas, index: number, low: Colour, high: Colour, share: number, light: number): void {
  const at = index * 3;
  canvas.rgb[at] = (low[0] + (high[0] - low[0]) * share) * light;
  canvas.rgb[at + 1] = (low[1] + (high[1] - low[1]) * share) * light;
  canvas.rgb[at + 2] = (low[2] + (high[2] - low[2]) * share) * light;
}

/** Coordinates come in wave lengths along (u) and across (v) the class's direction, and are never negative by more than 20. */
function drawPattern(pattern: Pattern, random: FormulaRandom): Level {
  switch (pattern) {
    case "sine":
      return (u) => 0.5 + 0.5 * sineOfTurns(u);
    case "bars": {
      const duty = random.range(-0.4, 0.4);
      return (u) => 0.5 + 2 * (sineOfTurns(u) - duty);
    }
    case "plaid":
      return (u, v) => 0.5 + 0.3 * sineOfTurns(u) + 0.3 * sineOfTurns(v * 0.5);
    case "checker":
      return (u, v) => 0.5 + 3 * sineOfTurns(u * 0.7) * sineOfTurns(v * 0.7);
    case "grain":
      return waves(random, 0.25);
    case "clouds":
      return waves(random, Math.PI);
    case "zigzag":
      return (u, v) => 0.5 + 2 * sineOfTurns(u + 0.5 * Math.abs(2 * (v * 0.6 - Math.floor(v * 0.6)) - 1));
    case "bricks":
      return (u, v) => {
        const row = Math.floor(v + 40);
        const along = u * 0.5 + (row & 1) * 0.5;
        const du = Math.abs(along - Math.floor(along) - 0.5) * 2;
        const dv = Math.abs(v - Math.floor(v) - 0.5);
        return 6 * (0.5 - Math.max(du - 0.15, dv + 0.12)) + 0.2;
      };
    case "dashes":
      return (u, v) => {
        const row = Math.floor(v * 1.2 + 40);
        return 0.5 + 2.5 * (Math.min(sineOfTurns(u * 0.5 + row * 0.37), 0.6 - Math.abs(v * 1.2 - Math.floor(v * 1.2) - 0.5) * 2.4));
      };
    case "ripples": {
      const cx = random.range(16, 24);
      const cy = random.range(14, 20);
      return (u, v) => 0.5 + 0.5 * sineOfTurns(Math.sqrt((u - cx) ** 2 + (v - cy) ** 2));
    }
    case "spots": {
      const grid = jitteredGrid(random);
      return (u, v) => 2.2 - 5 * Math.sqrt(nearestTwo(grid, u, v).first);
    }
    case "cells": {
      const grid = jitteredGrid(random);
      return (u, v) => (mixed(nearestTwo(grid, u, v).cell) & 127) / 127;
    }
    case "cracks": {
      const grid = jitteredGrid(random);
      return (u, v) => {
        const { first, second } = nearestTwo(grid, u, v);
        return (Math.sqrt(second) - Math.sqrt(first)) * 3.2;
      };
    }
    case "blobs": {
      const field = waves(random, Math.PI);
      return (u, v) => 0.5 + 6 * (field(u, v) - 0.5);
    }
  }
}

/** Sums eight plane waves of about one turn per unit, whose directions spread by `spread` about the u axis. */
function waves(random: FormulaRandom, spread: number): Level {
  const count = 8;
  const terms = new Float32Array(count * 3);
  for (let term = 0; term < count; term++) {
    const angle = random.range(-spread, spread);
    const frequency = random.range(0.8, 1.2);
    terms[term * 3] = Math.cos(angle) * frequency;
    terms[term * 3 + 1] = Math.sin(angle) * frequency;
    terms[term * 3 + 2] = random.uniform();
  }
  return (u, v) => {
    let sum = 0;
    for (let at = 0; at < terms.length; at += 3) sum += sineOfTurns(u * terms[at]! + v * terms[at + 1]! + terms[at + 2]!);
    return 0.5 + 0.16 * sum;
  };
}

const gridSide = 64;
const gridBuffer = new Float32Array(gridSide * gridSide * 2);

/** Draws one point in each unit cell of a 64 × 64 torus (the coordinates of a pattern stay within it or wrap). */
function jitteredGrid(random: FormulaRandom): Float32Array {
  const seed = random.bits();
  for (let at = 0; at < gridBuffer.length; at++) gridBuffer[at] = 0.1 + (0.8 * (mixed(at ^ seed) & 1023)) / 1024;
  return gridBuffer;
}

interface Nearest {
  first: number;
  second: number;
  cell: number;
}
const nearest: Nearest = { first: 0, second: 0, cell: 0 };

/** Finds the squared distances to the two nearest grid points and the nearest one's cell; the result is reused by the next call. */
function nearestTwo(grid: Float32Array, u: number, v: number): Nearest {
  const column = Math.floor(u);
  const row = Math.floor(v);
  let [first, second, cell] = [Infinity, Infinity, 0];
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const at = (((row + dy) & (gridSide - 1)) * gridSide + ((column + dx) & (gridSide - 1))) * 2;
      const px = column + dx + grid[at]! - u;
      const py = row + dy + grid[at + 1]! - v;
      const square = px * px + py * py;
      if (square < first) {
        second = first;
        first = square;
        cell = at;
      } else if (square < second) second = square;
    }
  }
  nearest.first = first;
  nearest.second = second;
  nearest.cell = cell;
  return nearest;
}
