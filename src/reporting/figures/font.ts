/**
 * @file The figures' typeface: Arimo (metric-compatible with Arial and Helvetica, SIL Open Font License), carried by an npm
 * package, so that a picture does not depend on the fonts of the machine that draws it.
 *
 * The package holds WOFF files: the tables of a TrueType font, each compressed. Here they are unpacked (for the PNG renderer,
 * which reads TrueType only) and their horizontal metrics read (for the layout, which needs the widths of texts).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";

/** The CSS family list of every figure: the embedded font, then fonts of the same widths. */
export const FONT_FAMILY = "Arimo, Arial, Helvetica, sans-serif";

const requireFromHere = createRequire(import.meta.url);

/** The weights that figures use; the other subsets only serve letters that Latin lacks. */
const FACES = [
  { file: "arimo-latin-400-normal", weight: 400 },
  { file: "arimo-latin-700-normal", weight: 700 },
  { file: "arimo-latin-ext-400-normal", weight: 400 },
  { file: "arimo-greek-400-normal", weight: 400 },
] as const;

function readFace(file: string, format: "woff" | "woff2"): Buffer {
  return readFileSync(requireFromHere.resolve(`@fontsource/arimo/files/${file}.${format}`));
}

/**
 * Unpacks a WOFF file into the TrueType font it wraps.
 *
 * Source: W3C, WOFF File Format 1.0: a header of 44 bytes, then 20 bytes per table (tag, offset, packed length, length, checksum).
 */
export function unpackWoff(woff: Buffer): Buffer {
  if (woff.toString("latin1", 0, 4) !== "wOFF") throw new Error("unpackWoff: not a WOFF file");
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, index) => {
    const entry = 44 + 20 * index;
    const offset = woff.readUInt32BE(entry + 4);
    const packed = woff.subarray(offset, offset + woff.readUInt32BE(entry + 8));
    const length = woff.readUInt32BE(entry + 12);
    return { tag: woff.subarray(entry, entry + 4), checksum: woff.readUInt32BE(entry + 16), content: packed.length < length ? inflateSync(packed) : packed };
  });
  const largestPower = 2 ** Math.floor(Math.log2(count));
  const directory = Buffer.alloc(12 + 16 * count);
  woff.copy(directory, 0, 4, 8);
  directory.writeUInt16BE(count, 4);
  directory.writeUInt16BE(largestPower * 16, 6);
  directory.writeUInt16BE(Math.log2(largestPower), 8);
  directory.writeUInt16BE((count - largestPower) * 16, 10);
  const parts: Buffer[] = [directory];
  let offset = directory.length;
  tables.forEach(({ tag, checksum, content }, index) => {
    const entry = 12 + 16 * index;
    tag.copy(directory, entry);
    directory.writeUInt32BE(checksum, entry + 4);
    directory.writeUInt32BE(offset, entry + 8);
    directory.writeUInt32BE(content.length, entry + 12);
    const padding = (4 - (content.length % 4)) % 4;
    parts.push(content, Buffer.alloc(padding));
    offset += content.length + padding;
  });
  return Buffer.concat(parts);
}

/** Horizontal metrics of one font, in fractions of the font size. */
export interface FontMetrics {
  readonly ascent: number;
  readonly descent: number;
  /** Advance of a character; undefined where the font lacks it. */
  advance(codePoint: number): number | undefined;
}

/** Reads the metrics of a TrueType font: `head`, `hhea`, `hmtx`, and the `cmap` table of format 4. */
export function readMetrics(font: Buffer): FontMetrics {
  const table = (tag: string): Buffer => {
    for (let entry = 12; entry < 12 + 16 * font.readUInt16BE(4); entry += 16) {
      if (font.toString("latin1", entry, entry + 4) === tag) {
        const offset = font.readUInt32BE(entry + 8);
        return font.subarray(offset, offset + font.readUInt32BE(entry + 12));
      }
    }
    throw new Error(`readMetrics: the font has no table ${tag}`);
  };
  const unitsPerEm = table("head").readUInt16BE(18);
  const header = table("hhea");
  const advances = table("hmtx");
  const lastAdvance = header.readUInt16BE(34) - 1;
  const glyphs = readCharacterMap(table("cmap"));
  return {
    ascent: header.readInt16BE(4) / unitsPerEm,
    descent: -header.readInt16BE(6) / unitsPerEm,
    advance(codePoint) {
      const glyph = glyphs.get(codePoint);
      return glyph === undefined ? undefined : advances.readUInt16BE(4 * Math.min(glyph, lastAdvance)) / unitsPerEm;
    },
  };
}

/** Reads character → glyph from the first subtable of format 4 (segments of the basic plane). */
function readCharacterMap(cmap: Buffer): Map<number, number> {
  const offsets = Array.from({ length: cmap.readUInt16BE(2) }, (_, index) => cmap.readUInt32BE(8 + 8 * index));
  const start = offsets.find((offset) => cmap.readUInt16BE(offset) === 4);
  if (start === undefined) throw new Error("readMetrics: the font has no character map of format 4");
  const segments = cmap.readUInt16BE(start + 6) / 2;
  const field = (block: number, segment: number): number => start + 14 + 2 * (segments * block + segment) + (block > 0 ? 2 : 0);
  const glyphs = new Map<number, number>();
  for (let segment = 0; segment < segments; segment++) {
    const last = cmap.readUInt16BE(field(0, segment));
    const first = cmap.readUInt16BE(field(1, segment));
    const delta = cmap.readInt16BE(field(2, segment));
    const rangeAt = field(3, segment);
    const range = cmap.readUInt16BE(rangeAt);
    for (let code = first; code <= last && code < 0xffff; code++) {
      const raw = range === 0 ? code : cmap.readUInt16BE(rangeAt + range + 2 * (code - first));
      const glyph = range !== 0 && raw === 0 ? 0 : (raw + delta) & 0xffff;
      if (glyph !== 0) glyphs.set(code, glyph);
    }
  }
  return glyphs;
}

/** Measures texts as the figures' typeface sets them. */
export interface TextMeasure {
  readonly ascent: number;
  readonly descent: number;
  /** Width in em of a line of text; letters that no face has count 0.6 em. */
  width(text: string, bold: boolean): number;
}

interface LoadedFont {
  readonly trueType: readonly Buffer[];
  readonly measure: TextMeasure;
  readonly metrics: readonly FontMetrics[];
}

let loaded: LoadedFont | undefined;

function loadFont(): LoadedFont {
  if (loaded !== undefined) return loaded;
  const trueType = FACES.map(({ file }) => unpackWoff(readFace(file, "woff")));
  const metrics = trueType.map(readMetrics);
  const order = (bold: boolean): FontMetrics[] => {
    const first = FACES.findIndex(({ weight }) => weight === (bold ? 700 : 400));
    return [metrics[first]!, ...metrics.filter((_, index) => index !== first)];
  };
  const regular = order(false);
  const bold = order(true);
  const width = (text: string, isBold: boolean): number => {
    let sum = 0;
    for (const letter of text) {
      const codePoint = letter.codePointAt(0)!;
      sum += (isBold ? bold : regular).reduce<number | undefined>((found, face) => found ?? face.advance(codePoint), undefined) ?? 0.6;
    }
    return sum;
  };
  loaded = { trueType, metrics, measure: { ascent: regular[0]!.ascent, descent: regular[0]!.descent, width } };
  return loaded;
}

/** The measure of the figures' typeface (read once). */
export function textMeasure(): TextMeasure {
  return loadFont().measure;
}

/** Index in {@link fontFiles} of the first regular face that has a letter; the first of all where none has it. */
export function faceOf(codePoint: number): number {
  return Math.max(0, loadFont().metrics.findIndex((face, index) => FACES[index]!.weight === 400 && face.advance(codePoint) !== undefined));
}

let fontFolder: string | undefined;

/** Paths of the typeface as TrueType files, unpacked into a temporary folder that goes when the process ends. */
export function fontFiles(): string[] {
  if (fontFolder === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "esta-font-"));
    loadFont().trueType.forEach((font, index) => writeFileSync(join(folder, `${index}.ttf`), font));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    fontFolder = folder;
  }
  return FACES.map((_, index) => join(fontFolder as string, `${index}.ttf`));
}

/** CSS that embeds the Latin letters of the typeface (about 30 kB), for SVG and HTML. */
export function fontFaceCss(): string {
  return FACES.slice(0, 2)
    .map(({ file, weight }) =>
      `@font-face{font-family:Arimo;font-weight:${weight};src:url(data:font/woff2;base64,${readFace(file, "woff2").toString("base64")}) format("woff2")}`)
    .join("");
}
