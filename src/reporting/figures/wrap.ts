/**
 * @file Texts that fit their figure: measured in the figures' own font and broken into lines.
 */
import { textMeasure } from "./font.js";

/** Width of a line of text in pixels. */
export function textWidth(text: string, size: number, bold = false): number {
  return size * textMeasure().width(text, bold);
}

/** Breaks a text at spaces into lines no wider than `width` pixels; a longer word stands alone and is not broken. */
export function wrapText(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === "" ? lines : [...lines, line];
}

/** Cuts a text to a width, with an ellipsis where something is lost. */
export function fitText(text: string, width: number, size: number, bold = false): string {
  if (textWidth(text, size, bold) <= width) return text;
  let kept = [...text];
  while (kept.length > 1 && textWidth(`${kept.join("")}…`, size, bold) > width) kept = kept.slice(0, -1);
  return `${kept.join("").trimEnd()}…`;
}

/** Makes a text safe for plotly, which reads a few HTML tags in texts. */
export function plotlyText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
