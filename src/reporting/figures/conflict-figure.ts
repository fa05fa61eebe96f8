/**
 * @file The interference figure: angles between stitches' updates, as a histogram, along the training and by distance, and how alike their features are by distance.
 */
import { conflictMean, scopeLabels, type PairRow } from "../conflict.js";
import { groupBy } from "../seed-means.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure } from "./panels-figure.js";
import { methodStyles } from "./style.js";

/** Degrees of a histogram's bar. */
const BAR = 10;

/** Four panels: histogram, along the training, by distance, and CKA by distance. */
export function conflictFigure(rows: readonly PairRow[], { note, width = "double" }: DrawingOptions): Figure {
  const styles = methodStyles([...new Set(rows.map(({ scope }) => scope))], scopeLabels);
  const last = rows.filter(({ step, steps }) => step === steps);
  const angle = ({ degreesLora }: PairRow): number | null => degreesLora;
  const of = (some: readonly PairRow[], scope: string): PairRow[] => some.filter((row) => row.scope === scope);
  const means = (some: readonly PairRow[], keyOf: (row: PairRow) => number, measure = angle): { x: number; y: number; spread: number | null }[] =>
    [...groupBy(some, keyOf)].sort(([a], [b]) => a - b).flatMap(([x, ofKey]) => {
      const value = conflictMean(ofKey, measure);
      return value === null ? [] : [{ x, y: value.mean, spread: value.spread }];
    });
  const byDistance = (measure: typeof angle) => styles.map((style) => lineTrace(style, means(of(last, style.id).filter(({ distance }) => distance !== null), ({ distance }) => distance!, measure)));
  const apart = { label: "Blocks apart (front and end added)" };
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
      { title: "By distance in the stitch space", x: apart, y: { label: "Mean angle (°)" }, traces: byDistance(angle) },
      { title: "Features, by distance", x: apart, y: { label: "CKA of last blocks' tokens", range: [0, 1.05] }, traces: byDistance(({ cka }) => cka) },
    ],
    {
      note: `${note}. Angles between two stitches' gradients on the low-rank updates that both touch; above 90° they work against each other. Distance and CKA: at the end of the training. Two stitches of different pairs of anchors have no distance: the panels by distance leave them out.`,
      key: styles, width, columns: width === "single" ? 1 : 2, shape: 0.6,
    },
  );
}

function histogram(rows: readonly PairRow[]): { x: number; y: number }[] {
  const angles = rows.map(({ degreesLora }) => degreesLora).filter((value) => value !== null);
  return Array.from({ length: 180 / BAR }, (_, bar) => ({
    x: (bar + 0.5) * BAR, y: (100 * angles.filter((value) => Math.min(180 / BAR - 1, Math.floor(value / BAR)) === bar).length) / Math.max(1, angles.length),
  }));
}
