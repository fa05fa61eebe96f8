/**
 * @file The same figure, larger: every length times one factor. Print sizes are small on a screen.
 */
import type { Figure } from "./figure.js";

/** Keys of plotly's schema whose numbers are lengths in pixels. */
const LENGTHS = new Set([
  "width", "height", "size", "l", "r", "t", "b", "pad", "ticklen", "tickwidth", "linewidth", "standoff", "itemwidth", "borderpad", "borderwidth", "thickness",
]);

/** Multiplies all lengths of a figure by `factor`; places in data or in fractions stay. */
export function enlargeFigure(figure: Figure, factor: number): Figure {
  const scaled = (value: unknown, key: string): unknown => {
    if (typeof value === "number") return LENGTHS.has(key) ? Math.round(value * factor * 100) / 100 : value;
    if (typeof value === "string") return value.replace(/font-size:([\d.]+)px/g, (_, size) => `font-size:${Math.round(Number(size) * factor * 100) / 100}px`);
    if (Array.isArray(value)) return value.map((one) => scaled(one, key));
    if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, scaled(one, name)]));
    return value;
  };
  return scaled(figure, "") as Figure;
}
