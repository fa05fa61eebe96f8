/**
 * @file Accuracy against FLOPs, one panel for each task and one for their mean: every stitch, the frontier of each method, the
 * anchors and the stitches chosen for deployment.
 */
import type { StitchRow } from "../record.js";
import { commonRows } from "../common-runs.js";
import { groupBy, seedMeans, taskMeans } from "../seed-means.js";
import type { StitchMean } from "../seed-means.js";
import { paretoFrontier } from "../pareto.js";
import { TYPE, WIDTH_PX } from "./figure.js";
import type { Figure, FigureWidth, PlotlyObject } from "./figure.js";
import { FONT_FAMILY } from "./font.js";
import { keyHeight, keyLayout } from "./key.js";
import { anchorLabel, flopsText, flopsTick, INK, logTicks, methodStyles } from "./style.js";
import type { MethodStyle } from "./style.js";
import { fitText, plotlyText, textWidth, wrapText } from "./wrap.js";

/** How to draw the Pareto figure. */
export interface ParetoFigureOptions {
  /** A short title; none by default (a journal's caption says it). */
  readonly title?: string;
  /** What the profile reduced, drawn below the panels: "quick profile: 2 tasks, 40 steps". */
  readonly note?: string;
  /** One or two columns of a journal page. Default double. */
  readonly width?: FigureWidth;
  /** Methods in legend order; by default all, in order of appearance. */
  readonly methods?: readonly string[];
  /** Labels of methods by name, where they differ from the kit's. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Tasks in order; by default all, in order of appearance. One task is drawn without the panel of the mean. */
  readonly tasks?: readonly string[];
  /** Panels in a row. Default: 3 for double, 2 for single width or four panels, 4 for more than eight, fewer where there are fewer. */
  readonly columns?: number;
}

interface Panel {
  readonly title: string;
  /** A task's group; of a mean of some tasks, what it is of. */
  readonly subtitle: string;
  /** Whether its points are means over tasks. */
  readonly isMean: boolean;
  /** Means by method, in the order of the methods. */
  readonly methods: readonly { readonly style: MethodStyle; readonly means: readonly StitchMean[] }[];
}

/** Pixels kept free at the top of a panel for the names of the anchors. */
const HEADROOM_PX = 17;

/** Height of a subtitle that has a line of its own. */
const SUBTITLE_PX = 10;

/**
 * Draws the Pareto figure from rows alone.
 *
 * Points are means over seeds, in the panels of means over tasks too; the frontier is the frontier of these means, with a band of
 * ± one standard deviation over seeds where there are several.
 *
 * @returns the figure; without rows, an empty panel that says so (a notebook can show it before the first result).
 */
export function paretoFigure(rows: readonly StitchRow[], options: ParetoFigureOptions = {}): Figure {
  const panels = makePanels(rows, options);
  const width = WIDTH_PX[options.width ?? "double"];
  const columns = Math.min(panels.length, options.columns ?? (options.width === "single" || panels.length === 4 ? 2 : panels.length > 8 ? 4 : 3));
  const lines = Math.ceil(panels.length / columns);
  const left = 44;
  const right = 12;
  const gapX = 30;
  const panelWidth = (width - left - right - gapX * (columns - 1)) / columns;
  // Where one subtitle has no room beside its title, all go below.
  const isStacked = panels.some((panel) => !fitsBeside(panel, panelWidth));
  const gap = { x: gapX, y: isStacked ? 30 + SUBTITLE_PX : 30 };
  const panelHeight = Math.round(Math.min(panelWidth * 0.86, 260));
  const key = keyTraces(panels);
  const titleHeight = options.title === undefined ? 0 : 22;
  const keyTop = 4 + titleHeight;
  const top = keyTop + keyHeight(key.map(({ name }) => name), width - left - right) + 18 + (isStacked ? SUBTITLE_PX : 0);
  const noteLines = wrapText([options.note ?? "", ...keyNotes(panels)].map(sentence).join(" "), width - 16, TYPE.note);
  const axisHeight = 33;
  const bottom = axisHeight + 6 + (noteLines.length > 0 ? 6 + noteLines.length * 12.5 : 0);
  const plotHeight = lines * panelHeight + (lines - 1) * gap.y;
  const height = Math.ceil(top + plotHeight + bottom);

  const plotWidth = width - left - right;
  const data: PlotlyObject[] = [];
  const axes: Record<string, PlotlyObject> = {};
  const annotations: PlotlyObject[] = [];
  const shapes: PlotlyObject[] = [];
  const span = flopsSpan(panels, panelWidth);
  const headroom = HEADROOM_PX / panelHeight;
  const size = panelWidth < 160 ? 0.8 : 1;
  const place = (px: number, py: number) => ({ xref: "paper", yref: "paper", x: (px - left) / plotWidth, y: 1 - (py - top) / plotHeight });

  panels.forEach((panel, index) => {
    const column = index % columns;
    const line = Math.floor(index / columns);
    const suffix = index === 0 ? "" : String(index + 1);
    const x0 = column * (panelWidth + gap.x);
    const y0 = line * (panelHeight + gap.y);
    const range = accuracyRange(panel, headroom);
    const isLowest = index + columns >= panels.length;
    axes[`xaxis${suffix}`] = {
      ...axisLook(), type: "log", anchor: `y${suffix}`, domain: [x0 / plotWidth, (x0 + panelWidth) / plotWidth], range: span.range.map(Math.log10),
      tickvals: span.ticks, ticktext: span.ticks.map(flopsTick), showticklabels: isLowest,
      ...(index > 0 ? { matches: "x" } : {}),
    };
    axes[`yaxis${suffix}`] = {
      ...axisLook(), anchor: `x${suffix}`, domain: [1 - (y0 + panelHeight) / plotHeight, 1 - y0 / plotHeight], range, nticks: panelHeight < 130 ? 5 : 6,
      gridcolor: INK.grid, showgrid: true,
    };
    data.push(...panelTraces(panel, suffix, size));
    annotations.push(panelTitle(panel, place(left + x0, top + y0 - (isStacked ? 3 : 5)), panelWidth, isStacked));
    const guides = anchorGuides(panel, suffix, headroom);
    annotations.push(...guides.annotations);
    shapes.push(...guides.shapes);
  });
  data.push(...key);
  const axisTitle = { showarrow: false, font: { size: TYPE.axis, color: INK.text }, borderpad: 0 };
  annotations.push(
    { ...axisTitle, ...place(left + plotWidth / 2, top + plotHeight + axisHeight), text: "FLOPs per image", xanchor: "center", yanchor: "bottom" },
    { ...axisTitle, ...place(4, top + plotHeight / 2), text: "Top-1 accuracy (%)", textangle: -90, xanchor: "left", yanchor: "middle" },
  );
  if (options.title !== undefined) {
    annotations.push(note(plotlyText(options.title), place(8, 6), { size: TYPE.title, color: INK.text, weight: 700 }, "top"));
  }
  if (noteLines.length > 0) {
    annotations.push(note(noteLines.map(plotlyText).join("<br>"), place(8, top + plotHeight + axisHeight + 6), { size: TYPE.note, color: INK.note }, "top"));
  }
  return {
    data,
    layout: {
      width, height, ...axes, annotations, shapes, legend: keyLayout(4 / width, 1 - keyTop / height), hovermode: "closest", hoverlabel: { align: "left", font: { family: FONT_FAMILY, size: TYPE.tick } },
      margin: { l: left, r: right, t: top, b: height - top - plotHeight, pad: 0 }, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff",
      font: { family: FONT_FAMILY, size: TYPE.tick, color: INK.text },
    },
  };
}

/** Groups the rows into panels, and averages them over seeds; in the last panel over tasks too, in one more over those that all methods have, where some lack tasks. */
function makePanels(rows: readonly StitchRow[], options: ParetoFigureOptions): Panel[] {
  const tasks = options.tasks ?? [...new Set(rows.map(({ task }) => task))];
  const methods = options.methods ?? [...new Set(rows.map(({ method }) => method))];
  const styles = methodStyles(methods, options.labels);
  const byMethod = groupBy(rows, ({ method }) => method);
  const panelOf = (title: Pick<Panel, "title" | "subtitle" | "isMean">, average: (rows: readonly StitchRow[]) => StitchMean[], from: ReadonlyMap<string, readonly StitchRow[]> = byMethod): Panel => ({
    ...title, methods: styles.map((style) => ({ style, means: average(from.get(style.id) ?? []) })),
  });
  const meanOf = (some: readonly string[], subtitle: string, from?: ReadonlyMap<string, readonly StitchRow[]>): Panel =>
    panelOf({ title: `Mean of ${some.length} tasks`, subtitle, isMean: true }, (ofMethod) => taskMeans(ofMethod, some), from);
  const panels = tasks.map((task) => {
    const subtitle = rows.find((row) => row.task === task)?.group ?? "";
    return panelOf({ title: task, subtitle, isMean: false }, (ofMethod) => seedMeans(ofMethod.filter((row) => row.task === task)));
  });
  if (tasks.length > 1) panels.push(meanOf(tasks, ""));
  const common = commonRows(rows.filter(({ task, method }) => tasks.includes(task) && methods.includes(method)), methods);
  if (common.length > 0) panels.push(meanOf([...new Set(common.map(({ task }) => task))], "all methods", groupBy(common, ({ method }) => method)));
  return panels.length > 0 ? panels : [{ title: "No rows yet", subtitle: "", isMean: false, methods: [] }];
}

const pointsOf = (panel: Panel): StitchMean[] => panel.methods.flatMap(({ means }) => means);

/** The span of all panels' costs with a margin, and the ticks in it. */
function flopsSpan(panels: readonly Panel[], width: number): { readonly range: readonly [number, number]; readonly ticks: number[] } {
  const flops = panels.flatMap(pointsOf).map((point) => point.flops);
  const low = flops.length > 0 ? Math.min(...flops) : 1e6;
  const high = flops.length > 0 ? Math.max(...flops) : 1e9;
  const margin = Math.max(1.02, (high / low) ** 0.06);
  const range = [low / margin, high * margin] as const;
  return { range, ticks: logTicks(...range, width, (tick) => textWidth(flopsTick(tick), TYPE.tick)) };
}

/** The span of a panel's points and frontiers' bands in per cent, with a margin and room for the anchors' names. */
function accuracyRange(panel: Panel, headroom: number): [number, number] {
  const points = pointsOf(panel).map(({ top1 }) => top1);
  if (points.length === 0) return [0, 100];
  const bands = panel.methods.flatMap(({ means }) => paretoFrontier(means).flatMap(({ top1, spread }) => [top1 - (spread ?? 0), top1 + (spread ?? 0)]));
  const low = 100 * Math.min(...points, ...bands);
  const high = 100 * Math.max(...points, ...bands);
  const span = Math.max(high - low, 1);
  const bottom = low - 0.06 * span;
  return [bottom, bottom + (1.12 * span) / (1 - headroom)];
}

function axisLook(): PlotlyObject {
  return {
    showline: true, mirror: true, linecolor: INK.frame, linewidth: 0.8, ticks: "outside", ticklen: 3, tickwidth: 0.8, tickcolor: INK.frame,
    tickfont: { size: TYPE.tick }, showgrid: false, zeroline: false, automargin: false, fixedrange: false,
  };
}

function note(text: string, at: PlotlyObject, font: PlotlyObject, yanchor: "top" | "bottom"): PlotlyObject {
  return { ...at, text, font, showarrow: false, xanchor: "left", yanchor, align: "left", borderpad: 0 };
}

function fitsBeside({ title, subtitle }: Panel, width: number): boolean {
  return subtitle === "" || textWidth(title, TYPE.panel, true) + textWidth(`  ${subtitle}`, TYPE.note) <= width;
}

function panelTitle({ title, subtitle }: Panel, at: PlotlyObject, width: number, isStacked: boolean): PlotlyObject {
  const name = `<b>${plotlyText(fitText(title, width, TYPE.panel, true))}</b>`;
  const rest = subtitle === "" ? "" : `${isStacked ? "<br>" : "  "}<span style="color:${INK.note};font-size:${TYPE.note}px">${plotlyText(subtitle)}</span>`;
  return note(`${name}${rest}`, at, { size: TYPE.panel, color: INK.text }, "bottom");
}

/** A thin line at the cost of each anchor, its name at the top of the panel. */
function anchorGuides(panel: Panel, suffix: string, headroom: number): { annotations: PlotlyObject[]; shapes: PlotlyObject[] } {
  const anchors = [...groupBy(pointsOf(panel).filter(({ row }) => row.kind === "anchor"), ({ row }) => row.front).values()].map((group) => group[0]!);
  const at = { xref: `x${suffix}`, yref: `y${suffix} domain` };
  return {
    shapes: anchors.map(({ flops }) => ({
      type: "line", ...at, x0: flops, x1: flops, y0: 0, y1: 1 - headroom, layer: "below", line: { color: INK.guide, width: 0.8, dash: "2px,2px" },
    })),
    annotations: anchors.map(({ row, flops }) => ({
      ...at, x: Math.log10(flops), y: 1, yanchor: "top", text: plotlyText(anchorLabel(row.front)), showarrow: false, borderpad: 0,
      font: { size: TYPE.tick, color: INK.note, weight: 700 },
    })),
  };
}

/** The traces of one panel: light stitches first, then frontiers, anchors and rings above them. */
function panelTraces(panel: Panel, suffix: string, size: number): PlotlyObject[] {
  const on = { xaxis: `x${suffix}`, yaxis: `y${suffix}`, showlegend: false };
  // The first method is drawn last, above the others; methods without stitches are hollow, so that they may stand above them all.
  const present = panel.methods.filter(({ means }) => means.length > 0).reverse();
  const [hollow, filled] = [present.filter(({ means }) => isHollow(means)), present.filter(({ means }) => !isHollow(means))];
  const shown = [...hollow, ...filled];
  const stitches = (means: readonly StitchMean[]): StitchMean[] => means.filter(({ row }) => row.kind === "stitch");
  const anchors = (means: readonly StitchMean[]): StitchMean[] => means.filter(({ row }) => row.kind === "anchor");
  return [
    ...shown.flatMap(({ style, means }) => frontierBand(style, means, on)),
    ...filled.map(({ style, means }) => ({
      ...on, ...points(stitches(means), panel, style),
      marker: { color: style.color, symbol: style.symbol, size: 4 * size, opacity: 0.32, line: { width: 0 } },
    })),
    ...shown.map(({ style, means }) => frontierLine(style, means, on)),
    ...filled.map(({ style, means }) => ({
      ...on, ...points(anchors(means), panel, style),
      marker: { color: style.color, symbol: style.symbol, size: 7.5 * size, line: { color: "#ffffff", width: 1 } },
    })),
    ...shown.filter(({ means }) => means.some(isSelected)).map(({ style, means }) => ({
      ...on, ...points(means.filter(isSelected), panel, style), marker: ring(style.color, size),
    })),
    ...hollow.map(({ style, means }) => ({ ...on, ...points(means, panel, style), marker: hollowMark(style, size) })),
  ];
}

function isHollow(means: readonly StitchMean[]): boolean {
  return means.every(({ row }) => row.kind === "anchor");
}

function ring(color: string, size: number): PlotlyObject {
  return { color, symbol: "circle-open", size: 9 * size, line: { color, width: 1.2 } };
}

function hollowMark({ color, symbol }: MethodStyle, size: number): PlotlyObject {
  return { color, symbol: `${symbol}-open`, size: 10 * size, line: { color, width: 1.3 } };
}

/** A stitch is ringed when at least half of the runs chose it: of its seeds, and in panels of means of the tasks too. */
function isSelected({ selected }: StitchMean): boolean {
  return selected >= 0.5;
}

/** The step line of a method's frontier, drawn on to the method's dearest stitch. */
function frontierLine(style: MethodStyle, means: readonly StitchMean[], on: PlotlyObject): PlotlyObject {
  const steps = frontierSteps(means);
  return {
    ...on, type: "scatter", mode: "lines", legendgroup: style.id, hoverinfo: "skip", x: steps.map(({ flops }) => flops), y: steps.map(({ top1 }) => percent(top1)),
    line: { shape: "hv", color: style.color, width: 1.7, dash: style.dash },
  };
}

/** The band of ± one standard deviation over seeds around a frontier; nothing with one seed. */
function frontierBand(style: MethodStyle, means: readonly StitchMean[], on: PlotlyObject): PlotlyObject[] {
  const steps = frontierSteps(means);
  if (steps.every(({ spread }) => spread === null)) return [];
  const edge = (sign: number, fill: PlotlyObject): PlotlyObject => ({
    ...on, type: "scatter", mode: "lines", legendgroup: style.id, hoverinfo: "skip", x: steps.map(({ flops }) => flops),
    y: steps.map(({ top1, spread }) => percent(top1 + sign * (spread ?? 0))), line: { shape: "hv", color: style.color, width: 0 }, ...fill,
  });
  return [edge(-1, {}), edge(1, { fill: "tonexty", fillcolor: `${style.color}26` })];
}

function frontierSteps(means: readonly StitchMean[]): StitchMean[] {
  const frontier = paretoFrontier(means);
  const last = frontier[frontier.length - 1];
  return last === undefined ? [] : [...frontier, { ...last, flops: Math.max(...means.map(({ flops }) => flops)) }];
}

/** Places of some stitches, with what hovering over one tells. */
function points(means: readonly StitchMean[], panel: Panel, style: MethodStyle): PlotlyObject {
  return {
    type: "scatter", mode: "markers", legendgroup: style.id, x: means.map(({ flops }) => flops), y: means.map(({ top1 }) => percent(top1)),
    text: means.map((mean) => hoverText(mean, panel, style)), hovertemplate: "%{text}<extra></extra>",
  };
}

function hoverText(mean: StitchMean, panel: Panel, style: MethodStyle): string {
  const { row, flops, top1, spread, seeds } = mean;
  const single = seeds === 1 && !panel.isMean;
  const lines = [
    `<b>${row.kind === "anchor" ? `anchor ${plotlyText(row.front)}` : `stitch ${row.stitchId}`}</b> · ${plotlyText(style.label)}`,
    routeText(row),
    `${flopsText(flops)} · ${(row.params / 1e6).toPrecision(3)} M parameters`,
    `top-1 ${(100 * top1).toFixed(1)} %${spread === null ? "" : ` ± ${(100 * spread).toFixed(1)}`}${seeds > 1 ? ` (${seeds} seeds)` : ""}`,
    ...(single && row.valTop1 !== null ? [`validation ${(100 * row.valTop1).toFixed(1)} %`] : []),
    ...(single && row.importance !== null ? [`importance ${row.importance.toExponential(2)}${row.visits === null ? "" : ` · ${row.visits} visits`}`] : []),
    ...(isSelected(mean) ? ["chosen for deployment"] : []),
  ];
  return lines.join("<br>");
}

/** The route of a stitch in words, blocks counted from 0 as in the rows. */
function routeText({ kind, front, end, frontBlock, endBlock }: StitchRow): string {
  if (kind === "anchor") return "the whole anchor";
  return `${plotlyText(front)} to block ${frontBlock} → ${plotlyText(end)} from block ${endBlock}`;
}

/** Entries of the key: the methods, then in grey what the marks mean. */
function keyTraces(panels: readonly Panel[]): (PlotlyObject & { readonly name: string })[] {
  const entry = (name: string, rest: PlotlyObject) => ({ type: "scatter", x: [null], y: [null], name, hoverinfo: "skip", ...rest });
  const everything = panels.flatMap(pointsOf);
  const grey = "#777777";
  return [
    ...(panels[0]?.methods ?? []).map(({ style }, method) => entry(plotlyText(style.label), {
      mode: "lines+markers", legendgroup: style.id, line: { color: style.color, width: 1.7, dash: style.dash },
      marker: isHollow(panels.flatMap(({ methods }) => methods[method]!.means)) ? hollowMark(style, 0.9) : { color: style.color, symbol: style.symbol, size: 7.5 },
    })),
    ...(everything.some(({ row }) => row.kind === "stitch") ? [entry("stitch", { mode: "markers", marker: { color: grey, size: 4, opacity: 0.6 } })] : []),
    ...(everything.some(isSelected) ? [entry("selected", { mode: "markers", marker: ring(grey, 1) })] : []),
  ];
}

/** What the key is too short to say. */
function keyNotes(panels: readonly Panel[]): string[] {
  const everything = panels.flatMap(pointsOf);
  const counts = everything.map((point) => point.seeds);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const hasMean = panels.some(({ isMean }) => isMean);
  return [
    ...(everything.some(isSelected) ? [`Rings: selected for deployment${hasMean || most > 1 ? " in at least half of the runs" : ""}.`] : []),
    ...(hasMean ? ["Panels of means: each stitch averaged over the tasks, and the frontier of these averages; areas in the tables are under each task's own frontier, which lies higher on the mean."] : []),
    ...(most > 1 ? [`Means over ${fewest === most ? most : `${fewest} to ${most}`} seeds, bands of ± 1 standard deviation.`] : []),
  ];
}

/** Ends a note with a full stop, so that another may follow. */
function sentence(text: string): string {
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}

function percent(fraction: number): number {
  return Number((100 * fraction).toFixed(4));
}
