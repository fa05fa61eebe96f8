/**
 * @file What every kind of formula-driven class offers, and how an object is placed in its image.
 */
import { upstreamImageSize, type Canvas } from "./formula-canvas.js";
import type { FormulaRandom } from "./formula-random.js";

/** The auxiliary labels of one image, −1 where they mean nothing (our choice, a pretext task beside the class). */
export interface PoseLabels {
  /** Cell of a 4 × 4 grid, row by row, that holds the object's centre. */
  readonly location: number;
  /** Which sixteenth of a turn, counted from the class's own upright pose. */
  readonly orientation: number;
}

/** One class: a name for people and a painter that draws one image of it. */
export interface FormulaClass {
  readonly name: string;
  paint(canvas: Canvas, random: FormulaRandom): PoseLabels;
}

/** Labels of an image without a placed object. */
export const noPose: PoseLabels = { location: -1, orientation: -1 };

/** Where an object sits: centre and radius in pixels, angle in radians. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly angle: number;
}

/** Bounds of a placement: radius in pixels; `freedom` is the share of images turned freely, the others lean by up to 0.3 radians. */
export interface PlacementBounds {
  readonly smallest: number;
  readonly largest: number;
  readonly freedom: number;
}

/** Draws a placement; small objects roam the whole image, large ones stay nearer to the middle. */
export function placeObject(random: FormulaRandom, { smallest, largest, freedom }: PlacementBounds): Placement {
  const radius = random.range(smallest, largest);
  const margin = Math.min(upstreamImageSize / 2, Math.max(2, radius * 0.75));
  const x = random.range(margin, upstreamImageSize - margin);
  const y = random.range(margin, upstreamImageSize - margin);
  const angle = random.chance(freedom) ? random.range(0, 2 * Math.PI) : random.range(-0.3, 0.3);
  return { x, y, radius, angle };
}

/** Returns the labels of a placement; orientation is −1 where the object looks the same after some turn. */
export function poseOf({ x, y, angle }: Placement, oriented: boolean): PoseLabels {
  const cell = upstreamImageSize / 4;
  const column = Math.min(3, Math.max(0, Math.floor(x / cell)));
  const row = Math.min(3, Math.max(0, Math.floor(y / cell)));
  const turns = angle / (2 * Math.PI) + 1 / 32;
  return { location: row * 4 + column, orientation: oriented ? Math.floor((turns - Math.floor(turns)) * 16) & 15 : -1 };
}
