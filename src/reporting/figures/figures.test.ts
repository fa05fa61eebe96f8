import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { syntheticRows } from "../synthetic-rows.js";
import { enlargeFigure } from "./enlarge.js";
import type { Figure } from "./figure.js";
import { textMeasure } from "./font.js";
import { figurePage } from "./page.js";
import { paretoFigure } from "./pareto-figure.js";
import { closePlotly } from "./plotly-window.js";
import { renderFigure, writeFigure } from "./render.js";
import { stitchSpaceFigure } from "./stitch-space-figure.js";
import { pageBox } from "./text-layout.js";
import type { Box, SvgNode } from "./text-layout.js";

afterAll(closePlotly);

const NOTE = "quick profile: 4 tasks, 40 steps, mini-Ti/S/B, 500 test images a task, 1 seed. Too small to compare with a published number.";
const space = (): Figure => stitchSpaceFigure(syntheticRows({ tasks: 1 }), { title: "71 stitches", note: "32×32 images" });

interface DrawnText extends Box {
  readonly text: string;
}

/** All texts of a picture with their boxes, measured in the figures' own font. */
function textsOf(svg: string): DrawnText[] {
  const { JSDOM } = createRequire(import.meta.url)("jsdom") as {
    JSDOM: new (html: string) => { window: { document: { querySelectorAll(name: string): ArrayLike<SvgNode> } } };
  };
  // Parsing thousands of marks would take most of the time.
  return Array.from(new JSDOM(svg.replace(/<path[^>]*\/>/g, "")).window.document.querySelectorAll("text")).flatMap((node) => {
    const box = pageBox(node, textMeasure());
    return box === undefined ? [] : [{ ...box, text: node.textContent ?? "" }];
  });
}

function overlaps(a: Box, b: Box): boolean {
  // Line boxes hold room above and below the letters.
  const slack = 2;
  return a.x + slack < b.x + b.width && b.x + slack < a.x + a.width && a.y + slack < b.y + b.height && b.y + slack < a.y + a.height;
}

/** Pairs of texts that cover each other, and texts that leave the picture. */
function faults(svg: string, { layout: { width, height } }: Figure): string[] {
  const texts = textsOf(svg);
  const outside = texts.filter(({ x, y, width: w, height: h }) => x < -0.5 || y < -0.5 || x + w > width + 0.5 || y + h > height + 0.5);
  const covered = texts.flatMap((a, index) => texts.slice(index + 1).filter((b) => overlaps(a, b)).map((b) => `${a.text} | ${b.text}`));
  return [...outside.map(({ text }) => `outside: ${text}`), ...covered];
}

test.each([
  ["double column", paretoFigure(syntheticRows(), { title: "Accuracy against cost", note: NOTE })],
  ["single column", paretoFigure(syntheticRows({ tasks: 3 }), { note: NOTE, width: "single" })],
  ["many tasks", paretoFigure(syntheticRows({ tasks: 11 }), { note: NOTE })],
  ["larger, for a screen", enlargeFigure(paretoFigure(syntheticRows({ tasks: 2, seeds: [0, 1] }), { title: "Accuracy against cost", note: NOTE }), 1.4)],
  ["no rows", paretoFigure([], { note: NOTE })],
  ["stitch space", space()],
] as const)("no text covers another or leaves the picture: %s", async (_, figure) => {
  const { svg } = await renderFigure(figure);
  expect(faults(svg, figure)).toEqual([]);
  expect(svg).not.toMatch(/NaN|undefined|url\(['&]/);
}, 30_000);

test("every panel has its name, its anchors, its ticks and the note", async () => {
  const { svg } = await renderFigure(paretoFigure(syntheticRows(), { note: NOTE }));
  const texts = textsOf(svg).map(({ text }) => text);
  const count = (text: string): number => texts.filter((one) => one === text).length;
  for (const anchor of ["Ti", "S", "B"]) expect(count(anchor)).toBe(5);
  // The three lowest panels of the columns carry the labels of the cost.
  for (const tick of ["10M", "20M", "50M", "100M"]) expect(count(tick)).toBe(3);
  expect(texts.filter((text) => /^\d+$/.test(text)).length).toBeGreaterThanOrEqual(5 * 3);
  expect(texts.some((text) => text.startsWith("Mean of 4 tasks"))).toBe(true);
  expect(texts.join(" ")).toContain("quick profile: 4 tasks");
});

test("the same figure gives the same bytes, whatever was drawn before and in whatever window", async () => {
  const figure = paretoFigure(syntheticRows({ tasks: 1 }), { note: NOTE });
  const first = await renderFigure(figure);
  await renderFigure(space());
  const [second, other] = await Promise.all([renderFigure(figure), renderFigure(space())]);
  closePlotly();
  const third = await renderFigure(figure);
  expect(second.svg).toBe(first.svg);
  expect(third.svg).toBe(first.svg);
  expect(Buffer.from(third.png).equals(Buffer.from(first.png))).toBe(true);
  expect(other.svg).not.toBe(first.svg);
}, 30_000);

test("the frontier is a step through the best stitches, drawn on to the dearest stitch", () => {
  const rows = syntheticRows({ tasks: 1 }).filter(({ method }) => method === "pst");
  const line = paretoFigure(rows).data.find((trace) => trace["mode"] === "lines")!;
  const [x, y] = [line["x"] as number[], line["y"] as number[]];
  expect((line["line"] as { shape: string }).shape).toBe("hv");
  expect(x[0]).toBe(Math.min(...rows.map(({ flops }) => flops)));
  expect(x[x.length - 1]).toBe(Math.max(...rows.map(({ flops }) => flops)));
  for (const [index, cost] of x.entries()) {
    expect(y[index]).toBeCloseTo(100 * Math.max(...rows.filter(({ flops }) => flops <= cost).map(({ top1 }) => top1)), 3);
  }
});

test("the note tells over how many seeds the means are, the fewest and the most where tasks differ", () => {
  const rows = syntheticRows({ tasks: 2, seeds: [0, 1, 2] });
  const noteOf = (some: typeof rows): string => JSON.stringify(paretoFigure(some).layout).replaceAll("<br>", " ");
  expect(noteOf(rows)).toContain("Means over 3 seeds, bands");
  const { task } = rows[0]!;
  expect(noteOf(rows.filter((row) => row.task !== task || row.seed < 2))).toContain("Means over 2 to 3 seeds, bands");
});

test("the note tells what rings and panels of means are, where there are any", () => {
  const noteOf = (figure: Figure): string => JSON.stringify(figure.layout).replaceAll("<br>", " ");
  const several = noteOf(paretoFigure(syntheticRows({ tasks: 2 })));
  expect(several).toContain("Rings: selected for deployment in at least half of the runs. Panels of means: each stitch averaged over the tasks");
  const one = noteOf(paretoFigure(syntheticRows({ tasks: 1 })));
  expect(one).toContain("Rings: selected for deployment.");
  expect(one).not.toContain("Panels of means");
  expect(noteOf(paretoFigure(syntheticRows({ tasks: 1 }).map((row) => ({ ...row, selected: 0 as const }))))).not.toContain("Rings");
});

test("every panel of a task tells its group, below the name in all where one has no room for it beside the name", () => {
  const titlesOf = (rows: ReturnType<typeof syntheticRows>): string[] => (paretoFigure(rows).layout["annotations"] as { text: string }[]).map(({ text }) => text).filter((text) => text.startsWith("<b>"));
  const below = titlesOf(syntheticRows({ tasks: 11 }));
  expect(below).toHaveLength(12);
  for (const title of below.slice(0, -1)) expect(title).toMatch(/^<b>[^<]+<\/b><br><span [^>]+>(natural|specialised|structured)<\/span>$/);
  expect(below.at(-1)).toBe("<b>Mean of 11 tasks</b>");
  for (const title of titlesOf(syntheticRows({ tasks: 2 })).slice(0, -1)) expect(title).toMatch(/^<b>[^<]+<\/b> {2}<span [^>]+>natural<\/span>$/);
});

test("a method that lacks the first task keeps its mark in the key, and a mean over tasks tells no run's validation", () => {
  const rows = syntheticRows({ tasks: 3 });
  const { data } = paretoFigure(rows.filter(({ task, method }) => method !== "sn-net" || task !== rows[0]!.task), { methods: ["pst", "sn-net", "anchors"] });
  const marks = data.filter((trace) => (trace["x"] as unknown[])[0] === null).map((trace) => (trace["marker"] as { symbol?: string }).symbol);
  expect(marks.slice(0, 3)).toEqual(["circle", "square", "triangle-up-open"]);
  // Three tasks, their mean, and the mean of the two that all methods have.
  const textsIn = (panel: number): string => data.filter(({ xaxis }) => xaxis === `x${panel}`).flatMap((trace) => (trace["text"] as string[] | undefined) ?? []).join(" ");
  expect(textsIn(3)).toContain("validation");
  for (const mean of [4, 5]) expect(textsIn(mean)).toMatch(/^(?!.*validation).*top-1/);
});

test("an axis spans points and bands, not the spread of stitches that have no band", () => {
  const rows = syntheticRows({ tasks: 1, seeds: [0, 1] });
  const lowest = rows.filter(({ kind, seed }) => kind === "stitch" && seed === 0).reduce((low, row) => (row.top1 < low.top1 ? row : low));
  const isLowest = ({ method, stitchId }: (typeof rows)[number]): boolean => method === lowest.method && stitchId === lowest.stitchId;
  const rangeOf = (spread: number): number[] => (paretoFigure(rows.map((row) => (isLowest(row) ? { ...row, top1: lowest.top1 + (row.seed === 0 ? spread : -spread) } : row))).layout["yaxis"] as { range: number[] }).range;
  expect(rangeOf(0.2).map((end) => end.toFixed(9))).toEqual(rangeOf(0).map((end) => end.toFixed(9)));
  expect(rangeOf(0)[0]).toBeLessThan(100 * lowest.top1);
});

test("hovering names the stitch, its route and its cost, and markup in names stays text", () => {
  const rows = syntheticRows({ tasks: 1 }).map((row) => ({ ...row, front: row.front.replace("mini-ti", "<i>ti</i>") }));
  const texts = paretoFigure(rows).data.flatMap((trace) => (trace["text"] as string[] | undefined) ?? []);
  expect(texts).toContain(
    "<b>stitch 6</b> · PST, importance sampling<br>&lt;i&gt;ti&lt;/i&gt; to block 1 → mini-s from block 1<br>22.7 MFLOPs · 1.62 M parameters<br>" +
    `top-1 ${(100 * rows[6]!.top1).toFixed(1)} %<br>validation ${(100 * rows[6]!.valTop1!).toFixed(1)} %<br>importance ${rows[6]!.importance!.toExponential(2)} · ${rows[6]!.visits} visits`,
  );
});

test("the stitch space has one square for each stitch, coloured by its cost", () => {
  const data = space().data;
  expect(data.map(({ x }) => (x as number[]).length)).toEqual([34, 34]);
  const colors = (data[0]!["marker"] as { color: number[] }).color;
  expect(colors[0]).toBeCloseTo(Math.log10(syntheticRows({ tasks: 1 })[3]!.flops), 12);
});

test("the page stands on its own and no text can end its script", () => {
  const figure: Figure = { data: [{ type: "scatter", x: [1], y: [1], name: "</script><b>" }], layout: { width: 100, height: 100 } };
  const page = figurePage(figure, 'a <"b">');
  expect(page).toContain("<title>a &lt;&quot;b&quot;&gt;</title>");
  expect(page.match(/<\/script>/g)).toHaveLength(2);
  expect(/<(script|link|img)[^>]*(src|href)=/.test(page)).toBe(false);
});

test("a figure is written as SVG, PNG of 300 dots to the inch, and a page", async () => {
  const folder = mkdtempSync(join(tmpdir(), "esta-figure-"));
  const figure = space();
  const files = await writeFigure(join(folder, "figures", "space"), figure);
  expect(readdirSync(join(folder, "figures")).sort()).toEqual(["space.html", "space.png", "space.svg"]);
  const png = readFileSync(files.png);
  expect(png.toString("latin1", 1, 4)).toBe("PNG");
  expect(png.readUInt32BE(16)).toBe(Math.round((figure.layout.width * 300) / 96));
  expect(readFileSync(files.svg, "utf8")).toContain("@font-face");
});
