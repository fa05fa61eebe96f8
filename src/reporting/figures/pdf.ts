/**
 * @file A figure as PDF: the drawn SVG with the typeface embedded, for papers.
 */
import { createRequire } from "node:module";
import { faceOf, fontFiles } from "./font.js";

/** What is used of pdfkit. */
interface PdfDocument {
  registerFont(name: string, path: string): PdfDocument;
  on(event: "data", listener: (part: Buffer) => void): PdfDocument;
  on(event: "end", listener: () => void): PdfDocument;
  end(): void;
}

interface PdfOptions {
  readonly size: readonly [number, number];
  readonly margin: number;
  readonly info: { readonly Title: string; readonly CreationDate: Date };
}

type SvgToPdf = (document: PdfDocument, svg: string, x: number, y: number, options: {
  readonly width: number;
  readonly height: number;
  readonly fontCallback: (family: string, bold: boolean) => string;
  readonly warningCallback: (text: string) => void;
}) => void;

const requireFromHere = createRequire(import.meta.url);

/** Points to a CSS pixel. */
const POINTS = 72 / 96;

/**
 * Writes an SVG as plotly draws it, with the fonts' letters embedded; the same picture gives the same bytes.
 *
 * @param svg - without an embedded typeface.
 * @param size - of the picture in CSS pixels; the page has the same size.
 */
export function svgToPdf(svg: string, { width, height }: { readonly width: number; readonly height: number }, title: string): Promise<Buffer> {
  const Document = requireFromHere("pdfkit") as new (options: PdfOptions) => PdfDocument;
  const draw = requireFromHere("svg-to-pdfkit") as SvgToPdf;
  const size = [width * POINTS, height * POINTS] as const;
  // A fixed date: the time of drawing would be the only thing that differs.
  const document = new Document({ size, margin: 0, info: { Title: title, CreationDate: new Date(0) } });
  fontFiles().forEach((path, face) => document.registerFont(faceName(face), path));
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    document.on("data", (part) => void parts.push(part)).on("end", () => resolve(Buffer.concat(parts)));
    draw(document, withFaces(svg), 0, 0, {
      width: size[0], height: size[1], warningCallback: () => undefined,
      fontCallback: (family, bold) => (/^face-\d+$/.test(family) ? family : faceName(bold ? 1 : 0)),
    });
    document.end();
  });
}

const faceName = (face: number): string => `face-${face}`;

/** Names the face of every letter that the first one lacks (Greek, for instance): a PDF has no fonts to fall back on. */
function withFaces(svg: string): string {
  return svg.replace(/>([^<>]+)</g, (whole, text: string) => (/[^\x20-\x7e]/.test(text) ? `>${text.replace(/[^\x00-\x7f]/gu, (letter) => {
    const face = faceOf(letter.codePointAt(0)!);
    return face === 0 ? letter : `<tspan font-family="${faceName(face)}" style="font-family: ${faceName(face)}">${letter}</tspan>`;
  })}<` : whole));
}
