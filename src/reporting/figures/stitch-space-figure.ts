/**
 * @file The stitch space as a drawing: for each pair of anchors, which block of the front anchor may hand over to which block of
 * the end anchor, coloured by what the stitch costs.
 */
import { groupBy } from "../seed-means.js";
import { TYPE, WIDTH_PX } from "./figure.js";
import type { Figure, FigureWidth, PlotlyObject } from "./figure.js";
import { FONT_FAMILY } from "./font.js";
import { anchorLabel, flopsText, flopsTick, INK, logTicks } from "./style.js";
import { plotlyText, textWidth, wrapText } from "./wrap.js";

/** What the drawing needs of a stitch; a row of vtab-stitching is one. */
export interface DrawnStitch {
  readonly stitchId: number;
  readonly kind: "anchor" | "stitch";
  readonly front: string;
  readonly end: string;
  readonly frontBlock: number | null;
  readonly endBlock: number | null;
  readonly flops: number;
}

/** How to draw the stitch space. */
export interface StitchSpaceFigureOptions {
  /** A short title; none by default. */
  readonly title?: string;
  /** A line below the panels. */
  readonly note?: string;
  /** One or two columns of a journal page. Default single for up to two pairs. */
  readonly width?: FigureWidth;
  /** Value and label of the colour, where it is not the FLOPs: for instance the visits of each stitch. */
  readonly color?: { readonly label: string; readonly valueOf: (stitchId: number) => number | null };
}

/** Light to dark in lightness alone, so that it reads without colour too. Source: matplotlib's viridis, at nine even places. */
const VIRIDIS = ["#fde725", "#addc30", "#5ec962", "#28ae80", "#21918c", "#2c728e", "#3b528b", "#472d7b", "#440154"] as const;

/**
 * Draws the stitch space of a family: one panel per pair of anchors.
 *
 * @param stitches - the stitches of one family; the anchors' costs stand in the panel titles. Several rows of one stitch count once.
 */
export function stitchSpaceFigure(stitches: readonly DrawnStitch[], options: StitchSpaceFigureOptions = {}): Figure {
  const unique = [...new Map(stitches.map((stitch) => [stitch.stitchId, stitch])).values()];
  const routes = unique.filter(({ kind }) => kind === "stitch");
  const pairs = [...groupBy(routes, ({ front, end }) => `${front}\n${end}`).values()];
  const anchorFlops = new Map(unique.filter(({ kind }) => kind === "anchor").map(({ front, flops }) => [front, flops]));
  const width = WIDTH_PX[options.width ?? (pairs.length > 2 ? "double" : "single")];
  const columns = Math.max(1, Math.min(pairs.length, width > 400 ? 4 : 2));
  const lines = Math.max(1, Math.ceil(pairs.length / columns));
  const margin = { left: 40, right: 58, top: (options.title === undefined ? 6 : 28) + 18 };
  const gap = { x: 16, y: 44 };
  const plotWidth = width - margin.left - margin.right;
  const panelWidth = (plotWidth - gap.x * (columns - 1)) / columns;
  const depth = Math.max(2, ...routes.map(({ frontBlock, endBlock }) => 1 + Math.max(frontBlock ?? 0, endBlock ?? 0)));
  const cell = panelWidth / (depth + 0.6);
  const plotHeight = lines * panelWidth + (lines - 1) * gap.y;
  const noteLines = options.note === undefined ? [] : wrapText(options.note, width - 16, TYPE.note);
  const axisHeight = 33;
  const height = Math.ceil(margin.top + plotHeight + axisHeight + 6 + (noteLines.length > 0 ? 6 + noteLines.length * 12.5 : 0));
  const place = (px: number, py: number): PlotlyObject => ({
    xref: "paper", yref: "paper", x: (px - margin.left) / plotWidth, y: 1 - (py - margin.top) / plotHeight, showarrow: false, borderpad: 0,
  });
  const valueOf = options.color?.valueOf ?? ((stitchId: number) => Math.log10(unique.find((stitch) => stitch.stitchId === stitchId)?.flops ?? 1));
  const values = routes.map(({ stitchId }) => valueOf(stitchId)).filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const ticks = options.color === undefined && values.length > 0 ? logTicks(10 ** low, 10 ** high, panelWidth, () => 16) : [];
  const range = [-0.8, depth - 0.2];
  const blockTicks = Array.from({ length: depth }, (_, block) => block).filter((block) => block % Math.ceil(depth / 6) === 0);
  const axis = {
    range, tickvals: blockTicks, tickangle: 0, tickfont: { size: TYPE.tick }, showline: true, mirror: true, linecolor: INK.frame, linewidth: 0.8, ticks: "outside", ticklen: 3,
    tickwidth: 0.8, tickcolor: INK.frame, showgrid: false, zeroline: false, automargin: false, fixedrange: true,
  };
  const axes: Record<string, PlotlyObject> = {};
  const annotations: PlotlyObject[] = [];
  const data = pairs.map((pair, index): PlotlyObject => {
    const suffix = index === 0 ? "" : String(index + 1);
    const x0 = (index % columns) * (panelWidth + gap.x);
    const y0 = Math.floor(index / columns) * (panelWidth + gap.y);
    axes[`xaxis${suffix}`] = { ...axis, anchor: `y${suffix}`, domain: [x0 / plotWidth, Math.min(1, (x0 + panelWidth) / plotWidth)] };
    axes[`yaxis${suffix}`] = {
      ...axis, anchor: `x${suffix}`, domain: [Math.max(0, 1 - (y0 + panelWidth) / plotHeight), 1 - y0 / plotHeight], showticklabels: index % columns === 0,
    };
    const { front, end } = pair[0]!;
    annotations.push({
      ...place(margin.left + x0, margin.top + y0 - 5), text: panelTitle(front, end, anchorFlops), xanchor: "left", yanchor: "bottom",
      font: { size: TYPE.panel, color: INK.text },
    });
    return {
      type: "scatter", mode: "markers", xaxis: `x${suffix}`, yaxis: `y${suffix}`, showlegend: false,
      x: pair.map(({ endBlock }) => endBlock), y: pair.map(({ frontBlock }) => frontBlock),
      text: pair.map((stitch) => hoverText(stitch, options, anchorFlops)), hovertemplate: "%{text}<extra></extra>",
      marker: {
        symbol: "square", size: 0.86 * cell, color: pair.map(({ stitchId }) => valueOf(stitchId)), cmin: low, cmax: high,
        colorscale: VIRIDIS.map((color, place_) => [place_ / (VIRIDIS.length - 1), color]), line: { width: 0.5, color: INK.frame }, showscale: index === 0,
        colorbar: {
          thickness: 9, len: Math.min(1, panelWidth / plotHeight), y: 1, yanchor: "top", x: 1 + 8 / plotWidth, xanchor: "left", outlinewidth: 0.5, outlinecolor: INK.frame, xpad: 0, ypad: 0,
          ticklen: 3, tickwidth: 0.8, tickfont: { size: TYPE.tick },
          ...(options.color === undefined ? { tickvals: ticks.map(Math.log10), ticktext: ticks.map(flopsTick) } : { nticks: 5 }),
        },
      },
    };
  });
  const axisTitle = { font: { size: TYPE.axis, color: INK.text } };
  const colorLabel = options.color?.label ?? "FLOPs";
  annotations.push(
    { ...place(margin.left + plotWidth / 2, margin.top + plotHeight + axisHeight), ...axisTitle, text: "First block of the end anchor", xanchor: "center", yanchor: "bottom" },
    { ...place(4, margin.top + plotHeight / 2), ...axisTitle, text: "Last block of the front anchor", textangle: -90, xanchor: "left", yanchor: "middle" },
    { ...place(Math.min(margin.left + plotWidth + 8, width - 4 - textWidth(colorLabel, TYPE.axis)), margin.top - 5), ...axisTitle, text: plotlyText(colorLabel), xanchor: "left", yanchor: "bottom" },
  );
  const words = (text: string, py: number, font: PlotlyObject): PlotlyObject => ({ ...place(8, py), text, font, xanchor: "left", yanchor: "top", align: "left" });
  if (options.title !== undefined) annotations.push(words(plotlyText(options.title), 6, { size: TYPE.title, color: INK.text, weight: 700 }));
  if (noteLines.length > 0) {
    annotations.push(words(noteLines.map(plotlyText).join("<br>"), margin.top + plotHeight + axisHeight + 6, { size: TYPE.note, color: INK.note }));
  }
  return {
    data,
    layout: {
      width, height, ...axes, annotations, showlegend: false, hovermode: "closest", hoverlabel: { align: "left", font: { family: FONT_FAMILY, size: TYPE.tick } },
      margin: { l: margin.left, r: margin.right, t: margin.top, b: height - margin.top - plotHeight, pad: 0 },
      paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", font: { family: FONT_FAMILY, size: TYPE.tick, color: INK.text },
    },
  };
}

function panelTitle(front: string, end: string, anchorFlops: ReadonlyMap<string, number>): string {
  const [name, costs] = [[front, end].map(anchorLabel), [front, end].map((anchor) => anchorFlops.get(anchor))];
  const tail = costs.every((cost) => cost !== undefined) ? `<span style="color:${INK.note};font-size:${TYPE.note}px">  ${costs.map(flopsTick).join(" to ")}</span>` : "";
  return `<b>${plotlyText(name.join(" to "))}</b>${tail}`;
}

function hoverText(stitch: DrawnStitch, { color }: StitchSpaceFigureOptions, anchorFlops: ReadonlyMap<string, number>): string {
  const { stitchId, front, end, frontBlock, endBlock, flops } = stitch;
  const value = color?.valueOf(stitchId);
  const whole = anchorFlops.get(end);
  return [
    `<b>stitch ${stitchId}</b>`,
    `${plotlyText(front)} to block ${frontBlock} → ${plotlyText(end)} from block ${endBlock}`,
    `${flopsText(flops)}${whole === undefined ? "" : ` (${Math.round((100 * flops) / whole)} % of ${plotlyText(anchorLabel(end))})`}`,
    ...(color !== undefined && value !== undefined ? [`${plotlyText(color.label)} ${value === null ? "–" : Number(value.toPrecision(4))}`] : []),
  ].join("<br>");
}
