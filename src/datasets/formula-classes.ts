/**
 * @file The list of formula-driven classes and the images of each: a function of (seed, class, index) alone.
 *
 * None of the downstream tasks is contained: no squares, ellipses, hearts, digits, emoji, photographs or maps are drawn. What is
 * shared with the location and orientation tasks is the question (where is the object, how is it turned), asked of other objects
 * as auxiliary labels; that is pretext supervision by intent, and model cards say so.
 */
import { UsageError, wholeNumberProblem } from "../checks.js";
import { createRng } from "../rng.js";
import { createCanvas, finishImage } from "./formula-canvas.js";
import type { FormulaClass, PoseLabels } from "./formula-class.js";
import { makeContourClass } from "./formula-contours.js";
import { makeFractalClass } from "./formula-fractals.js";
import { makeGlyphClass } from "./formula-glyphs.js";
import { makeIconClass } from "./formula-icons.js";
import { FormulaRandom } from "./formula-random.js";
import { makeShapeClass } from "./formula-shapes.js";
import { makeTextureClass } from "./formula-textures.js";

/** The kinds of classes, in the order of their class numbers, and the share of each. */
export const formulaKinds = [
  { kind: "fractal", share: 0.18 },
  { kind: "shape", share: 0.25 },
  { kind: "texture", share: 0.19 },
  { kind: "contour", share: 0.1 },
  { kind: "glyph", share: 0.16 },
  { kind: "icon", share: 0.12 },
] as const;

/** One of the kinds. */
export type FormulaKind = (typeof formulaKinds)[number]["kind"];

/** Most classes that can be asked for: beyond it shapes would repeat. */
export const formulaClassLimit = 1024;

/** Formula-driven classes of one seed. */
export interface FormulaClasses {
  readonly count: number;
  readonly names: readonly string[];
  /** The kind of each class. */
  readonly kinds: readonly FormulaKind[];
  /** Draws image `index` (0 to 2³² − 1) of a class into 32·32·3 bytes of `target` from `offset` on. */
  paint(classNumber: number, index: number, target: Uint8Array, offset: number): PoseLabels;
}

/**
 * Makes the classes of a seed.
 *
 * @param count - how many, from 6 to 1024; divided over the kinds by their shares.
 * @throws {UsageError} when the count is out of range.
 */
export function createFormulaClasses(seed: number, count: number): FormulaClasses {
  const problems = wholeNumberProblem("formula classes", "count", count, formulaKinds.length, formulaClassLimit, "every kind once, no shape twice");
  if (problems.length > 0) throw new UsageError(problems);
  const key = Math.floor(createRng(seed).stream("upstream/formula").uniform() * 4294967296);
  const classes: FormulaClass[] = [];
  const kinds: FormulaKind[] = [];
  let shares = 0;
  for (const { kind, share } of formulaKinds) {
    shares += share;
    const end = Math.round(shares * count);
    for (let number = 0; classes.length < end; number++) {
      classes.push(makeClass(kind, number, new FormulaRandom(key, classKinds.indexOf(kind) * 4096 + number, 0xc1a55)));
      kinds.push(kind);
    }
  }
  const canvas = createCanvas();
  return {
    count,
    names: classes.map(({ name }) => name),
    kinds,
    paint(classNumber, index, target, offset) {
      const chosen = classes[classNumber];
      if (chosen === undefined) throw new RangeError(`formula class ${classNumber} of ${count}`);
      const random = new FormulaRandom(key ^ 0x5bd1e995, classNumber, index);
      const pose = chosen.paint(canvas, random);
      finishImage(canvas, random, target, offset);
      return pose;
    },
  };
}

const classKinds: readonly FormulaKind[] = formulaKinds.map(({ kind }) => kind);

function makeClass(kind: FormulaKind, number: number, random: FormulaRandom): FormulaClass {
  switch (kind) {
    case "fractal":
      return makeFractalClass(number, random);
    case "shape":
      return makeShapeClass(number);
    case "texture":
      return makeTextureClass(number);
    case "contour":
      return makeContourClass(number, random);
    case "glyph":
      return makeGlyphClass(number, random);
    case "icon":
      return makeIconClass(number, random);
  }
}
