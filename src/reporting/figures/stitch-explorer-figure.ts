/**
 * @file Which stitch for a budget, as a figure with a slider: it works in a notebook without scripts and without trust.
 */
import { exploredMeasures, type ExploredGroup, type ExploredStitch } from "../report-page/stitch-means.js";
import { TYPE, WIDTH_PX, type Figure, type PlotlyObject } from "./figure.js";
import { FONT_FAMILY } from "./font.js";
import { anchorLabel, flopsText, flopsTick, INK, logTicks, OKABE_ITO } from "./style.js";
import { plotlyText } from "./wrap.js";

/** What a budget may be of. */
export type BudgetQuantity = "flops" | "params";

/** How to draw the explorer. */
export interface StitchExplorerOptions {
  /** What the budget limits; multiply–accumulates of an image or token by default. */
  readonly quantity?: BudgetQuantity;
  /** Where the slider stands at first; the middle of the range by default. */
  readonly budget?: number;
}

/** Places of the slider, evenly spread on a logarithmic scale. */
const BUDGETS = 25;

const quantities = {
  flops: { axis: (of: string) => `FLOPs of ${of}`, text: (value: number) => flopsText(value) },
  params: { axis: () => "Parameters", text: (value: number) => `${flopsTick(value)} parameters` },
} as const;

/** What a budget buys, told in three lines. */
export interface StitchChoice {
  readonly chosen: ExploredStitch;
  readonly lines: readonly string[];
}

/**
 * Chooses without a look at test data: the best on validation where every stitch has it, otherwise the most important, otherwise the
 * dearest that the budget allows.
 */
export function chooseStitch(group: ExploredGroup, quantity: BudgetQuantity, budget: number): StitchChoice | undefined {
  const { stitches, measure } = group;
  const [merit, told, sign] = stitches.every(({ val }) => val !== null) ? (["val", "the best on validation", exploredMeasures[measure].sign] as const)
    : stitches.every(({ importance }) => importance !== null) ? (["importance", "the most important", 1] as const)
    : ([quantity, "the dearest", 1] as const);
  const affordable = stitches.filter((stitch) => stitch[quantity] <= budget);
  const chosen = affordable.reduce<ExploredStitch | undefined>((best, stitch) => (best === undefined || sign * stitch[merit]! > sign * best[merit]! ? stitch : best), undefined);
  if (chosen === undefined) return undefined;
  const spread = chosen.spread === null ? "one seed, no spread" : `± ${shown(group, chosen.spread).toFixed(1)}, ${chosen.seeds} seeds`;
  return {
    chosen,
    lines: [
      `${qualityText(group, chosen)} ${exploredMeasures[measure].text} (${spread})`,
      `${nameOf(chosen)}: ${flopsText(chosen.flops)}, ${flopsTick(chosen.params)} parameters; ${told} of ${affordable.length} within the budget`,
      ...commandOf(group, chosen),
    ],
  };
}

/** The command that uses the stitch, once `esta adapt --out out` has trained the family; the mean of tasks has no weights of its own. */
function commandOf({ measure, task, method, seed }: ExploredGroup, { id }: ExploredStitch): string[] {
  if (measure === "perplexity") return [`node dist/cli.js chat --weights out/weights.safetensors --stitch ${id}`];
  return task === null ? [] : [`node dist/cli.js export --weights out/weights/task=${task}_method=${method}_seed=${seed}.safetensors --stitch ${id} --out stitch-${id}.safetensors`];
}

/** A value of the group's measure as it is shown: a fraction in percent. */
function shown({ measure }: ExploredGroup, value: number): number {
  return exploredMeasures[measure].format === "percent" ? 100 * value : value;
}

function qualityText(group: ExploredGroup, { test }: ExploredStitch): string {
  return `${shown(group, test).toFixed(1)}${exploredMeasures[group.measure].format === "percent" ? " %" : ""}`;
}

/** `stitch 15, Ti block 4 to S block 4`: blocks from 0, as in the rows. */
function nameOf({ id, front, end, blocks }: ExploredStitch): string {
  return blocks === null ? `anchor ${anchorLabel(front)}` : `stitch ${id}, ${anchorLabel(front)} block ${blocks[0]} to ${anchorLabel(end)} block ${blocks[1]}`;
}

/** Draws the stitches of a method on a task, and a slider over budgets that marks what each buys and veils what it does not. @param group - with at least one stitch. */
export function stitchExplorerFigure(group: ExploredGroup, { quantity = "flops", budget }: StitchExplorerOptions = {}): Figure {
  const costs = group.stitches.map((stitch) => stitch[quantity]);
  const [low, high] = [Math.min(...costs), Math.max(...costs)];
  const budgets = Array.from({ length: BUDGETS }, (_, place) => (place === BUDGETS - 1 ? high : Math.ceil(low * (high / low) ** (place / (BUDGETS - 1)))));
  const wanted = budget ?? budgets[Math.floor(BUDGETS / 2)]!;
  const active = Math.max(0, budgets.findLastIndex((one) => one <= wanted));
  const measure = exploredMeasures[group.measure];
  const marks = (stitches: readonly ExploredStitch[], marker: PlotlyObject): PlotlyObject => ({
    type: "scatter", mode: "markers", x: stitches.map((stitch) => stitch[quantity]), y: stitches.map(({ test }) => shown(group, test)),
    text: stitches.map((stitch) => `${nameOf(stitch)}<br>${flopsText(stitch.flops)}, ${qualityText(group, stitch)}`), hovertemplate: "%{text}<extra></extra>", marker,
  });
  const states = budgets.map((one) => {
    const choice = chooseStitch(group, quantity, one);
    const chosen = choice === undefined ? [] : [choice.chosen];
    const trace = marks(chosen, { color: OKABE_ITO.vermillion, size: 10, symbol: "diamond" });
    return { trace, error: chosen.map(({ spread }) => shown(group, spread ?? 0)), layout: stateLayout(one, high * 1.1, choice?.lines ?? []) };
  });
  const { trace, error, layout } = states[active]!;
  const width = WIDTH_PX.double;
  const margin = { l: 44, r: 12, t: 46, b: 96 };
  const ticks = logTicks(low / 1.1, high * 1.1, width - margin.l - margin.r, () => 22);
  const axis = { showline: true, mirror: true, linecolor: INK.frame, linewidth: 0.8, gridcolor: INK.grid, zeroline: false, ticks: "outside", ticklen: 3, tickcolor: INK.frame, tickfont: { size: TYPE.tick }, fixedrange: true };
  const values = group.stitches.map(({ test }) => shown(group, test));
  const room = Math.max(0.02 * Math.max(...values), 0.08 * (Math.max(...values) - Math.min(...values)));
  return {
    data: [
      marks(group.stitches, { color: OKABE_ITO.blue, size: 5, opacity: 0.6 }),
      { ...trace, error_y: { type: "data", array: error, color: OKABE_ITO.vermillion, thickness: 1, width: 0 } },
    ],
    layout: {
      width, height: 330, margin, showlegend: false, hovermode: "closest", paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", font: { family: FONT_FAMILY, size: TYPE.axis, color: INK.text }, hoverlabel: { align: "left" },
      xaxis: { ...axis, type: "log", range: [Math.log10(low / 1.1), Math.log10(high * 1.1)], title: { text: quantities[quantity].axis(measure.of), standoff: 4, font: { size: TYPE.axis } }, tickvals: ticks, ticktext: ticks.map(flopsTick) },
      yaxis: { ...axis, range: [Math.min(...values) - room, Math.max(...values) + room], title: { text: measure.axis, standoff: 4, font: { size: TYPE.axis } } },
      ...layout,
      sliders: [{
        active, x: 0, len: 1, y: 0, yanchor: "top", pad: { t: 44, b: 0, l: 0, r: 0 }, ticklen: 3, minorticklen: 0, font: { size: 1, color: "#ffffff" },
        currentvalue: { prefix: "Budget: ", xanchor: "left", offset: 4, font: { size: TYPE.axis, color: INK.text } },
        // In the form of plotly's update: what changes in the second trace, what changes in the layout.
        steps: states.map((state, place) => ({
          label: quantities[quantity].text(budgets[place]!), method: "update",
          args: [{ ...Object.fromEntries(["x", "y", "text"].map((key) => [key, [state.trace[key]]])), "error_y.array": [state.error] }, state.layout, [1]],
        })),
      }],
    },
  };
}

/** What is told above the picture, and the veil over what the budget does not buy. */
function stateLayout(budget: number, end: number, lines: readonly string[]): PlotlyObject {
  return {
    annotations: [{
      text: lines.map((line, index) => (index === 0 ? `<b>${plotlyText(line)}</b>` : plotlyText(line))).join("<br>"),
      xref: "paper", yref: "paper", x: 0, xanchor: "left", y: 1, yanchor: "bottom", align: "left", showarrow: false, borderpad: 3, font: { size: TYPE.note, color: INK.text },
    }],
    shapes: [
      { type: "rect", yref: "paper", y0: 0, y1: 1, x0: budget, x1: end, fillcolor: "#ffffff", opacity: 0.7, line: { width: 0 }, layer: "above" },
      { type: "line", yref: "paper", y0: 0, y1: 1, x0: budget, x1: budget, line: { color: OKABE_ITO.vermillion, width: 1, dash: "dot" } },
    ],
  };
}
