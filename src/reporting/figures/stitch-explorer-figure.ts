/**
 * @file Which stitch for a budget, as a figure with a slider: it works in a notebook without scripts and without trust.
 */
import type { ExploredGroup, ExploredStitch } from "../report-page/stitch-means.js";
import { TYPE, WIDTH_PX, type Figure, type PlotlyObject } from "./figure.js";
import { FONT_FAMILY } from "./font.js";
import { anchorLabel, flopsText, flopsTick, INK, logTicks, OKABE_ITO } from "./style.js";
import { plotlyText } from "./wrap.js";

/** What a budget may be of. */
export type BudgetQuantity = "flops" | "params";

/** How to draw the explorer. */
export interface StitchExplorerOptions {
  /** What the budget limits; multiply–accumulates of an image by default. */
  readonly quantity?: BudgetQuantity;
  /** Where the slider stands at first; the middle of the range by default. */
  readonly budget?: number;
}

/** Places of the slider, evenly spread on a logarithmic scale. */
const BUDGETS = 25;

const quantities = {
  flops: { axis: "FLOPs of an image", text: (value: number) => flopsText(value) },
  params: { axis: "Parameters", text: (value: number) => `${flopsTick(value)} parameters` },
} as const;

/** What a budget buys, told in three lines. */
export interface StitchChoice {
  readonly chosen: ExploredStitch;
  readonly lines: readonly string[];
}

/**
 * Chooses without a look at test images: the best on validation where every stitch has it, otherwise the most important, otherwise the
 * dearest that the budget allows.
 */
export function chooseStitch(group: ExploredGroup, quantity: BudgetQuantity, budget: number): StitchChoice | undefined {
  const { stitches } = group;
  const [merit, told] = stitches.every(({ val }) => val !== null) ? (["val", "the best on validation"] as const)
    : stitches.every(({ importance }) => importance !== null) ? (["importance", "the most important"] as const)
    : ([quantity, "the dearest"] as const);
  const affordable = stitches.filter((stitch) => stitch[quantity] <= budget);
  const chosen = affordable.reduce<ExploredStitch | undefined>((best, stitch) => (best === undefined || stitch[merit]! > best[merit]! ? stitch : best), undefined);
  if (chosen === undefined) return undefined;
  const spread = chosen.spread === null ? "one seed, no spread" : `± ${(100 * chosen.spread).toFixed(1)}, ${chosen.seeds} seeds`;
  return {
    chosen,
    lines: [
      `${(100 * chosen.top1).toFixed(1)} % test top-1 (${spread})`,
      `${nameOf(chosen)}: ${flopsText(chosen.flops)}, ${flopsTick(chosen.params)} parameters; ${told} of ${affordable.length} within the budget`,
      ...(group.task === null ? [] : [`node dist/cli.js export --weights out/weights/task=${group.task}_method=${group.method}_seed=${group.seed}.safetensors --stitch ${chosen.id} --out stitch-${chosen.id}.safetensors`]),
    ],
  };
}

/** `stitch 15, Ti block 4 to S block 4`: blocks from 0, as in the rows. */
function nameOf({ id, front, end, blocks }: ExploredStitch): string {
  return blocks === null ? `anchor ${anchorLabel(front)}` : `stitch ${id}, ${anchorLabel(front)} block ${blocks[0]} to ${anchorLabel(end)} block ${blocks[1]}`;
}

/** Draws the stitches of a method on a task, and a slider over budgets that marks what each buys. @param group - with at least one stitch. */
export function stitchExplorerFigure(group: ExploredGroup, { quantity = "flops", budget }: StitchExplorerOptions = {}): Figure {
  const costs = group.stitches.map((stitch) => stitch[quantity]);
  const [low, high] = [Math.min(...costs), Math.max(...costs)];
  const budgets = Array.from({ length: BUDGETS }, (_, place) => (place === BUDGETS - 1 ? high : Math.ceil(low * (high / low) ** (place / (BUDGETS - 1)))));
  const wanted = budget ?? budgets[Math.floor(BUDGETS / 2)]!;
  const active = Math.max(0, budgets.findLastIndex((one) => one <= wanted));
  const states = budgets.map((one) => stateAt(group, quantity, one));
  const width = WIDTH_PX.double;
  const margin = { l: 44, r: 12, t: 46, b: 96 };
  const ticks = logTicks(low / 1.1, high * 1.1, width - margin.l - margin.r, () => 22);
  const axis = { showline: true, mirror: true, linecolor: INK.frame, linewidth: 0.8, gridcolor: INK.grid, zeroline: false, ticks: "outside", ticklen: 3, tickcolor: INK.frame, tickfont: { size: TYPE.tick }, fixedrange: true };
  const tops = group.stitches.map(({ top1 }) => 100 * top1);
  const room = Math.max(2, 0.08 * (Math.max(...tops) - Math.min(...tops)));
  return {
    data: states[active]!.traces,
    layout: {
      width, height: 330, margin, showlegend: false, hovermode: "closest", paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", font: { family: FONT_FAMILY, size: TYPE.axis, color: INK.text }, hoverlabel: { align: "left" },
      xaxis: { ...axis, type: "log", range: [Math.log10(low / 1.1), Math.log10(high * 1.1)], title: { text: quantities[quantity].axis, standoff: 4, font: { size: TYPE.axis } }, tickvals: ticks, ticktext: ticks.map(flopsTick) },
      yaxis: { ...axis, range: [Math.min(...tops) - room, Math.max(...tops) + room], title: { text: "Test top-1 (%)", standoff: 4, font: { size: TYPE.axis } } },
      ...states[active]!.layout,
      sliders: [{
        active, x: 0, len: 1, y: 0, yanchor: "top", pad: { t: 44, b: 0, l: 0, r: 0 }, ticklen: 3, minorticklen: 0, font: { size: 1, color: "#ffffff" },
        currentvalue: { prefix: "Budget: ", xanchor: "left", offset: 4, font: { size: TYPE.axis, color: INK.text } },
        steps: budgets.map((one, place) => ({
          label: quantities[quantity].text(one), method: "update",
          args: [restyled(states[place]!.traces), states[place]!.layout],
        })),
      }],
    },
  };
}

interface ExplorerState {
  readonly traces: readonly PlotlyObject[];
  readonly layout: PlotlyObject;
}

function stateAt(group: ExploredGroup, quantity: BudgetQuantity, budget: number): ExplorerState {
  const choice = chooseStitch(group, quantity, budget);
  const within = group.stitches.filter((stitch) => stitch[quantity] <= budget);
  const beyond = group.stitches.filter((stitch) => stitch[quantity] > budget);
  const chosen = choice === undefined ? [] : [choice.chosen];
  const marks = (stitches: readonly ExploredStitch[], marker: PlotlyObject): PlotlyObject => ({
    type: "scatter", mode: "markers", x: stitches.map((stitch) => stitch[quantity]), y: stitches.map(({ top1 }) => 100 * top1),
    text: stitches.map((stitch) => `${nameOf(stitch)}<br>${flopsText(stitch.flops)}, ${(100 * stitch.top1).toFixed(1)} %`), hovertemplate: "%{text}<extra></extra>", marker,
  });
  return {
    traces: [
      marks(beyond, { color: INK.note, size: 5, symbol: "circle-open", opacity: 0.7 }),
      marks(within, { color: OKABE_ITO.blue, size: 5, opacity: 0.6 }),
      { ...marks(chosen, { color: OKABE_ITO.vermillion, size: 10, symbol: "diamond" }), error_y: { type: "data", array: chosen.map(({ spread }) => 100 * (spread ?? 0)), color: OKABE_ITO.vermillion, thickness: 1, width: 0 } },
    ],
    layout: {
      annotations: [{
        text: (choice?.lines ?? []).map((line, index) => (index === 0 ? `<b>${plotlyText(line)}</b>` : plotlyText(line))).join("<br>"),
        xref: "paper", yref: "paper", x: 0, xanchor: "left", y: 1, yanchor: "bottom", align: "left", showarrow: false, borderpad: 3, font: { size: TYPE.note, color: INK.text },
      }],
      shapes: [{ type: "line", yref: "paper", y0: 0, y1: 1, x0: budget, x1: budget, line: { color: OKABE_ITO.vermillion, width: 1, dash: "dot" } }],
    },
  };
}

/** What changes in the traces from budget to budget, in the form of plotly's update: one value for each trace. */
function restyled(traces: readonly PlotlyObject[]): PlotlyObject {
  const all = (key: string): unknown[] => traces.map((trace) => trace[key] ?? null);
  return { x: all("x"), y: all("y"), text: all("text"), "error_y.array": traces.map((trace) => (trace["error_y"] as { array?: unknown } | undefined)?.array ?? null) };
}
