/**
 * @file Accuracy against what is trained: one line a technique, through the anchors from small to large.
 */
import type { StitchRow } from "../record.js";
import { techniqueCells } from "../technique-table.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure } from "./panels-figure.js";
import { logTicks, methodStyles } from "./style.js";

/** One panel a group of tasks and one for all of them (that one alone where there is one group). */
export function techniqueFigure(rows: readonly StitchRow[], { note, width = "double", labels = {} }: DrawingOptions): Figure {
  const cells = techniqueCells(rows);
  const styles = methodStyles([...new Set(cells.map(({ technique }) => technique))], labels);
  const groups = Object.keys(cells[0]?.top1 ?? {});
  const shown = groups.length > 2 ? groups : ["all"];
  const params = cells.map(({ trainableParams }) => trainableParams);
  const range = [Math.min(...params) / 1.3, Math.max(...params) * 1.3] as const;
  const ticks = logTicks(...range, shown.length === 1 ? 300 : 150, () => 26).map((tick) => [tick, tick >= 1e6 ? `${tick / 1e6}M` : tick >= 1e3 ? `${tick / 1e3}k` : String(tick)] as const);
  return panelsFigure(
    shown.map((group) => ({
      title: group === "all" ? "All tasks" : group,
      x: { label: "Trained parameters", log: true, range, ticks },
      y: { label: "Top-1 accuracy (%)" },
      traces: styles.map((style) => lineTrace(style, cells.filter(({ technique }) => technique === style.id).map(({ anchor, trainableParams, top1 }) => {
        const { mean, spread } = top1[group] ?? { mean: Number.NaN, spread: null };
        return { x: trainableParams, y: 100 * mean, spread: spread === null ? null : 100 * spread, text: `${style.label}, ${anchor}: ${(100 * mean).toFixed(1)} %<br>${Math.round(trainableParams)} trained` };
      }))),
    })),
    { note: `${note}. Each line joins the anchors from small to large.`, key: styles, width, columns: width === "single" ? 1 : 2, ...(shown.length === 1 && width === "double" ? { shape: 0.42 } : {}) },
  );
}
