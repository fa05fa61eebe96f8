/**
 * @file Every pair of stitches as a square: the angle between their updates and how alike their features are, for each scope of biases.
 */
import type { PairRow } from "../conflict.js";
import { groupBy, meanSpread } from "../seed-means.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { WIDTH_PX } from "./figure.js";
import { panelsFigure, type FigurePanel } from "./panels-figure.js";

/** What a matrix shows. */
interface Measure {
  readonly title: string;
  readonly of: (row: PairRow) => number | null;
  readonly text: (value: number) => string;
  /** Colours from the lowest to the highest value. */
  readonly colors: readonly (readonly [place: number, color: string])[];
  /** Values of the first and the last colour. */
  readonly range: (values: readonly number[]) => readonly [number, number];
}

const measures: readonly Measure[] = [
  {
    title: "Angle in °", of: ({ degreesLora }) => degreesLora, text: (value) => `${value.toFixed(0)}°`,
    // White at a right angle: blue agrees, orange works against.
    colors: [[0, "#08519c"], [0.25, "#6baed6"], [0.5, "#ffffff"], [0.75, "#f4a261"], [1, "#b04a00"]],
    range: () => [0, 180],
  },
  {
    title: "CKA", of: ({ cka }) => cka, text: (value) => value.toFixed(2),
    colors: [[0, "#fde725"], [0.25, "#5ec962"], [0.5, "#21918c"], [0.75, "#3b528b"], [1, "#440154"]],
    range: (values) => [Math.floor(10 * Math.min(0.9, ...values)) / 10, 1],
  },
];

/** Short names of the scopes. */
const scopeNames: Readonly<Record<string, string>> = { all: "own biases", shared: "shared biases", none: "no biases" };

/** Pixels right of the panels, for the colours' scale. */
const RIGHT = 44;

/** At the end of the training, means over tasks and seeds: one row a measure, one column a scope; all below each other in one column of a page. */
export function pairMatrixFigure(rows: readonly PairRow[], { note, width = "double" }: DrawingOptions): Figure {
  const last = rows.filter(({ step, steps }) => step === steps);
  const scopes = [...new Set(last.map(({ scope }) => scope))];
  const ids = [...new Set(last.flatMap(({ first, second }) => [first, second]))].sort((a, b) => a - b);
  const columns = width === "single" ? 1 : Math.max(1, scopes.length);
  const panelWidth = (WIDTH_PX[width] - 48 - RIGHT - 54 * (columns - 1)) / columns;
  const panels = measures.flatMap((measure) => scopes.map((scope) => matrixPanel(last.filter((row) => row.scope === scope), measure, `${measure.title}, ${scopeNames[scope] ?? scope}`, ids, panelWidth)));
  return panelsFigure(panels, { note: `${note}. At the end of the training; blue: updates agree, orange: they work against each other, empty: the two stitches share no low-rank update.`, width, columns, shape: 1, right: RIGHT });
}

function matrixPanel(rows: readonly PairRow[], measure: Measure, title: string, ids: readonly number[], panelWidth: number): FigurePanel {
  const values = new Map([...groupBy(rows, ({ first, second }) => `${first} ${second}`)].flatMap(([pair, ofPair]) => {
    const mean = meanSpread(ofPair.map(measure.of).filter((value) => value !== null));
    return mean === null ? [] : [[pair, mean.mean] as const];
  }));
  // Squares, not a heat map: plotly paints those on a canvas, which a figure drawn without a browser has not.
  const squares = ids.flatMap((a, x) => ids.flatMap((b, y) => {
    const value = a === b ? undefined : values.get(`${Math.min(a, b)} ${Math.max(a, b)}`);
    return value === undefined ? [] : [{ x, y, value, text: `stitches ${a} and ${b}: ${measure.text(value)}` }];
  }));
  const every = Math.ceil(ids.length / 6);
  const axis = { range: [-0.5, ids.length - 0.5] as const, ticks: ids.flatMap((id, place) => (place % every === 0 ? [[place, String(id)] as const] : [])) };
  const [low, high] = measure.range([...values.values()]);
  return { title, x: { label: "Stitch", ...axis }, y: { label: "Stitch", ...axis }, traces: [{
    type: "scatter", mode: "markers", x: squares.map(({ x }) => x), y: squares.map(({ y }) => y), text: squares.map(({ text }) => text), hovertemplate: "%{text}<extra></extra>",
    marker: { symbol: "square", size: panelWidth / Math.max(1, ids.length), color: squares.map(({ value }) => value), colorscale: measure.colors, cmin: low, cmax: high, line: { width: 0 } },
  }] };
}
