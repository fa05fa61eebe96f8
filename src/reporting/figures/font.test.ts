import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fontFaceCss, fontFiles, readMetrics, textMeasure, unpackWoff } from "./font.js";
import { fitText, textWidth, wrapText } from "./wrap.js";

test("the typeface has Arial's widths, regular and bold", () => {
  const { width } = textMeasure();
  // Advances of Arial in 2048ths of the size: A 1366, i 455, digits 1139, space 569; bold A 1479, i 569.
  expect(width("A", false)).toBeCloseTo(1366 / 2048, 6);
  expect(width("i", false)).toBeCloseTo(455 / 2048, 6);
  expect(width("Ai 0", false)).toBeCloseTo((1366 + 455 + 569 + 1139) / 2048, 6);
  expect(width("A", true)).toBeCloseTo(1479 / 2048, 6);
  expect(width("i", true)).toBeCloseTo(569 / 2048, 6);
});

test("letters beyond Latin come from the other faces, and unknown ones take a usual width", () => {
  expect(textMeasure().width("τ", false)).toBeGreaterThan(0.3);
  expect(textMeasure().width("漢", false)).toBe(0.6);
});

test("the unpacked files are TrueType fonts whose metrics read back", () => {
  const files = fontFiles();
  expect(files.length).toBeGreaterThan(1);
  const font = readFileSync(files[0]!);
  expect(font.readUInt32BE(0)).toBe(0x00010000);
  expect(readMetrics(font).advance(0x41)).toBeCloseTo(1366 / 2048, 6);
  expect(() => unpackWoff(font)).toThrow("not a WOFF file");
});

test("the embedded style holds both weights and asks no network", () => {
  expect(fontFaceCss()).toMatch(/font-weight:400;src:url\(data:font\/woff2;base64,.*font-weight:700;src:url\(data:font\/woff2;base64,/);
  expect(fontFaceCss()).not.toContain("http");
});

test("texts are broken and cut by their measured width", () => {
  const note = "quick profile: 40 steps and 500 test images";
  const lines = wrapText(note, 100, 10);
  expect(lines.join(" ")).toBe(note);
  expect(lines.length).toBeGreaterThan(1);
  expect(Math.max(...lines.map((line) => textWidth(line, 10)))).toBeLessThanOrEqual(100);
  expect(wrapText("", 100, 10)).toEqual([]);
  expect(wrapText("averyveryverylongword b", 20, 10)).toEqual(["averyveryverylongword", "b"]);
  expect(fitText("short", 100, 10)).toBe("short");
  expect(fitText("dsprites-like-orientation", 60, 10)).toMatch(/^dsprit.*…$/);
  expect(textWidth(fitText("dsprites-like-orientation", 60, 10), 10)).toBeLessThanOrEqual(60);
});
