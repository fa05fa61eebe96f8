/**
 * @file Accuracy against the learning rate, method by method.
 */
import { rateCells } from "../rate-table.js";
import type { StitchRow } from "../record.js";
import { average, groupBy, meanSpread } from "../seed-means.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure, type FigurePanel } from "./panels-figure.js";
import { methodStyles } from "./style.js";

/** One panel a task, and one for their mean where there are several; one line a method. */
export function rateFigure(rows: readonly StitchRow[], { note, width }: DrawingOptions): Figure {
  const cells = rateCells(rows);
  const styles = methodStyles([...new Set(cells.map(({ method }) => method))].sort());
  const rates = cells.map(({ rate }) => rate);
  const x = { label: "Learning rate", log: true, range: [Math.min(...rates) / 1.5, Math.max(...rates) * 1.5] as const, ticks: [1e-4, 1e-3, 1e-2, 1e-1].map((rate) => [rate, String(rate)] as const) };
  const tasks = [...new Set(cells.map(({ task }) => task))];
  const panel = (title: string, some: typeof cells): FigurePanel => ({
    title, x, y: { label: "Top-1, mean of stitches (%)" },
    traces: styles.map((style) => lineTrace(style, [...groupBy(some.filter(({ method }) => method === style.id), ({ rate }) => rate)].flatMap(([rate, ofRate]) => {
      const seeds = [...groupBy(ofRate, ({ seed }) => seed).values()].filter((ofSeed) => ofSeed.length === new Set(some.map(({ task }) => task)).size);
      const found = meanSpread(seeds.map((ofSeed) => 100 * average(ofSeed.map(({ top1 }) => top1))));
      return found === null ? [] : [{ x: rate, y: found.mean, spread: found.spread, text: `${style.label}, rate ${rate}: ${found.mean.toFixed(1)} %` }];
    }))),
  });
  const panels = [...tasks.map((task) => panel(task, cells.filter((cell) => cell.task === task))), ...(tasks.length > 1 ? [panel(`Mean of ${tasks.length} tasks`, cells)] : [])];
  return panelsFigure(panels, { note, key: styles, ...(width === "single" ? { width } : { columns: Math.min(2, panels.length) }), shape: panels.length === 1 ? 0.4 : 0.7 });
}
