/**
 * @file A figure as files: SVG and PNG drawn without a browser, and an interactive page that stands on its own.
 */
import { writeFileAtomic } from "../atomic-write.js";
import type { Figure } from "./figure.js";
import { fontFaceCss } from "./font.js";
import { figurePage } from "./page.js";
import { svgToPdf } from "./pdf.js";
import { plotlySvg } from "./plotly-window.js";
import { svgToPng } from "./svg-to-png.js";

/** Pixels of the PNG for each CSS pixel, unless told otherwise: 300 to the inch of the printed size. */
const PNG_ZOOM = 300 / 96;

/** A figure drawn twice. */
export interface RenderedFigure {
  /** With the typeface embedded. */
  readonly svg: string;
  readonly png: Uint8Array;
}

/**
 * Draws a figure as SVG and PNG; the same figure gives the same bytes on every machine and in any order of drawing.
 *
 * @param size - CSS pixels; by default the size that the figure was composed for. `zoom`: pixels of the PNG for each of them.
 */
export async function renderFigure(
  figure: Figure, size: { readonly width?: number; readonly height?: number; readonly zoom?: number } = {},
): Promise<RenderedFigure> {
  const { width = figure.layout.width, height = figure.layout.height, zoom = PNG_ZOOM } = size;
  const layout = { ...figure.layout, width, height };
  const plain = await plotlySvg({ data: figure.data, layout }, { width, height });
  return { svg: plain.replace(/(<svg[^>]*>)/, `$1<style>${fontFaceCss()}</style>`), png: svgToPng(plain, zoom) };
}

/** Endings of a figure's files: the picture of the index first. */
export const figureEndings = ["png", "svg", "html"] as const;
export type FigureEnding = (typeof figureEndings)[number];

/** Where the files of a figure stand. */
export type FigureFiles = Readonly<Record<FigureEnding, string>>;

/**
 * Writes a figure as `<stem>.svg`, `<stem>.png` and `<stem>.html`, each at once.
 *
 * @param stem - path without ending.
 * @param title - what the page's tab says; by default the last part of the path.
 * @param narrow - the same figure for one column: the page shows it on narrow screens.
 */
export async function writeFigure(stem: string, figure: Figure, title: string = stem.slice(stem.lastIndexOf("/") + 1), narrow?: Figure): Promise<FigureFiles> {
  const { svg, png } = await renderFigure(figure);
  const files = { png: `${stem}.png`, svg: `${stem}.svg`, html: `${stem}.html` };
  writeFileAtomic(files.svg, svg);
  writeFileAtomic(files.png, png);
  writeFileAtomic(files.html, figurePage(figure, title, narrow));
  return files;
}

/** Writes a figure as `<stem>.pdf`, at once; returns the path. Not written with every run: papers need it, readers do not. */
export async function writeFigurePdf(stem: string, figure: Figure, title: string = stem.slice(stem.lastIndexOf("/") + 1)): Promise<string> {
  const path = `${stem}.pdf`;
  writeFileAtomic(path, await svgToPdf(await plotlySvg(figure, figure.layout), figure.layout, title));
  return path;
}
