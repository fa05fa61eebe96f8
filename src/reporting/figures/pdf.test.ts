import { expect, test } from "vitest";
import { svgToPdf } from "./pdf.js";

const pdfOf = async (text: string): Promise<string> =>
  (await svgToPdf(`<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><text x="10" y="20" style="font-family: Arimo, Arial; font-size: 12px;">${text}</text></svg>`, { width: 200, height: 100 }, "a figure")).toString("latin1");
const fonts = (pdf: string): number => pdf.match(/\/FontFile2 /g)?.length ?? 0;

test("a PDF has the picture's size and embeds the letters of every face that it needs, Greek too", { timeout: 60_000 }, async () => {
  const plain = await pdfOf("angle ± 2 °");
  expect(plain.slice(0, 5)).toBe("%PDF-");
  expect(plain).toContain("/MediaBox [0 0 150 75]");
  expect([fonts(plain), fonts(await pdfOf("Spearman's ρ"))]).toEqual([1, 2]);
});

test("the same picture gives the same bytes", { timeout: 60_000 }, async () => {
  expect(await pdfOf("Spearman's ρ")).toBe(await pdfOf("Spearman's ρ"));
});
