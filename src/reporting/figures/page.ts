/**
 * @file A figure as a page that opens from disk, without a network: plotly.js, the typeface and the data in one file.
 */
import { escapeHtml } from "../escape-html.js";
import { enlargeFigure } from "./enlarge.js";
import type { Figure } from "./figure.js";
import { fontFaceCss } from "./font.js";
import { plotlySource } from "./plotly-window.js";

/** A figure composed for print, on a screen: 7-point letters become 10-point ones. */
const SCREEN_SCALE = 1.4;

/** JSON that is safe inside a script element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** A figure for wide screens, and the same for one column where there is one. */
export interface FigurePair {
  readonly wide: Figure;
  readonly narrow: Figure | null;
}

/** Screens up to this width in CSS pixels are shown the narrow figure. */
export const NARROW_SCREEN = 760;

/**
 * Makes the interactive page of a figure (about 4.9 MB, nearly all of it plotly.js).
 *
 * @param title - what the browser's tab says.
 * @param narrow - the same figure for one column, which a narrow screen shows.
 */
export function figurePage(figure: Figure, title: string, narrow?: Figure): string {
  const figures: FigurePair = { wide: enlargeFigure(figure, SCREEN_SCALE), narrow: narrow ?? null };
  const config = { displaylogo: false, responsive: false, toImageButtonOptions: { format: "svg", filename: title } };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${fontFaceCss()}
body { margin: 0; background: #ffffff; overflow-x: auto; }
#figure { width: fit-content; margin: 24px auto; }
</style>
</head>
<body>
<div id="figure"></div>
<script>${plotlySource().replaceAll("</script", "<\\/script")}</script>
<script>
const figures = ${scriptJson(figures)};
const figure = innerWidth <= ${NARROW_SCREEN} && figures.narrow !== null ? figures.narrow : figures.wide;
document.fonts.ready.then(() => Plotly.newPlot("figure", figure.data, figure.layout, ${scriptJson(config)}));
</script>
</body>
</html>
`;
}

/** Reads the figures (the wide one as enlarged for the screen) back out of a page; null where the text is no such page. */
export function figuresOfPage(html: string): FigurePair | null {
  const json = /^const figures = (\{.*\});$/m.exec(html.slice(html.lastIndexOf("<script>")))?.[1];
  return json === undefined ? null : (JSON.parse(json) as FigurePair);
}
