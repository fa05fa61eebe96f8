/**
 * @file Plotly without a browser: plotly.js in a jsdom window that measures texts with the figures' own font.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { textMeasure } from "./font.js";
import { localBox, pageBox, textLength } from "./text-layout.js";
import type { Box, SvgNode } from "./text-layout.js";

/** What is used of plotly.js. */
export interface PlotlyApi {
  toImage(
    figure: { data: unknown; layout: unknown; config?: unknown },
    options: { format: "svg"; width: number; height: number; imageDataOnly: true },
  ): Promise<string>;
}

/** What is used of jsdom. Its published types would put the names of a browser's globals into the whole program. */
interface JsdomModule {
  readonly JSDOM: new (html: string, options: { runScripts: "outside-only"; pretendToBeVisual: boolean; virtualConsole: unknown }) => {
    readonly window: PlotlyHost;
  };
  readonly VirtualConsole: new () => unknown;
}

interface PlotlyHost {
  eval(source: string): unknown;
  close(): void;
  readonly Math: { random: () => number };
  readonly Plotly: PlotlyApi;
  readonly Element: { readonly prototype: object };
  readonly SVGElement: { readonly prototype: object };
  readonly URL: { createObjectURL?: () => string };
}

const requireFromHere = createRequire(import.meta.url);

/** The source of plotly.js, one file of about 4.8 MB that stands on its own. */
export function plotlySource(): string {
  return readFileSync(requireFromHere.resolve("plotly.js-dist-min"), "utf8");
}

let host: PlotlyHost | undefined;

/** Opens the window (about a second, once in a process) and loads plotly into it. */
function openHost(): PlotlyHost {
  if (host !== undefined) return host;
  const { JSDOM, VirtualConsole } = requireFromHere("jsdom") as JsdomModule;
  const { window } = new JSDOM("<!doctype html><html><body></body></html>", {
    runScripts: "outside-only", pretendToBeVisual: true, virtualConsole: new VirtualConsole(),
  });
  giveSizes(window);
  window.URL.createObjectURL ??= () => "";
  window.eval(plotlySource());
  host = window;
  return window;
}

/** Supplies the sizes that jsdom leaves out. */
function giveSizes(window: PlotlyHost): void {
  const measure = textMeasure();
  const rectangle = (box: Box | undefined) => {
    const { x, y, width, height } = box ?? { x: 0, y: 0, width: 0, height: 0 };
    return { x, y, width, height, left: x, top: y, right: x + width, bottom: y + height };
  };
  const define = (prototype: object, name: string, method: (this: SvgNode) => unknown): void => {
    Object.defineProperty(prototype, name, { configurable: true, writable: true, value: method });
  };
  define(window.SVGElement.prototype, "getBBox", function () { return rectangle(localBox(this, measure)); });
  define(window.SVGElement.prototype, "getComputedTextLength", function () { return textLength(this, measure); });
  define(window.Element.prototype, "getBoundingClientRect", function () { return rectangle(pageBox(this, measure)); });
}

/** A small generator (Park and Miller's) for the window's Math.random, from which plotly makes the ids in a picture. */
function seededRandom(): () => number {
  let state = 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Draws a figure as SVG text; the same figure gives the same bytes, whatever was drawn before it.
 *
 * @param figure - plotly's data and layout; neither is changed.
 * @param size - width and height in CSS pixels.
 */
export function plotlySvg(
  figure: { readonly data: unknown; readonly layout: unknown }, size: { readonly width: number; readonly height: number },
): Promise<string> {
  // One at a time: two drawings that alternate would share the random numbers.
  const drawing = last.then(() => {
    const window = openHost();
    window.Math.random = seededRandom();
    // The copy is made inside the window: plotly asks whether objects and arrays are of its own window.
    const copy = window.eval(`(${JSON.stringify({ data: figure.data, layout: figure.layout, config: { staticPlot: true } })})`);
    return window.Plotly.toImage(copy as { data: unknown; layout: unknown }, { format: "svg", ...size, imageDataOnly: true });
  }).then(unquoteUrls);
  last = drawing.catch(() => undefined);
  return drawing;
}

/** Closes the window and frees its memory (about 150 MB); the next drawing opens another. */
export function closePlotly(): void {
  host?.close();
  host = undefined;
}

/** Plotly writes `url('#id')`; the PNG renderer knows references without quotes only, and paints black in their place. */
function unquoteUrls(svg: string): string {
  return svg.replace(/url\((?:'|&quot;)(#[^'&)]+)(?:'|&quot;)\)/g, "url($1)");
}
