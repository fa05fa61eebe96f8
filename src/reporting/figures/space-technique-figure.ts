/**
 * @file Accuracy of a stitch space against what is trained: one mark a technique.
 */
import type { StitchRow } from "../record.js";
import { overSeeds, spaceTechniques } from "../space-technique-table.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure } from "./panels-figure.js";
import { logTicks, methodStyles } from "./style.js";

/** More techniques than colours: a mark of its own tells those apart that share one. */
const SYMBOLS = ["circle", "diamond", "triangle-down", "pentagon", "hexagon", "star", "cross", "square", "triangle-up"] as const;

/** One panel a group of tasks and one for all of them (that one alone where there is one group). */
export function spaceTechniqueFigure(rows: readonly StitchRow[], { note, width = "double", labels = {} }: DrawingOptions): Figure {
  const cells = spaceTechniques(rows);
  const styles = methodStyles(cells.map(({ technique }) => technique), labels).map((style, index) => ({ ...style, symbol: SYMBOLS[index % SYMBOLS.length]! }));
  const groups = Object.keys(cells[0]?.top1 ?? {});
  const shown = groups.length > 2 ? groups : ["all"];
  const params = cells.map(({ trainableParams }) => trainableParams);
  const range = [Math.min(...params) / 1.3, Math.max(...params) * 1.3] as const;
  const ticks = logTicks(...range, shown.length === 1 ? 300 : 150, () => 26).map((tick) => [tick, tick >= 1e6 ? `${tick / 1e6}M` : tick >= 1e3 ? `${tick / 1e3}k` : String(tick)] as const);
  return panelsFigure(
    shown.map((group) => ({
      title: group === "all" ? "All tasks" : group,
      x: { label: "Trained parameters", log: true, range, ticks },
      y: { label: "Top-1, mean of stitches (%)" },
      traces: cells.flatMap(({ technique, top1, trainableParams }, index) => {
        const found = overSeeds(top1[group]!);
        if (found === null) return [];
        const style = styles[index]!;
        return [lineTrace(style, [{ x: trainableParams, y: 100 * found.mean, spread: found.spread === null ? null : 100 * found.spread, text: `${style.label} (${technique}): ${(100 * found.mean).toFixed(1)} %<br>${Math.round(trainableParams)} trained` }])];
      }),
    })),
    { note, key: styles, marksOnly: true, width, columns: width === "single" ? 1 : 2, ...(shown.length === 1 && width === "double" ? { shape: 0.42 } : {}) },
  );
}
