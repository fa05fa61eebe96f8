/**
 * @file Sizes of SVG texts for a document without a screen.
 *
 * jsdom builds SVG but lays nothing out: every box it reports is empty, and plotly then drops tick labels and misplaces titles.
 * These functions give boxes from the attributes of the elements and the metrics of the figures' own font.
 */
import type { TextMeasure } from "./font.js";

/** What is read of an element; a DOM element is one. */
export interface SvgNode {
  readonly nodeType: number;
  readonly tagName?: string;
  readonly textContent: string | null;
  readonly parentNode: SvgNode | null;
  readonly childNodes: ArrayLike<SvgNode>;
  readonly style?: { getPropertyValue(name: string): string };
  getAttribute?(name: string): string | null;
}

/** An axis-parallel box; `right` and `bottom` as in a DOMRect. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An affine map: x' = a·x + c·y + e, y' = b·x + d·y + f. */
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const IDENTITY: Affine = [1, 0, 0, 1, 0, 0];

function compose(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [p, q, r, s, t, u] = inner;
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f];
}

/** Reads an SVG transform list of translate, scale, rotate and matrix. */
export function parseTransform(text: string | null): Affine {
  let result = IDENTITY;
  for (const [, name, list] of (text ?? "").matchAll(/(\w+)\s*\(([^)]*)\)/g)) {
    const [a = 0, b, c, d = 0, e = 0, f = 0] = (list ?? "").split(/[\s,]+/).filter((part) => part !== "").map(Number);
    if (name === "translate") result = compose(result, [1, 0, 0, 1, a, b ?? 0]);
    if (name === "scale") result = compose(result, [a, 0, 0, b ?? a, 0, 0]);
    if (name === "matrix") result = compose(result, [a, b ?? 0, c ?? 0, d, e, f]);
    if (name === "rotate") {
      const [cos, sin] = [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)];
      const [x, y] = [b ?? 0, c ?? 0];
      result = compose(result, compose([1, 0, 0, 1, x, y], compose([cos, sin, -sin, cos, 0, 0], [1, 0, 0, 1, -x, -y])));
    }
  }
  return result;
}

function mapBox(map: Affine, box: Box): Box {
  const corners = [[box.x, box.y], [box.x + box.width, box.y], [box.x, box.y + box.height], [box.x + box.width, box.y + box.height]] as const;
  const [a, b, c, d, e, f] = map;
  const xs = corners.map(([x, y]) => a * x + c * y + e);
  const ys = corners.map(([x, y]) => b * x + d * y + f);
  return spanning(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
}

function spanning(left: number, top: number, right: number, bottom: number): Box {
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function union(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined;
  return spanning(
    Math.min(...boxes.map(({ x }) => x)), Math.min(...boxes.map(({ y }) => y)),
    Math.max(...boxes.map(({ x, width }) => x + width)), Math.max(...boxes.map(({ y, height }) => y + height)),
  );
}

const attribute = (node: SvgNode, name: string): string | null => node.getAttribute?.(name) ?? null;
const number = (text: string | null): number => Number.parseFloat(text ?? "") || 0;
const elements = (node: SvgNode): SvgNode[] => Array.from(node.childNodes).filter(({ nodeType }) => nodeType === 1);

/** A property that an element inherits: its own style, its own attribute, or the parent's. */
function inherited(node: SvgNode | null, name: string): string | undefined {
  for (let at = node; at !== null; at = at.parentNode) {
    const value = at.style?.getPropertyValue(name) || attribute(at, name);
    if (value) return value;
  }
  return undefined;
}

/** Font size in pixels; a percentage (sub- and superscripts) refers to the parent. */
function fontSize(node: SvgNode | null): number {
  const value = inherited(node, "font-size");
  if (value === undefined) return 12;
  if (!value.endsWith("%")) return Number.parseFloat(value);
  let owner = node;
  while (owner !== null && !(owner.style?.getPropertyValue("font-size") || attribute(owner, "font-size"))) owner = owner.parentNode;
  return (Number.parseFloat(value) / 100) * fontSize(owner?.parentNode ?? null);
}

function isBold(node: SvgNode): boolean {
  const weight = inherited(node, "font-weight") ?? "400";
  return weight === "bold" || Number.parseFloat(weight) >= 600;
}

/** Width in pixels of the text in an element, its nested spans in their own sizes and weights. */
export function textLength(node: SvgNode, measure: TextMeasure): number {
  let sum = 0;
  for (const child of Array.from(node.childNodes)) {
    if (child.nodeType === 3) sum += fontSize(node) * measure.width(child.textContent ?? "", isBold(node));
    if (child.nodeType === 1) sum += textLength(child, measure);
  }
  return sum;
}

/** Box of one line of text, hung on its anchor. */
function lineBox(line: SvgNode, x: number, y: number, measure: TextMeasure): Box {
  const size = fontSize(line);
  const width = textLength(line, measure);
  const anchor = inherited(line, "text-anchor");
  const left = anchor === "middle" ? x - width / 2 : anchor === "end" ? x - width : x;
  return spanning(left, y - measure.ascent * size, left + width, y + measure.descent * size);
}

/** Box of a text element: a single line, or plotly's lines (`<tspan class="line" dy="1.3em">`), each dy counted from the first. */
function textBox(node: SvgNode, measure: TextMeasure): Box | undefined {
  if ((node.textContent ?? "") === "") return undefined;
  const x = number(attribute(node, "x"));
  const y = number(attribute(node, "y"));
  const lines = elements(node).filter((child) => attribute(child, "class") === "line");
  if (lines.length === 0) return lineBox(node, x, y, measure);
  return union(lines.map((line) => {
    const shift = attribute(line, "dy") ?? "0";
    const down = Number.parseFloat(shift) * (shift.endsWith("em") ? fontSize(line) : 1);
    return lineBox(line, number(attribute(line, "x")) || x, y + down, measure);
  }));
}

/** Box of a path from the numbers of its absolute commands M, L, H, V; enough for frames and legend lines. */
function pathBox(path: string): Box | undefined {
  const boxes: Box[] = [];
  let x = 0;
  let y = 0;
  for (const [, command, list] of path.matchAll(/([MLHV])([^A-Za-z]*)/g)) {
    const values = (list ?? "").split(/[\s,]+/).filter((part) => part !== "").map(Number);
    const pairs = command === "H" ? values.map((value) => [value, undefined]) : command === "V" ? values.map((value) => [undefined, value])
      : values.flatMap((value, index) => (index % 2 === 0 ? [[value, values[index + 1]]] : []));
    for (const [nextX, nextY] of pairs) {
      x = nextX ?? x;
      y = nextY ?? y;
      boxes.push({ x, y, width: 0, height: 0 });
    }
  }
  return union(boxes);
}

/** Box of an element in its own coordinates (SVG's getBBox); undefined where it draws nothing. */
export function localBox(node: SvgNode, measure: TextMeasure): Box | undefined {
  switch (node.tagName?.toLowerCase()) {
    case "text":
    case "tspan":
      return textBox(node, measure);
    case "rect":
    case "image": {
      const [x, y] = [number(attribute(node, "x")), number(attribute(node, "y"))];
      return spanning(x, y, x + number(attribute(node, "width")), y + number(attribute(node, "height")));
    }
    case "circle": {
      const [x, y, r] = [number(attribute(node, "cx")), number(attribute(node, "cy")), number(attribute(node, "r"))];
      return spanning(x - r, y - r, x + r, y + r);
    }
    case "path":
      return pathBox(attribute(node, "d") ?? "");
    case "defs":
    case "clippath":
      return undefined;
    default:
      return union(elements(node).flatMap((child) => {
        const box = localBox(child, measure);
        return box === undefined ? [] : [mapBox(parseTransform(attribute(child, "transform")), box)];
      }));
  }
}

/** Box of an element on the page: its own box through the transforms of itself and of all that it stands in. */
export function pageBox(node: SvgNode, measure: TextMeasure): Box | undefined {
  let box = localBox(node, measure);
  for (let at: SvgNode | null = node; at !== null && box !== undefined; at = at.parentNode) {
    box = mapBox(parseTransform(attribute(at, "transform")), box);
  }
  return box;
}
