/**
 * @file Panels side by side, each with its own axes: the common frame of the figures that are not Pareto frontiers.
 */
import { TYPE, WIDTH_PX } from "./figure.js";
import type { Figure, FigureWidth, PlotlyObject } from "./figure.js";
import { FONT_FAMILY } from "./font.js";
import { keyHeight, keyLayout } from "./key.js";
import { INK, type MethodStyle } from "./style.js";
import { fitText, plotlyText, wrapText } from "./wrap.js";

/** One axis of a panel. */
export interface PanelAxis {
  readonly label: string;
  readonly log?: boolean;
  /** In the axis' own numbers, also where it is logarithmic. */
  readonly range?: readonly [number, number];
  /** Ticks and what they say; by default plotly's own. */
  readonly ticks?: readonly (readonly [value: number, text: string])[];
}

/** What one panel shows. */
export interface FigurePanel {
  readonly title: string;
  readonly x: PanelAxis;
  readonly y: PanelAxis;
  /** Traces without axes; those with a `legendgroup` are in the key once. */
  readonly traces: readonly PlotlyObject[];
}

/** How the panels stand. */
export interface PanelsOptions {
  readonly note?: string;
  readonly width?: FigureWidth;
  /** Panels in a row. Default: 3 for double width, 1 for single, fewer where there are fewer. */
  readonly columns?: number;
  /** Height of a panel over its width. Default 0.8. */
  readonly shape?: number;
  /** What the key shows; by default nothing. */
  readonly key?: readonly MethodStyle[];
  /** Whether the panels have marks alone: then the key shows no lines. */
  readonly marksOnly?: boolean;
  /** Pixels right of the panels. Default 12; more where the last panel of a row shows its colours' scale. */
  readonly right?: number;
}

/** Draws panels in rows, a key above and a note below them. */
export function panelsFigure(panels: readonly FigurePanel[], options: PanelsOptions = {}): Figure {
  const width = WIDTH_PX[options.width ?? "double"];
  const columns = Math.max(1, Math.min(panels.length, options.columns ?? (options.width === "single" ? 1 : 3)));
  const lines = Math.max(1, Math.ceil(panels.length / columns));
  const [left, right] = [48, options.right ?? 12];
  const gap = { x: 54, y: 62 };
  const panelWidth = (width - left - right - gap.x * (columns - 1)) / columns;
  const panelHeight = Math.round(panelWidth * (options.shape ?? 0.8));
  const key = options.key ?? [];
  const top = (key.length === 0 ? 4 : 4 + keyHeight(key.map(({ label }) => label), width - left - right)) + 20;
  const note = wrapText(options.note ?? "", width - 16, TYPE.note);
  const plotWidth = width - left - right;
  const plotHeight = lines * panelHeight + (lines - 1) * gap.y;
  const height = Math.ceil(top + plotHeight + 38 + (note.length === 0 ? 0 : 6 + note.length * 12.5));
  const place = (px: number, py: number): PlotlyObject => ({ xref: "paper", yref: "paper", x: px / plotWidth, y: 1 - py / plotHeight, showarrow: false, borderpad: 0 });
  const axes: Record<string, PlotlyObject> = {};
  const annotations: PlotlyObject[] = [];
  const data: PlotlyObject[] = [];
  panels.forEach(({ title, x, y, traces }, index) => {
    const suffix = index === 0 ? "" : String(index + 1);
    const x0 = (index % columns) * (panelWidth + gap.x);
    const y0 = Math.floor(index / columns) * (panelHeight + gap.y);
    axes[`xaxis${suffix}`] = { ...axisLook(x), anchor: `y${suffix}`, domain: [x0 / plotWidth, (x0 + panelWidth) / plotWidth] };
    axes[`yaxis${suffix}`] = { ...axisLook(y), anchor: `x${suffix}`, domain: [1 - (y0 + panelHeight) / plotHeight, 1 - y0 / plotHeight], showgrid: true, gridcolor: INK.grid };
    const isLastOfRow = index % columns === columns - 1;
    const scale = { x: 1 + 6 / plotWidth, xanchor: "left", xpad: 0, y: 1 - (y0 + panelHeight / 2) / plotHeight, ypad: 0, len: panelHeight / plotHeight, thickness: 9, outlinewidth: 0.5, outlinecolor: INK.frame, ticklen: 3, tickfont: { size: TYPE.tick }, nticks: 5 };
    data.push(...traces.map((trace) => ({ showlegend: false, ...trace, ...("colorscale" in ((trace["marker"] as PlotlyObject) ?? {}) ? { marker: { ...(trace["marker"] as PlotlyObject), showscale: isLastOfRow, colorbar: scale } } : {}), xaxis: `x${suffix}`, yaxis: `y${suffix}` })));
    const text = { font: { size: TYPE.axis, color: INK.text } };
    annotations.push(
      { ...place(x0, y0 - 5), text: `<b>${plotlyText(fitText(title, panelWidth + 20, TYPE.panel, true))}</b>`, xanchor: "left", yanchor: "bottom", font: { size: TYPE.panel, color: INK.text } },
      { ...place(x0 + panelWidth / 2, y0 + panelHeight + 33), ...text, text: plotlyText(x.label), xanchor: "center", yanchor: "bottom" },
      { ...place(x0 - 46, y0 + panelHeight / 2), ...text, text: plotlyText(y.label), textangle: -90, xanchor: "left", yanchor: "middle" },
    );
  });
  data.push(...key.map((style) => keyTrace(style, options.marksOnly === true ? "markers" : "lines+markers")));
  if (note.length > 0) {
    annotations.push({ ...place(8 - left, plotHeight + 40), text: note.map(plotlyText).join("<br>"), xanchor: "left", yanchor: "top", align: "left", font: { size: TYPE.note, color: INK.note } });
  }
  return {
    data,
    layout: {
      width, height, ...axes, annotations, legend: keyLayout(4 / width, 1 - 4 / height), hovermode: "closest", hoverlabel: { align: "left", font: { family: FONT_FAMILY, size: TYPE.tick } },
      margin: { l: left, r: right, t: top, b: height - top - plotHeight, pad: 0 }, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff",
      font: { family: FONT_FAMILY, size: TYPE.tick, color: INK.text },
    },
  };
}

/** A line through points, with its marks and, where given, bars of one deviation each way. */
export function lineTrace(style: MethodStyle, points: readonly { readonly x: number; readonly y: number; readonly spread?: number | null; readonly text?: string }[]): PlotlyObject {
  const spreads = points.map(({ spread }) => spread ?? 0);
  return {
    type: "scatter", mode: "lines+markers", legendgroup: style.id, name: style.label, x: points.map(({ x }) => x), y: points.map(({ y }) => y),
    line: { color: style.color, width: 1.6, dash: style.dash }, marker: { color: style.color, symbol: style.symbol, size: 6 },
    ...(spreads.some((spread) => spread > 0) ? { error_y: { type: "data", array: spreads, thickness: 1, width: 2.5, color: style.color } } : {}),
    ...hover(points),
  };
}

/** Points of one kind, light where there are many. */
export function pointsTrace(style: MethodStyle, points: readonly { readonly x: number; readonly y: number; readonly text?: string }[], opacity = 0.6): PlotlyObject {
  return {
    type: "scatter", mode: "markers", legendgroup: style.id, name: style.label, x: points.map(({ x }) => x), y: points.map(({ y }) => y),
    marker: { color: style.color, symbol: style.symbol, size: 5, opacity, line: { width: 0 } }, ...hover(points),
  };
}

function hover(points: readonly { readonly text?: string }[]): PlotlyObject {
  return points.some(({ text }) => text !== undefined) ? { text: points.map(({ text }) => plotlyText(text ?? "")), hovertemplate: "%{text}<extra></extra>" } : {};
}

/** An entry of the key: a trace without a point. */
function keyTrace(style: MethodStyle, mode: string): PlotlyObject {
  return {
    type: "scatter", mode, x: [null], y: [null], name: plotlyText(style.label), legendgroup: style.id, showlegend: true, hoverinfo: "skip",
    line: { color: style.color, width: 1.6, dash: style.dash }, marker: { color: style.color, symbol: style.symbol, size: 6 },
  };
}

function axisLook({ log = false, range, ticks }: PanelAxis): PlotlyObject {
  return {
    type: log ? "log" : undefined, showline: true, mirror: true, linecolor: INK.frame, linewidth: 0.8, ticks: "outside", ticklen: 3, tickwidth: 0.8, tickcolor: INK.frame,
    tickfont: { size: TYPE.tick }, showgrid: false, zeroline: false, automargin: false, nticks: 6,
    ...(range === undefined ? {} : { range: log ? range.map(Math.log10) : range }),
    ...(ticks === undefined ? {} : { tickvals: ticks.map(([value]) => value), ticktext: ticks.map(([, text]) => text) }),
  };
}
