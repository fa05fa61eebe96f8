/**
 * @file Accuracy, what is trained and the memory of it, against the rank of the updates.
 */
import { rankCells } from "../rank-table.js";
import type { StitchRow } from "../record.js";
import { groupBy, meanSpread } from "../seed-means.js";
import { trainedMebibytes } from "../trained-memory.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure, type FigurePanel } from "./panels-figure.js";
import { methodStyles } from "./style.js";

/** One panel a group of tasks, one for the trained parameters and one for their memory; one line a scale of the family. */
export function rankFigure(rows: readonly StitchRow[], { note, width }: DrawingOptions): Figure {
  const cells = rankCells(rows);
  const styles = methodStyles([...new Set(cells.map(({ scale }) => scale))]);
  const ranks = [...new Set(cells.map(({ rank }) => rank))];
  const x = { label: "Rank", log: true, range: [Math.min(...ranks) / 1.3, Math.max(...ranks) * 1.3] as const, ticks: ranks.map((rank) => [rank, String(rank)] as const) };
  const all = [...new Set(cells.map(({ group }) => group))];
  // With one group its panel would be that of all tasks again.
  const groups = all.length > 2 ? all : ["all"];
  const panels: FigurePanel[] = groups.map((group) => ({
    title: group === "all" ? "All tasks" : group,
    x,
    y: { label: "Top-1, mean of stitches (%)" },
    traces: styles.map((style) => {
      const points = [...groupBy(cells.filter((cell) => cell.scale === style.id && cell.group === group), ({ rank }) => rank)];
      return lineTrace(style, points.map(([rank, ofRank]) => {
        const { mean, spread } = meanSpread(ofRank.map(({ top1 }) => 100 * top1))!;
        return { x: rank, y: mean, spread, text: `${style.label}, rank ${rank}: ${mean.toFixed(1)} %` };
      }));
    }),
  }));
  const trained = (title: string, unit: string, value: (parameters: number) => number): FigurePanel => ({
    title,
    x,
    y: { label: unit, range: [0, 1.08 * Math.max(...cells.map(({ trainableParams }) => value(trainableParams)))] },
    traces: styles.map((style) => lineTrace(style, [...groupBy(cells.filter(({ scale }) => scale === style.id), ({ rank }) => rank)].map(([rank, ofRank]) => ({ x: rank, y: value(ofRank[0]!.trainableParams), text: `${style.label}, rank ${rank}: ${ofRank[0]!.trainableParams} parameters` })))),
  });
  return panelsFigure(
    [...panels, trained("Trained parameters", "Parameters (thousands)", (parameters) => parameters / 1000), trained("Memory of what is trained", "MiB", trainedMebibytes)],
    { note: `${note}. Memory: what is trained, its gradients and AdamW's two averages, float32.`, key: styles, ...(width === undefined ? {} : { width }) },
  );
}
