/**
 * @file How the inside of an object is painted: twelve fills, read by shapes and closed curves.
 */
import { blend, sineOfTurns, type Colour } from "./formula-canvas.js";
import type { FormulaRandom } from "./formula-random.js";

/** The fills a class may have. */
export const fills = ["solid", "outline", "stripes", "halves", "bordered", "dots", "gradient", "rings", "checker", "core", "speckle", "mesh"] as const;

/** One of the fills. */
export type Fill = (typeof fills)[number];

/** What stays the same over one object: its colours, its radius in pixels, the line's half width and the pattern's wave length in pixels. */
export interface FillStyle {
  readonly fill: Fill;
  readonly main: Colour;
  readonly second: Colour;
  readonly radius: number;
  readonly halfLine: number;
  readonly wave: number;
}

/**
 * Paints one pixel of an object.
 *
 * @param distance - pixels to the edge, negative inside.
 * @param u - pixels from the centre along the object's own x axis.
 * @param v - the same along its y axis.
 */
export function paintFill(rgb: Float32Array, index: number, style: FillStyle, distance: number, u: number, v: number, random: FormulaRandom): void {
  const edge = style.fill === "outline" ? Math.abs(distance) - style.halfLine : distance;
  if (edge >= 0.5) return;
  const coverage = edge <= -0.5 ? 1 : 0.5 - edge;
  const share = secondShare(style, distance, u, v, random);
  if (share <= 0) blend(rgb, index, style.main, coverage);
  else if (share >= 1) blend(rgb, index, style.second, coverage);
  else {
    const { main, second } = style;
    const mix: Colour = [main[0] + (second[0] - main[0]) * share, main[1] + (second[1] - main[1]) * share, main[2] + (second[2] - main[2]) * share];
    blend(rgb, index, mix, coverage);
  }
}

function secondShare(style: FillStyle, distance: number, u: number, v: number, random: FormulaRandom): number {
  switch (style.fill) {
    case "solid":
    case "outline":
      return 0;
    case "stripes":
      return sharp(sineOfTurns(u / style.wave));
    case "checker":
      return sharp(3 * sineOfTurns(u / style.wave / 1.5) * sineOfTurns(v / style.wave / 1.5));
    case "dots":
      return sharp(sineOfTurns(u / style.wave) + sineOfTurns(v / style.wave) - 0.6);
    case "gradient":
      return 0.5 + (0.5 * v) / style.radius;
    case "halves":
      return 0.5 + u;
    case "bordered":
      return distance + 2 * style.halfLine + 0.5;
    case "rings":
      return sharp(sineOfTurns(distance / style.wave + 0.25));
    case "core":
      return 0.5 + 0.42 * style.radius - Math.sqrt(u * u + v * v);
    case "speckle":
      return random.uniform() < 0.35 ? 1 : 0;
    case "mesh":
      return sharp(Math.max(sineOfTurns(u / style.wave), sineOfTurns(v / style.wave)) - 0.55);
  }
}

function sharp(value: number): number {
  return 0.5 + 1.6 * value;
}
