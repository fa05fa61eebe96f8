/**
 * @file Do scores predict accuracy: correlation and regret along the training, and every stitch's score against its accuracy.
 */
import { costBins, PAPER_SCORE, scoreLabels, scoreLines, validityOf, type ScoreMeasures, type ScoreRow } from "../score-validity.js";
import { average, groupBy, meanSpread } from "../seed-means.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure, pointsTrace, type FigurePanel } from "./panels-figure.js";
import { flopsText, INK, methodStyles, type MethodStyle } from "./style.js";

/** What a choice without any score is expected to lose. */
const uniform: MethodStyle = { id: "uniform", label: "A uniform choice, expected", color: INK.note, symbol: "square", dash: "dot" };

/** Four panels: one line a score in the first two; in the others the stitches by the paper's score and by that of the highest correlation at the end. */
export function validityFigure(rows: readonly ScoreRow[], { note, width = "double" }: DrawingOptions): Figure {
  const lines = scoreLines(rows);
  const styles = methodStyles([...new Set(lines.map(({ variant }) => variant))], scoreLabels);
  const shares = [...new Set(lines.map(({ share }) => share))].sort((a, b) => a - b);
  const along = (style: MethodStyle, variant: string, key: keyof ScoreMeasures, scale: number, unit: string) => lineTrace(style, shares.flatMap((share) => {
    const value = validityOf(lines, variant, key, share);
    return value === null ? [] : [{ x: 100 * share, y: scale * value.mean, spread: value.spread === null ? null : scale * value.spread, text: `${style.label}, ${Math.round(100 * share)} %: ${(scale * value.mean).toFixed(scale === 1 ? 2 : 1)}${unit}` }];
  }));
  const scored = styles.filter(({ id }) => id !== "random");
  const rho = ({ id }: MethodStyle): number => validityOf(lines, id, "spearmanInBins")?.mean ?? -Infinity;
  const best = scored.reduce((highest, style) => (rho(style) > rho(highest) ? style : highest));
  const time = { label: "Training done (%)", range: [0, 106] as const };
  const clouds = scored.filter((style) => style.id === PAPER_SCORE || style === best).map((style) => ({ style, points: standardised(rows, style.id) }));
  const reach = Math.ceil(1.05 * Math.max(1, ...clouds.flatMap(({ points }) => points.map(({ y }) => Math.abs(y)))));
  const panels: FigurePanel[] = [
    { title: "Correlation inside bins", x: time, y: { label: "Spearman's ρ", range: [-1, 1] }, traces: styles.map((style) => along(style, style.id, "spearmanInBins", 1, "")) },
    {
      title: "Regret of each bin's best-scored stitch", x: time, y: { label: "Points of accuracy lost", range: [0, 1.1 * Math.max(1, ...lines.map(({ measures }) => 100 * (measures.regret ?? 0)))] },
      // Of random numbers, the exact expectation.
      traces: [...scored.map((style) => along(style, style.id, "regret", 100, " points")), along(uniform, PAPER_SCORE, "uniformRegret", 100, " points")],
    },
    ...clouds.map(({ style, points }): FigurePanel => ({
      title: `${style.label}: stitches at the end`, x: { label: "Score, standardised in its bin" }, y: { label: "Accuracy − bin's mean (points)", range: [-reach, reach] }, traces: [pointsTrace({ ...style, symbol: "circle" }, points, 0.4)],
    })),
  ];
  return panelsFigure(panels, { note: `${note}. Bins: stitches of like cost. Regret: against the best test accuracy of each bin.`, key: [...styles, uniform], width, columns: width === "single" ? 1 : 2, shape: 0.6 });
}

/** Every stitch at the end of the training: score and accuracy against those of its bin. */
function standardised(rows: readonly ScoreRow[], shown: string): { x: number; y: number; text: string }[] {
  const last = rows.filter(({ variant, step, steps }) => variant === shown && step === steps);
  return [...groupBy(last, ({ task, seed }) => `${task}\n${seed}`).values()].flatMap((ofRun) => costBins(ofRun, ofRun[0]!.bins).flatMap((bin) => {
    const scores = meanSpread(bin.map(({ score }) => score))!;
    const mean = average(bin.map(({ top1 }) => top1));
    return bin.map(({ score, top1, stitchId, flops, task }) => ({
      x: (score - scores.mean) / ((scores.spread ?? 0) + 1e-12), y: 100 * (top1 - mean), text: `${task}, stitch ${stitchId}, ${flopsText(flops)}: ${(100 * top1).toFixed(1)} %`,
    }));
  }));
}
