/**
 * @file The interference figure: angles between stitches' updates, by distance and along the training, and how alike their features are.
 */
import { conflictMean, scopeLabels, type PairRow } from "../conflict.js";
import { groupBy } from "../seed-means.js";
import type { Figure } from "./figure.js";
import { lineTrace, panelsFigure, type FigurePanel } from "./panels-figure.js";
import { methodStyles } from "./style.js";

/** Degrees of a histogram's bar. */
const BAR = 10;

/** Four panels: histogram, along the training, by distance, CKA of every pair. */
export function conflictFigure(rows: readonly PairRow[], note: string): Figure {
  const styles = methodStyles([...new Set(rows.map(({ scope }) => scope))], scopeLabels);
  const last = rows.filter(({ step, steps }) => step === steps);
  const angle = ({ degreesLora }: PairRow): number | null => degreesLora;
  const of = (some: readonly PairRow[], scope: string): PairRow[] => some.filter((row) => row.scope === scope);
  const means = (some: readonly PairRow[], keyOf: (row: PairRow) => number): { x: number; y: number; spread: number | null }[] =>
    [...groupBy(some, keyOf)].sort(([a], [b]) => a - b).flatMap(([x, ofKey]) => {
      const value = conflictMean(ofKey, angle);
      return value === null ? [] : [{ x, y: value.mean, spread: value.spread }];
    });
  return panelsFigure(
    [
      {
        title: "Angles at the end of the training", x: { label: "Angle (°)", range: [0, 180], ticks: [0, 45, 90, 135, 180].map((tick) => [tick, String(tick)] as const) }, y: { label: "Share of pairs (%)" },
        traces: styles.map((style) => ({ ...lineTrace(style, histogram(of(last, style.id))), mode: "lines", line: { color: style.color, width: 1.6, dash: style.dash, shape: "hvh" } })),
      },
      {
        title: "Along the training", x: { label: "Training done (%)", range: [-4, 106] }, y: { label: "Mean angle (°)" },
        traces: styles.map((style) => lineTrace(style, means(of(rows, style.id), ({ step, steps }) => Math.round((100 * step) / steps)))),
      },
      {
        title: "By distance in the stitch space", x: { label: "Blocks apart (front and end added)" }, y: { label: "Mean angle (°)" },
        traces: styles.map((style) => lineTrace(style, means(of(last, style.id).filter(({ distance }) => distance !== null), ({ distance }) => distance!))),
      },
      ckaPanel(last),
    ],
    { note: `${note}. Angles between two stitches' gradients on the low-rank updates that both touch; above 90° they work against each other.`, key: styles, columns: 2, shape: 0.62 },
  );
}

function histogram(rows: readonly PairRow[]): { x: number; y: number }[] {
  const angles = rows.map(({ degreesLora }) => degreesLora).filter((value) => value !== null);
  return Array.from({ length: 180 / BAR }, (_, bar) => ({
    x: (bar + 0.5) * BAR, y: (100 * angles.filter((value) => Math.min(180 / BAR - 1, Math.floor(value / BAR)) === bar).length) / Math.max(1, angles.length),
  }));
}

/** CKA of every pair under PST, mean over tasks and seeds: stitches in the order of their ids. */
function ckaPanel(rows: readonly PairRow[]): FigurePanel {
  const shown = rows.filter(({ scope, cka }) => scope === "all" && cka !== null);
  const ids = [...new Set(shown.flatMap(({ first, second }) => [first, second]))].sort((a, b) => a - b);
  const cells = groupBy(shown, ({ first, second }) => `${first} ${second}`);
  const value = (a: number, b: number): number | null => {
    if (a === b) return 1;
    const pairs = cells.get(`${Math.min(a, b)} ${Math.max(a, b)}`);
    return pairs === undefined ? null : pairs.reduce((sum, { cka }) => sum + cka!, 0) / pairs.length;
  };
  // Squares, not a heat map: plotly paints those on a canvas, which a figure drawn without a browser has not.
  const squares = ids.flatMap((a, x) => ids.map((b, y) => ({ x, y, a, b, cka: value(a, b) }))).filter(({ cka }) => cka !== null);
  const low = Math.floor(10 * Math.min(1, ...squares.map(({ cka }) => cka!))) / 10;
  const edge = { range: [-0.5, ids.length - 0.5] as const, ticks: ids.flatMap((id, place) => (place % Math.ceil(ids.length / 8) === 0 ? [[place, String(id)] as const] : [])) };
  return {
    title: "CKA of features, own biases", x: { label: "Stitch", ...edge }, y: { label: "Stitch", ...edge },
    traces: [{
      type: "scatter", mode: "markers", x: squares.map(({ x }) => x), y: squares.map(({ y }) => y), text: squares.map(({ a, b, cka }) => `stitches ${a} and ${b}: ${cka!.toFixed(2)}`), hovertemplate: "%{text}<extra></extra>",
      marker: {
        symbol: "square", size: 150 / Math.max(1, ids.length), color: squares.map(({ cka }) => cka), colorscale: "Viridis", reversescale: true, cmin: low, cmax: 1, line: { width: 0 },
        showscale: true, colorbar: { thickness: 8, len: 0.4, y: 0.2, x: 1, xpad: 2, tickfont: { size: 9 }, outlinewidth: 0, nticks: 4 },
      },
    }],
  };
}
