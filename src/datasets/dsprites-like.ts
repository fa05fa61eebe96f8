/**
 * @file The tasks `dsprites-like-location` and `dsprites-like-orientation`: where a sprite is, and how it is turned.
 *
 * Rendered by the kit with the factors of dSprites (3 shapes, 6 scales, 40 orientations over a full turn, 32×32 positions) and VTAB's
 * label definitions. The pictures are ours, so no number here compares with the benchmark's.
 */
import { createRng, type RandomStream } from "../rng.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { drawSprite, spriteShapes } from "./sprite.js";
import type { TaskRecipe } from "./task-recipe.js";

const SCALES = 6;
const ORIENTATIONS = 40;
const POSITIONS = 32;
const CLASSES = 16;
const COUNTS = { train: 800, val: 200, test: 2000 } as const;

/** One combination of factors; each is counted from 0. */
export interface SpriteFactors {
  readonly shape: number;
  readonly scale: number;
  readonly orientation: number;
  readonly x: number;
  readonly y: number;
}

/** Class of the horizontal position: 32 positions, two to a class. Source: VTAB's dSprites location task. */
export function locationLabel({ x }: SpriteFactors): number {
  return Math.floor((x * CLASSES) / POSITIONS);
}

/** Class of the orientation: 40 angles in 16 classes, k → ⌊k / 2.5⌋. Source: VTAB's dSprites orientation task. */
export function orientationLabel({ orientation }: SpriteFactors): number {
  return Math.floor((orientation * CLASSES) / ORIENTATIONS);
}

/** Which horizontal sixteenth of its range the sprite's centre is in; shape, scale, orientation and height vary freely. */
export const dspritesLocation: TaskRecipe = spriteTask(
  "dsprites-like-location",
  "Horizontal position of the sprite's centre in 16 equal parts of its range (left to right); shape, scale, orientation and height are nuisances.",
  Array.from({ length: CLASSES }, (_, k) => `x ${k + 1}/16`),
  locationLabel,
  0.068,
);

/**
 * Which sixteenth of a turn the sprite was turned by; shape, scale and position vary freely.
 *
 * The label is the factor that made the picture, as in dSprites. A square comes back to itself after a quarter turn and an ellipse
 * after a half; the 40 angles, both ends of the turn included, meet such a twin up to 2.3° and 4.6°, which is all that tells them apart.
 */
export const dspritesOrientation: TaskRecipe = spriteTask(
  "dsprites-like-orientation",
  "Orientation of the sprite in 16 equal parts of a full turn; squares and ellipses are all but ambiguous by their symmetry, as in dSprites.",
  Array.from({ length: CLASSES }, (_, k) => `${k * 22.5}–${(k + 1) * 22.5}°`),
  orientationLabel,
  0.084,
);

function spriteTask(name: string, label: string, classNames: readonly string[], labelOf: (factors: SpriteFactors) => number, chance: number): TaskRecipe {
  return {
    card: {
      name,
      group: "structured",
      classes: CLASSES,
      classNames,
      source: "rendered by the kit",
      licence: "MIT (the kit's own)",
      label,
      counts: COUNTS,
      chance,
    },
    version: 1,
    sources: [],
    make: async (imageSize) => renderSplits(name, labelOf, imageSize),
  };
}

/** Draws distinct combinations of factors, so that no test picture is a training picture. */
function renderSplits(name: string, labelOf: (factors: SpriteFactors) => number, imageSize: number): TaskSplits {
  const stream = createRng(0).stream(name);
  const drawn = new Set<string>();
  const split = (count: number): ImageSplit => {
    const chosen = Array.from({ length: count }, () => drawNew(stream, drawn));
    return makeSplit(chosen.map((factors) => drawFactors(factors, imageSize)), chosen.map(labelOf));
  };
  return { train: split(COUNTS.train), val: split(COUNTS.val), test: split(COUNTS.test) };
}

/** Draws a combination whose picture was not drawn yet; the first and last orientation, a full turn apart, count as one. */
function drawNew(stream: RandomStream, drawn: Set<string>): SpriteFactors {
  for (;;) {
    const shape = stream.integer(spriteShapes.length);
    const scale = stream.integer(SCALES);
    const orientation = stream.integer(ORIENTATIONS);
    const x = stream.integer(POSITIONS);
    const y = stream.integer(POSITIONS);
    const picture = [shape, scale, orientation % (ORIENTATIONS - 1), x, y].join();
    if (drawn.has(picture)) continue;
    drawn.add(picture);
    return { shape, scale, orientation, x, y };
  }
}

/** Renders a combination: scale 0.5 … 1, a full turn with both ends included, centres within the middle half of the picture. */
export function drawFactors({ shape, scale, orientation, x, y }: SpriteFactors, imageSize: number): Uint8Array {
  return drawSprite(
    {
      shape: spriteShapes[shape]!,
      scale: 0.5 + (0.5 * scale) / (SCALES - 1),
      orientation: (2 * Math.PI * orientation) / (ORIENTATIONS - 1),
      x: 0.25 + (0.5 * x) / (POSITIONS - 1),
      y: 0.25 + (0.5 * y) / (POSITIONS - 1),
    },
    imageSize,
  );
}
