/**
 * @file Accuracy against the learning rate, method by method.
 */
import { overSeeds, rateCells } from "../rate-table.js";
import type { StitchRow } from "../record.js";
import { groupBy } from "../seed-means.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure, type FigurePanel } from "./panels-figure.js";
import { methodStyles } from "./style.js";

/** One panel a task, and one for their mean where there are several; one line a method. */
export function rateFigure(rows: readonly StitchRow[], { note, width }: DrawingOptions): Figure {
  const cells = rateCells(rows);
  const styles = methodStyles([...new Set(cells.map(({ method }) => method))].sort());
  const rates = [...new Set(cells.map(({ rate }) => rate))];
  const x = { label: "Learning rate", log: true, range: [Math.min(...rates) / 1.5, Math.max(...rates) * 1.5] as const, ticks: rates.map((rate) => [rate, String(rate)] as const) };
  const tasks = [...new Set(cells.map(({ task }) => task))];
  const panel = (title: string, some: typeof cells, ofTasks: number): FigurePanel => ({
    title, x, y: { label: "Top-1, mean of stitches (%)" },
    traces: styles.map((style) => lineTrace(style, [...groupBy(some.filter(({ method }) => method === style.id), ({ rate }) => rate)].flatMap(([rate, ofRate]) => {
      const found = overSeeds(ofRate, ofTasks, ({ top1 }) => 100 * top1);
      return found === null ? [] : [{ x: rate, y: found.mean, spread: found.spread, text: `${style.label}, rate ${rate}: ${found.mean.toFixed(1)} %` }];
    }))),
  });
  const panels = [...tasks.map((task) => panel(task, cells.filter((cell) => cell.task === task), 1)), ...(tasks.length > 1 ? [panel(`Mean of ${tasks.length} tasks`, cells, tasks.length)] : [])];
  return panelsFigure(panels, { note, key: styles, ...(width === "single" ? { width } : { columns: Math.min(2, panels.length) }), shape: panels.length === 1 ? 0.4 : 0.7 });
}
