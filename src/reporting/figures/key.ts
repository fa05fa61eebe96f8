/**
 * @file The key above a figure's panels: plotly's own legend (a click hides a method in the interactive figure), and its height
 * in advance, so that the panels begin below it.
 */
import { TYPE } from "./figure.js";
import type { PlotlyObject } from "./figure.js";
import { textWidth } from "./wrap.js";

/** Width of the symbol of an entry. Plotly allows no less. */
const SYMBOL_WIDTH = 30;
/** Space that plotly leaves around entries, and the height of a line of them for texts of up to 16 px. */
const GAP = 5;
const LINE_HEIGHT = 19;

/**
 * Height of the key when its entries flow in lines.
 *
 * @param width - what a line may take: plotly wraps a horizontal legend at the width of the plot, margins not counted.
 */
export function keyHeight(names: readonly string[], width: number): number {
  let lines = 1;
  let used = 0;
  for (const name of names) {
    const needed = SYMBOL_WIDTH + 3 * GAP + textWidth(name, TYPE.tick);
    if (used > 0 && used + needed > width) {
      lines++;
      used = 0;
    }
    used += needed;
  }
  return names.length === 0 ? 0 : lines * LINE_HEIGHT + 2 * GAP;
}

/** Plotly's legend, its upper left corner at (x, y) in fractions of the whole figure. */
export function keyLayout(x: number, y: number): PlotlyObject {
  return {
    orientation: "h", xref: "container", yref: "container", x, y, xanchor: "left", yanchor: "top", entrywidth: 0, itemwidth: SYMBOL_WIDTH,
    traceorder: "grouped", font: { size: TYPE.tick }, itemsizing: "trace", bgcolor: "rgba(0,0,0,0)", borderwidth: 0, tracegroupgap: 0,
    groupclick: "togglegroup",
  };
}
