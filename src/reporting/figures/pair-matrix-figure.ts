/**
 * @file Every pair of stitches as a square: the angle between their updates and how alike their features are, for each scope of biases.
 */
import type { PairRow } from "../conflict.js";
import { groupBy, meanSpread } from "../seed-means.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { WIDTH_PX } from "./figure.js";
import { panelsFigure, type FigurePanel } from "./panels-figure.js";
import { INK } from "./style.js";

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
    range: (values) => {
      const reach = Math.min(90, 10 * Math.ceil(Math.max(10, ...values.map((value) => Math.abs(value - 90))) / 10));
      return [90 - reach, 90 + reach];
    },
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
  const panels = measures.flatMap((measure) => {
    const means = scopes.map((scope) => pairMeans(last.filter((row) => row.scope === scope), measure));
    const range = measure.range(means.flatMap((ofScope) => [...ofScope.values()]));
    return scopes.map((scope, index) => matrixPanel(means[index]!, measure, range, `${measure.title}, ${scopeNames[scope] ?? scope}`, ids, panelWidth));
  });
  return panelsFigure(panels, { note: `${note}. At the end of the training; blue: updates agree, orange: they work against each other, grey: the stitch itself, or no low-rank update in common.`, width, columns, shape: 1, right: RIGHT });
}

/** Means over tasks and seeds by pair, the lower stitch first. */
function pairMeans(rows: readonly PairRow[], measure: Measure): Map<string, number> {
  return new Map([...groupBy(rows, ({ first, second }) => `${first} ${second}`)].flatMap(([pair, ofPair]) => {
    const mean = meanSpread(ofPair.map(measure.of).filter((value) => value !== null));
    return mean === null ? [] : [[pair, mean.mean] as const];
  }));
}

function matrixPanel(values: ReadonlyMap<string, number>, measure: Measure, [low, high]: readonly [number, number], title: string, ids: readonly number[], panelWidth: number): FigurePanel {
  // Squares, not a heat map: plotly paints those on a canvas, which a figure drawn without a browser has not.
  const cells = ids.flatMap((a, x) => ids.map((b, y) => ({ x, y, value: values.get(`${Math.min(a, b)} ${Math.max(a, b)}`), names: `stitches ${a} and ${b}` })));
  const squares = cells.flatMap(({ value, names, ...place }) => (value === undefined ? [] : [{ ...place, value, text: `${names}: ${measure.text(value)}` }]));
  const empty = cells.filter(({ value }) => value === undefined);
  const every = Math.ceil(ids.length / 6);
  const axis = { range: [-0.5, ids.length - 0.5] as const, ticks: ids.flatMap((id, place) => (place % every === 0 ? [[place, String(id)] as const] : [])) };
  // A little over the cells' size: no seam shows the grid.
  const square = { symbol: "square", size: panelWidth / Math.max(1, ids.length) + 0.6, line: { width: 0 }, opacity: 1 };
  const at = (some: readonly { readonly x: number; readonly y: number }[]) => ({ type: "scatter", mode: "markers", x: some.map(({ x }) => x), y: some.map(({ y }) => y) });
  return { title, x: { label: "Stitch", ...axis }, y: { label: "Stitch", ...axis }, traces: [
    { ...at(empty), hoverinfo: "skip", marker: { ...square, color: INK.guide } },
    { ...at(squares), text: squares.map(({ text }) => text), hovertemplate: "%{text}<extra></extra>", marker: { ...square, color: squares.map(({ value }) => value), colorscale: measure.colors, cmin: low, cmax: high } },
  ] };
}
