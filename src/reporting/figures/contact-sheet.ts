/**
 * @file A contact sheet: some pictures of every class of a task, labelled, in one PNG.
 */
import sharp from "sharp";
import { escapeHtml } from "../escape-html.js";
import { svgToPng } from "./svg-to-png.js";
import { textWidth, wrapText } from "./wrap.js";

/** What a sheet shows. */
export interface ContactSheet {
  readonly title: string;
  /** Under the title, a paragraph each. */
  readonly notes: readonly string[];
  /** Names of the groups of pictures in each row, as the splits they come from. */
  readonly groups: readonly string[];
  readonly rows: readonly SheetRow[];
  /** Side of the pictures in pixels. */
  readonly imageSize: number;
}

/** One class. */
export interface SheetRow {
  readonly label: string;
  /** For each group its pictures, `[imageSize, imageSize, 3]` bytes each. */
  readonly pictures: readonly (readonly Uint8Array[])[];
}

/** Side of a shown picture, and the room around it, in pixels of the sheet. */
const SIDE = 64;
const GAP = 3;
const GROUP_GAP = 14;
const MARGIN = 16;
const TEXT = 12;
const LINE = 17;
/** Rows of a column: classes beyond it go to a second one. */
const LONGEST_COLUMN = 14;

/** Draws a sheet as PNG of at most 256 colours; pictures are enlarged pixel by pixel, so that one sees what a network sees. */
export async function contactSheetPng({ title, notes, groups, rows, imageSize }: ContactSheet): Promise<Uint8Array> {
  const labelWidth = 12 + Math.max(...rows.map(({ label }) => textWidth(label, TEXT)));
  const counts = groups.map((_, group) => Math.max(...rows.map(({ pictures }) => pictures[group]!.length)));
  const starts = counts.map((_, group) => labelWidth + counts.slice(0, group).reduce((sum, count) => sum + count * (SIDE + GAP) + GROUP_GAP, 0));
  const columnWidth = starts.at(-1)! + counts.at(-1)! * (SIDE + GAP);
  const columns = rows.length > LONGEST_COLUMN ? 2 : 1;
  const perColumn = Math.ceil(rows.length / columns);
  const width = Math.max(640, 2 * MARGIN + columns * columnWidth + (columns - 1) * 2 * MARGIN);
  const lines = notes.flatMap((note) => wrapText(note, width - 2 * MARGIN, TEXT));
  const top = MARGIN + 28 + LINE * lines.length + 22;
  const height = top + perColumn * (SIDE + GAP) + MARGIN;
  const parts = [`<text x="${MARGIN}" y="${MARGIN + 16}" font-size="18" font-weight="700">${escapeHtml(title)}</text>`];
  lines.forEach((line, index) => parts.push(`<text x="${MARGIN}" y="${MARGIN + 20 + LINE * (index + 1)}" font-size="${TEXT}" fill="#444">${escapeHtml(line)}</text>`));
  for (let column = 0; column < columns; column++) {
    const left = MARGIN + column * (columnWidth + 2 * MARGIN);
    groups.forEach((name, group) => parts.push(`<text x="${left + starts[group]!}" y="${top - 7}" font-size="${TEXT}" fill="#444">${escapeHtml(name)}</text>`));
    for (const [place, { label, pictures }] of rows.slice(column * perColumn, (column + 1) * perColumn).entries()) {
      const y = top + place * (SIDE + GAP);
      parts.push(`<text x="${left}" y="${y + SIDE / 2 + 4}" font-size="${TEXT}">${escapeHtml(label)}</text>`);
      for (const [group, members] of pictures.entries()) {
        for (const [index, picture] of members.entries()) {
          const x = left + starts[group]! + index * (SIDE + GAP);
          parts.push(`<image x="${x}" y="${y}" width="${SIDE}" height="${SIDE}" href="data:image/png;base64,${(await enlarged(picture, imageSize)).toString("base64")}"/>`);
        }
      }
    }
  }
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${height}" font-family="Arimo" fill="#111">${parts.join("")}</svg>`;
  return sharp(svgToPng(svg, 1)).png({ palette: true, dither: 0, compressionLevel: 9 }).toBuffer();
}

function enlarged(picture: Uint8Array, imageSize: number): Promise<Buffer> {
  return sharp(picture, { raw: { width: imageSize, height: imageSize, channels: 3 } }).resize(SIDE, SIDE, { kernel: "nearest" }).png({ compressionLevel: 1 }).toBuffer();
}
