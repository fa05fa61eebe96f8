/**
 * @file Do scores predict accuracy: correlation along the training, regret at its end, and every stitch's score against its accuracy.
 */
import { costBins, scoreLines, type ScoreMeasures, type ScoreRow } from "../score-validity.js";
import { groupBy, meanSpread } from "../seed-means.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure, pointsTrace } from "./panels-figure.js";
import { flopsText, INK, methodStyles } from "./style.js";

/** Score whose stitches the third panel shows. */
const SHOWN = "trainable";

/** Three panels; one line a variant. */
export function validityFigure(rows: readonly ScoreRow[], { note, width = "double" }: DrawingOptions): Figure {
  const lines = scoreLines(rows);
  const variants = [...new Set(lines.map(({ variant }) => variant))];
  const styles = methodStyles(variants);
  const along = (variant: string, key: keyof ScoreMeasures) => [...groupBy(lines.filter((line) => line.variant === variant), ({ share }) => share)].flatMap(([share, ofShare]) => {
    const value = meanSpread(ofShare.map(({ measures }) => measures[key]).filter((one) => one !== null));
    return value === null ? [] : [{ share, ...value }];
  });
  const end = styles.map((style) => ({ style, regret: along(style.id, "regret").find(({ share }) => share === 1) }));
  const names = variants.map((variant, index) => [index, variant] as const);
  return panelsFigure(
    [
      {
        title: "Correlation inside bins",
        x: { label: "Training done (%)", range: [0, 106] },
        y: { label: "Spearman's ρ", range: [-1, 1] },
        traces: styles.map((style) => lineTrace(style, along(style.id, "spearmanInBins").map(({ share, mean, spread }) => ({ x: 100 * share, y: mean, spread, text: `${style.label}, ${Math.round(100 * share)} %: ρ ${mean.toFixed(2)}` })))),
      },
      {
        title: "Regret at the end",
        x: { label: "", range: [-0.6, variants.length - 0.4], ticks: names.map(([index]) => [index, ""] as const) },
        y: { label: "Points of accuracy lost" },
        traces: end.flatMap(({ style, regret }, index) => (regret === undefined ? [] : [lineTrace({ ...style, dash: "solid" }, [{ x: index, y: 100 * regret.mean, spread: regret.spread === null ? null : 100 * regret.spread, text: `${style.label}: ${(100 * regret.mean).toFixed(1)} points` }])])),
      },
      {
        title: `Stitches, by ${SHOWN}`,
        x: { label: "Score, standardised in its bin" },
        y: { label: "Accuracy − bin's mean (points)" },
        traces: [pointsTrace({ id: "stitches", label: "stitch", color: styles.find(({ id }) => id === SHOWN)?.color ?? INK.note, symbol: "circle", dash: "solid" }, standardised(rows), 0.4)],
      },
    ],
    { note: `${note}. Bins: stitches of like cost.`, key: styles, width },
  );
}

/** Every stitch at the end of the training: score and accuracy against those of its bin. */
function standardised(rows: readonly ScoreRow[]): { x: number; y: number; text: string }[] {
  const last = rows.filter(({ variant, step, steps }) => variant === SHOWN && step === steps);
  return [...groupBy(last, ({ task, seed }) => `${task}\n${seed}`).values()].flatMap((ofRun) => costBins(ofRun, ofRun[0]!.bins).flatMap((bin) => {
    const scores = meanSpread(bin.map(({ score }) => score))!;
    const mean = bin.reduce((sum, { top1 }) => sum + top1, 0) / bin.length;
    return bin.map(({ score, top1, stitchId, flops, task }) => ({
      x: (score - scores.mean) / ((scores.spread ?? 0) + 1e-12), y: 100 * (top1 - mean), text: `${task}, stitch ${stitchId}, ${flopsText(flops)}: ${(100 * top1).toFixed(1)} %`,
    }));
  }));
}
