import { createRequire } from "node:module";
import { expect, test } from "vitest";
import type { TextMeasure } from "./font.js";
import { localBox, pageBox, parseTransform, textLength } from "./text-layout.js";
import type { SvgNode } from "./text-layout.js";

/** A face whose letters are all half as wide as the size (bold: as wide), 0.8 above and 0.2 below the line. */
const measure: TextMeasure = { ascent: 0.8, descent: 0.2, width: (text, bold) => text.length * (bold ? 1 : 0.5) };

function svg(content: string): SvgNode {
  const { JSDOM } = createRequire(import.meta.url)("jsdom") as { JSDOM: new (html: string) => { window: { document: { querySelector(name: string): SvgNode } } } };
  return new JSDOM(`<svg>${content}</svg>`).window.document.querySelector("svg");
}

const child = (node: SvgNode): SvgNode => node.childNodes[0]!;

test("a text hangs on its anchor and its base line", () => {
  const at = (anchor: string) => localBox(child(svg(`<text x="10" y="20" text-anchor="${anchor}" style="font-size: 10px">abcd</text>`)), measure);
  expect(at("start")).toEqual({ x: 10, y: 12, width: 20, height: 10 });
  expect(at("middle")).toEqual({ x: 0, y: 12, width: 20, height: 10 });
  expect(at("end")).toEqual({ x: -10, y: 12, width: 20, height: 10 });
});

test("nested spans count in their own weight and size, percentages of the parent's size", () => {
  const text = child(svg('<text style="font-size: 10px">ab<tspan style="font-weight: bold">c</tspan><tspan style="font-size: 50%">dd</tspan></text>'));
  expect(textLength(text, measure)).toBe(10 + 10 + 5);
});

test("lines stand below each other by their dy in em", () => {
  const text = child(svg('<text x="0" y="0" style="font-size: 10px"><tspan class="line" dy="0em" x="0" y="0">abc</tspan><tspan class="line" dy="1.3em" x="0" y="0">a</tspan></text>'));
  expect(localBox(text, measure)).toEqual({ x: 0, y: -8, width: 15, height: 23 });
});

test("transforms move, scale and turn the box", () => {
  const text = svg('<g transform="translate(100,50) scale(2)"><text transform="rotate(-90,0,0)" x="0" y="0" style="font-size: 10px">abcd</text></g>').childNodes[0]!.childNodes[0]!;
  const box = pageBox(text, measure)!;
  // 20 wide and 10 high becomes 10 wide and 20 high, upwards, twice as large.
  expect([box.x, box.y, box.width, box.height].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([84, 10, 20, 40]);
});

test("a transform about a point leaves the point in place", () => {
  const [a, b, c, d, e, f] = parseTransform("rotate(30, 5, 7)");
  expect(a * 5 + c * 7 + e).toBeCloseTo(5, 12);
  expect(b * 5 + d * 7 + f).toBeCloseTo(7, 12);
});

test("a group spans its children, and an empty text takes no room", () => {
  const group = child(svg('<g><rect x="1" y="2" width="3" height="4"/><circle cx="10" cy="10" r="2"/><path d="M0,0H5V-6L20,1Z"/><text></text></g>'));
  expect(localBox(group, measure)).toEqual({ x: 0, y: -6, width: 20, height: 18 });
  expect(localBox(child(svg("<g><text></text></g>")), measure)).toBeUndefined();
});
