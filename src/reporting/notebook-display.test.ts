import { afterEach, expect, test, vi } from "vitest";
import { expectationContent, figureContent, interruptSignal, liveDisplay, progressContent, progressDisplay, show, tableContent } from "./notebook-display.js";

const HOOK = Symbol.for("notebook.display");
const globals = globalThis as Record<symbol, unknown>;
afterEach(() => {
  delete globals[HOOK];
  vi.restoreAllMocks();
});

interface Sent {
  readonly text: unknown;
  readonly id: unknown;
  readonly update: boolean;
}
function watchDisplays(): Sent[] {
  const sent: Sent[] = [];
  globals[HOOK] = (content: { data: Record<string, unknown>; transient: Record<string, unknown> }, update: boolean) =>
    sent.push({ text: content.data["text/plain"], id: content.transient["display_id"], update });
  return sent;
}

test("a live display is shown once and then updated under one id", () => {
  const sent = watchDisplays();
  const display = liveDisplay();
  display.update({ data: { "text/plain": "a" } });
  display.update({ data: { "text/plain": "b" } });
  expect(sent.map(({ text, update }) => [text, update])).toEqual([["a", false], ["b", true]]);
  expect(sent[0]?.id).toBe(sent[1]?.id);
  expect(typeof sent[0]?.id).toBe("string");
});

test("outside a notebook the plain text is printed, and updates are silent", () => {
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  show({ data: { "text/plain": "table", "text/html": "<b>table</b>" } });
  const display = liveDisplay();
  display.update({ data: { "text/plain": "0 %" } });
  display.update({ data: { "text/plain": "50 %" } });
  expect(written).toEqual(["table\n", "0 %\n"]);
});

test("the signal is that of the running cell, and outside a notebook one that stays quiet", () => {
  const cell = new AbortController();
  globals[Symbol.for("notebook.signal")] = cell;
  const signal = interruptSignal();
  cell.abort();
  expect(signal.aborted).toBe(true);
  delete globals[Symbol.for("notebook.signal")];
  expect(interruptSignal().aborted).toBe(false);
});

test("progress tells steps, label and time left, and always shows its end", () => {
  const { data } = progressContent("Adapting", { done: 30, total: 120, label: "loss 1.25 < 2" }, 20);
  expect(data["text/plain"]).toBe("Adapting: 30 of 120 · loss 1.25 < 2 · 1 min 0 s left");
  expect(data["text/html"]).toContain('<progress value="30" max="120"');
  expect(data["text/html"]).toContain("loss 1.25 &lt; 2");
  const sent = watchDisplays();
  const { onProgress } = progressDisplay("Adapting");
  for (let done = 1; done <= 100; done++) onProgress({ done, total: 100, label: "" });
  expect(sent.length).toBeLessThan(10);
  expect(sent.at(-1)?.text).toBe("Adapting: 100 of 100 · 0 s in all");
});

test("a table sets numbers to the right, shows a dash for what is missing and escapes HTML", () => {
  const { data } = tableContent(["stitch", "top-1"], [["Ti → S <3>", 0.5], ["S", null]]);
  expect(data["text/plain"]).toBe("stitch      top-1\n──────────  ─────\nTi → S <3>    0.5\nS               –");
  expect(data["text/html"]).toContain('<td style="text-align: left">Ti → S &lt;3&gt;</td><td style="text-align: right">0.5</td>');
});

test("a figure comes as one bundle of an interactive and a still picture, both larger than in print", async () => {
  const figure = { data: [{ type: "scatter", x: [1, 2], y: [3, 4], marker: { size: 4 } }], layout: { width: 200, height: 100 } };
  const { data, metadata } = await figureContent(figure, "two points");
  expect(Object.keys(data)).toEqual(["application/vnd.plotly.v1+json", "image/png", "text/plain"]);
  expect(data["application/vnd.plotly.v1+json"]).toMatchObject({ data: [{ x: [1, 2], marker: { size: 6 } }], layout: { width: 300, height: 150 } });
  const png = Buffer.from(String(data["image/png"]), "base64");
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.readUInt32BE(16)).toBe(300); // JupyterLab shows it in its own size
  expect(metadata).toEqual({ "image/png": { width: 300 } });
});

test("expected and measured numbers are marked by exact agreement", () => {
  const { data } = expectationContent([
    { what: "stitches", expected: 71, measured: 71 },
    { what: "biases", expected: 4_478_784, measured: 4_478_783 },
  ]);
  expect(String(data["text/plain"]).split("\n").slice(2)).toEqual([
    "stitches         71         71  ✓",
    "biases    4,478,784  4,478,783  ✗ differs",
  ]);
});
