import { join } from "node:path";
import { expect } from "vitest";
import { textOf, writeNotebook, type NotebookCell } from "../kernel/notebook-file.js";
import { labBrowser } from "./lab-browser.js";
import type { LabPage } from "./lab-page.js";

const { test, folder, use } = labBrowser("JupyterLab in a browser");

const kernelspec = { name: "esta", display_name: "TypeScript (esta)", language: "typescript" };
/** A test of a fresh notebook that is open in the browser. */
function testCells(name: string, title: string, sources: readonly string[], body: (lab: LabPage) => Promise<void>): void {
  test(title, { timeout: 600_000 }, async () => {
    const cells = sources.map((source, index): NotebookCell => ({ cell_type: "code", id: `cell-${index}`, metadata: {}, source, outputs: [], execution_count: null }));
    writeNotebook(join(folder, name), { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
    await use(name, body);
  });
}
const printed = (cell: NotebookCell | undefined): string => (cell?.outputs ?? []).map((output) => (output.output_type === "stream" ? textOf(output.text) : "")).join("");

testCells("assist.ipynb", "Tab completes members, options and names of the library; Shift+Tab shows signature and documentation", ['import { stitchSpace } from "esta";\nconst space = stitchSpace([12, 12, 12]);\nspace.stitches.length', "", "", "", "stitchSpace([2, 2])"], async (lab) => {
  const { page } = lab;
  await lab.run(0);
  expect(await lab.shown(0)).toBe("71");
  const typed = async (place: number, text: string, left = 0): Promise<void> => {
    await lab.cell(place).locator(".cm-content").click();
    await page.keyboard.type(text);
    for (let step = 0; step < left; step++) await page.keyboard.press("ArrowLeft");
    await page.waitForSelector(".jp-mod-completer-enabled"); // before that, Tab indents
    await page.waitForTimeout(300);
    await page.keyboard.press("Tab");
  };
  await typed(1, "space.stitch");
  const list = page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item");
  const offered = async (): Promise<string[]> => {
    await list.first().waitFor({ timeout: 90_000 });
    return page.locator(".jp-Completer-item .jp-Completer-match").allInnerTexts();
  };
  expect(await offered()).toEqual(["stitches", "stitchingLayers"]);
  await lab.shoot("completion");
  await page.keyboard.press("Escape");
  // The first of the list is put in by Enter.
  const chosen = async (place: number): Promise<string> => {
    await list.first().waitFor({ timeout: 90_000 });
    await page.keyboard.press("Enter");
    await list.first().waitFor({ state: "hidden" });
    return lab.cell(place).locator(".cm-content").innerText();
  };
  await typed(2, "stitchSpace([12, 12], { windo");
  expect(await offered()).toEqual(["windowSize"]);
  expect(await chosen(2)).toContain("{ windowSize");
  await typed(3, 'import { stitchCo } from "esta"', ' } from "esta"'.length);
  expect((await offered()).map((name) => name.toLowerCase())).toContain("stitchcosts");
  expect(await chosen(3)).toBe('import { stitchCosts } from "esta"');
  await lab.cell(4).locator(".cm-content").click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+Tab");
  await page.waitForSelector(".jp-Tooltip", { timeout: 90_000 });
  const tooltip = await page.locator(".jp-Tooltip").innerText();
  await lab.shoot("tooltip");
  expect(tooltip).toContain("stitchSpace(anchorDepths");
  expect(tooltip).toMatch(/@throws/);
});

const flood = (lines: number): string => `for (let i = 0; i < ${lines.toLocaleString("en").replace(/,/g, "_")}; i++) console.log("line " + i);`;
testCells("flood.ipynb", "a hundred thousand printed lines arrive, in order", [flood(10_000), flood(100_000)], async (lab) => {
  for (const [place, lines] of [[0, 10_000], [1, 100_000]] as const) {
    await lab.run(place);
    const arrived = printed((await lab.saved())[place]).trimEnd().split("\n");
    expect(arrived.length).toBe(lines);
    expect(arrived.findIndex((line, i) => line !== `line ${i}`)).toBe(-1);
  }
});

testCells("live.ipynb", "progress, a plot and printed text change while their cell runs", [
  'import { liveFigure, progressDisplay } from "esta";\nconst { onProgress } = progressDisplay("Counting");\nconst pause = (ms: number) => new Promise((done) => setTimeout(done, ms));',
  'for (let done = 1; done <= 12; done++) {\n  onProgress({ done, total: 12, label: "step" });\n  console.log(`printed ${done}`);\n  await pause(250);\n}',
  'const busyUntil = performance.now() + 3000;\nfor (let next = 1; performance.now() < busyUntil; ) if (performance.now() > busyUntil - 3000 + 300 * next) console.log(`busy ${next++}`);',
  'const figure = liveFigure("points");\nfor (let points = 1; points <= 3; points++) {\n  const x = Array.from({ length: points }, (_, i) => i);\n  await figure.update({ data: [{ type: "scatter", mode: "markers", x, y: x }], layout: { width: 360, height: 240, margin: { t: 20, r: 20, b: 40, l: 50 } } });\n  await pause(1500);\n}',
], async (lab) => {
  await lab.run(0);
  const seenWhileRunning = async (place: number, look: () => Promise<string | number>): Promise<Set<string | number>> => {
    const seen = new Set<string | number>();
    await lab.run(place, false);
    while ((await lab.cell(place).locator(".jp-InputPrompt").innerText()).includes("*")) {
      seen.add(await look());
      await lab.page.waitForTimeout(60);
    }
    return seen;
  };
  const bars = await seenWhileRunning(1, () => lab.page.evaluate<number>(`document.querySelector(".jp-Notebook progress")?.value ?? -1`));
  expect(bars.size).toBeGreaterThan(6);
  await lab.shoot("progress");
  const texts = await seenWhileRunning(2, () => lab.shown(2));
  expect(texts.size).toBeGreaterThan(5); // also while the thread is busy
  const pictures = await seenWhileRunning(3, () => lab.cell(3).locator("img").evaluateAll((images: { readonly src: string }[]) => images.map(({ src }) => src).join()));
  expect(pictures.size).toBeGreaterThanOrEqual(3);
  await lab.shoot("live-plot");
});

const training = [
  'import { adapt, adaptSettingsOf, familyOf, interruptSignal, loadAnchorFamily, loadTask, progressDisplay, useBackend, vtabBase } from "esta";',
  'import { existsSync } from "node:fs";',
  "await useBackend();",
  'const family = await loadAnchorFamily("mini");',
  'const task = await loadTask("digits", { testImages: 50 });',
  'const settings = adaptSettingsOf({ ...vtabBase, steps: 4000, batchSize: 32 }, "pst", familyOf("mini"));',
  `const checkpoint = ${JSON.stringify(join(folder, "training.safetensors"))};`,
  'console.log("ready");',
].join("\n");

testCells("interrupt.ipynb", "an interrupt stops whatever runs within two seconds, keeps the session, and leaves a training's checkpoint", [
  "let kept = 41;",
  "kept + 1",
  "while (true) {}",
  "await new Promise(() => {});",
  "await null; for (;;) { try { JSON.parse('{'); } catch {} }",
  training,
  'await adapt(family, task, settings, { seed: 0, checkpoint, signal: interruptSignal(), onProgress: progressDisplay("Adapting").onProgress });',
  "existsSync(checkpoint)",
], async (lab) => {
  await lab.run(0);
  await lab.run(5);
  expect(await lab.shown(5)).toContain("ready");
  const seconds: Record<string, number> = {};
  for (const [place, what] of [[2, "busy loop"], [3, "pending await"], [4, "loop that swallows errors"], [6, "training"]] as const) {
    await lab.run(place, false);
    if (place === 6) await lab.cell(place).locator("progress").waitFor();
    await lab.page.waitForTimeout(1200);
    seconds[what] = await lab.interrupt();
    expect(await lab.shown(place)).toContain("KeyboardInterrupt: interrupted by the user");
    await lab.run(1);
    expect(await lab.shown(1)).toBe("42");
  }
  await lab.shoot("interrupted");
  await lab.page.waitForTimeout(500);
  await lab.run(7);
  expect(await lab.shown(7)).toBe("true");
  console.log(`interrupts answered after ${Object.entries(seconds).map(([what, time]) => `${time.toFixed(2)} s (${what})`).join(", ")}`);
  for (const time of Object.values(seconds)) expect(time).toBeLessThan(2);
});

testCells("restart.ipynb", "a kernel restarts while idle and while busy, and the notebook runs again", ["let kept = 41;", "kept + 1", "for (;;) {}"], async (lab) => {
  await lab.run(0);
  const idle = await lab.restart();
  await lab.run(1);
  expect(await lab.shown(1)).toContain("Cannot find name 'kept'");
  await lab.run(2, false);
  await lab.page.waitForTimeout(1000);
  const busy = await lab.restart();
  console.log(`restarted in ${idle.toFixed(1)} s, while busy in ${busy.toFixed(1)} s`);
  await lab.run(0);
  await lab.run(1);
  expect(await lab.shown(1)).toBe("42");
  await lab.shoot("restarted");
});

testCells("shown.ipynb", "errors show the user's own lines; a picture and an interactive figure show also when the notebook is opened again", [
  'function deep(n: number): never {\n  throw new RangeError(`too deep: ${n}`);\n}\ndeep(3);',
  "const wrong: string = 5;",
  'import { showFigure, showTable } from "esta";\nawait showFigure({ data: [{ type: "scatter", mode: "markers", x: [1, 2], y: [1, 2] }], layout: { width: 360, height: 240, margin: { t: 20, r: 20, b: 40, l: 50 } } }, "two points");\nshowTable(["a", "b"], [["x", 1]]);',
  'import { display } from "tslab";\ndisplay.png(Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64"));',
], async (lab) => {
  for (const place of [0, 1, 2, 3]) await lab.run(place);
  expect(await lab.shown(0)).toContain("-->   2 |   throw new RangeError(`too deep: ${n}`);");
  expect(await lab.shown(1)).toContain("    const wrong: string = 5;\n          ^^^^^");
  await lab.shoot("errors");
  await lab.saved();
  await lab.page.close();
  await use("shown.ipynb", async (again) => {
    await again.cell(2).locator("img.plot-img").dispatchEvent("mouseenter"); // a picture until the pointer comes
    await again.page.waitForSelector(".js-plotly-plot .points path");
    expect(await again.cell(2).locator(".js-plotly-plot .points path").count()).toBe(2);
    expect(await again.cell(2).locator("td").allInnerTexts()).toEqual(["x", "1"]);
    expect(await again.cell(3).locator("img").evaluate((image: { readonly naturalWidth: number }) => image.naturalWidth)).toBe(1);
    await again.cell(2).locator(".js-plotly-plot .points path").first().hover({ force: true });
    await again.page.waitForSelector(".hoverlayer .hovertext");
    await again.shoot("reopened");
  });
});
