/**
 * @file Turns an SVG into a PNG without a browser, in the figures' typeface; the same bytes on every machine.
 */
import { Resvg } from "@resvg/resvg-js";
import { fontFiles } from "./font.js";

/** Draws an SVG on white. @param zoom - pixels of the PNG for each unit of the SVG. */
export function svgToPng(svg: string, zoom: number): Uint8Array {
  return new Resvg(svg, {
    font: { loadSystemFonts: false, fontFiles: fontFiles(), defaultFontFamily: "Arimo", sansSerifFamily: "Arimo" },
    fitTo: { mode: "zoom", value: zoom },
    background: "#ffffff",
  }).render().asPng();
}
