import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { paretoFigure } from "../figures/pareto-figure.js";
import { figurePage, figuresOfPage } from "../figures/page.js";
import { instructionRows } from "../instruction-rows.js";
import { stitchRows } from "../record.js";
import { writeSummary } from "../summary.js";
import { rowsToCsv } from "../rows-csv.js";
import { stitchClaims } from "../stitch-claims.js";
import { syntheticInstructionRows, syntheticRows } from "../synthetic-rows.js";
import { writeTable } from "../table.js";
import { stitchTables } from "../tables.js";
import { chromiumPath, chromiumSwitches } from "./chromium.js";
import { experimentOf } from "../../experiments/index.js";
import { parseAssignments } from "../../experiments/settings.js";
import { writeLatency } from "../latency.js";
import { writeReportPage } from "./report-page.js";
import { exploredGroups } from "./stitch-means.js";

const browserPath = chromiumPath();
const results = mkdtempSync(join(tmpdir(), "report-page-"));
afterAll(() => rmSync(results, { recursive: true }));
const rows = syntheticRows({ tasks: 2, seeds: [0, 1, 2] });
let page: string;

beforeAll(() => {
  const folder = join(results, "quick", "vtab-stitching");
  mkdirSync(join(folder, "figures"), { recursive: true });
  writeFileSync(join(folder, "rows.csv"), rowsToCsv(stitchRows, rows));
  writeFileSync(join(folder, "figures", "pareto.html"), figurePage(paretoFigure(rows), "pareto", paretoFigure(rows, { width: "single" })));
  for (const table of stitchTables(rows, { note: "made up" })) writeTable(join(folder, "tables"), table);
  writeSummary(folder, { experiment: "vtab-stitching", profile: "quick", question: "Is <this> safe?", note: "made up </script>", command: "./reproduce.sh quick", files: [], claims: stitchClaims(rows) });
  page = writeReportPage(results, "quick")!;
});

/** Made-up milliseconds, a billionth of the FLOPs. */
const latencies = rows.filter(({ task, method, seed }) => task === rows[0]!.task && method === "pst" && seed === 0)
  .map(({ front, end, frontBlock, endBlock, flops }) => ({ front, end, frontBlock, endBlock, flops, milliseconds: flops / 1e7, least: flops / 1e7, most: flops / 1e7 }));

/** Holds the explorer's commands to the command line: the plan that they make has the run whose weights are exported. */
function expectRunnable(commands: string): void {
  const found = /^node dist\/cli\.js run (\S+) --profile quick ((?:--set \S+ )+)--seeds (\d+) --name stitch\nnode dist\/cli\.js (?:export|chat) --weights results\/stitch\/\1\/weights\/(\S+)\.safetensors --stitch (\d+)(?: --out stitch-\5\.safetensors)?$/.exec(commands);
  expect(found, commands).not.toBeNull();
  const [, id, assignments, seed, run] = found!;
  const experiment = experimentOf(id!);
  const changes = parseAssignments("explorer", assignments!.trim().split(/ ?--set /).filter((one) => one !== ""), experiment.kinds);
  const plan = experiment.plan("quick", { changes, seeds: [Number(seed)], name: "stitch" });
  expect(plan.problems()).toEqual([]);
  expect(plan.settings["saveWeights"]).toBe(true);
  expect(plan.runs.map(({ name }) => name)).toEqual([run]);
}

test("means are over seeds of means over tasks, and a row without stitches is nothing to explore", () => {
  const csv = "task,method,seed,stitch_id,front,end,front_block,end_block,flops,params,top1,val_top1\n" +
    "a,m,0,7,s,b,2,3,100,10,0.2,\na,m,1,7,s,b,2,3,100,10,0.4,\nb,m,0,7,s,b,2,3,102,12,0.6,\nb,m,1,7,s,b,2,3,102,12,0.8,\n";
  const [mean, a] = exploredGroups(csv);
  expect(mean).toMatchObject({ task: null, method: "m", stitches: [{ id: 7, blocks: [2, 3], flops: 101, params: 11, seeds: 2, val: null }] });
  expect(mean!.stitches[0]!.test).toBeCloseTo(0.5, 12);
  expect(mean!.stitches[0]!.spread).toBeCloseTo(Math.sqrt(0.02), 12); // means of the seeds: 0.4 and 0.6
  expect(a).toMatchObject({ task: "a" });
  expect(a!.stitches[0]!.test).toBeCloseTo(0.3, 12);
  // A method that lacks a task has no mean of all tasks: it would be one of others.
  const ofOne = "a,n,0,7,s,b,2,3,100,10,0.9,\n";
  expect(exploredGroups(csv + ofOne).map(({ task, method }) => [task, method])).toEqual([[null, "m"], ["a", "m"], ["b", "m"], ["a", "n"]]);
  expect(exploredGroups("task,loss\ndigits,2\n")).toEqual([]);
});

test("a figure is read back from its page as it was written", () => {
  const pair = figuresOfPage(figurePage(paretoFigure(rows), "pareto", paretoFigure(rows, { width: "single" })));
  expect(pair?.wide.data.length).toBe(paretoFigure(rows).data.length);
  expect(pair?.narrow).toEqual(JSON.parse(JSON.stringify(paretoFigure(rows, { width: "single" }))));
  expect(figuresOfPage(figurePage(paretoFigure(rows), "pareto"))?.narrow).toBeNull();
  expect(figuresOfPage("<html></html>")).toBeNull();
});

test("the page is the same for the same results, reads nothing from elsewhere, and a profile without results has none", () => {
  const first = readFileSync(page, "utf8");
  expect(readFileSync(writeReportPage(results, "quick")!, "utf8")).toBe(first);
  expect(first).not.toMatch(/<(script|link|img)[^>]+(src|href)="(https?:)?\/\//);
  expect(writeReportPage(results, "laptop")).toBeUndefined();
});

/** Opens a tab, and expects that its page reports no fault and asks the network for nothing. */
async function inBrowser(body: (tab: Page) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({ executablePath: browserPath!, args: [...chromiumSwitches] });
  try {
    const tab = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: "light" });
    const faults: string[] = [];
    tab.on("console", (message) => void (message.type() === "error" && faults.push(message.text())));
    tab.on("pageerror", (error) => void faults.push(error.message));
    tab.on("request", (request) => void (/^https?:/.test(request.url()) && faults.push(`asks the network: ${request.url()}`)));
    await body(tab);
    expect(faults).toEqual([]);
  } finally {
    await browser.close();
  }
}

test.skipIf(browserPath === undefined)(`in a browser: no errors, hover, sorting, filtering, budgets, dark and phone${browserPath === undefined ? " (left out: no Chromium here; set ESTA_CHROMIUM)" : ""}`, { timeout: 120_000 }, async () => {
  const shots = process.env["ESTA_SHOTS"];
  const shown = process.env["ESTA_REPORT"] ?? page;
  await inBrowser(async (tab) => {
    const shoot = async (name: string): Promise<void> => void (shots === undefined || (await tab.screenshot({ path: join(shots, `${name}.png`) })));
    await tab.goto(pathToFileURL(shown).href);
    expect(await tab.locator("main section").first().getAttribute("id")).toBe("claims");
    expect(await tab.locator(".verdict").count()).toBeGreaterThan(0);
    expect(await tab.locator("#claims h3").allInnerTexts()).toEqual(["Claims of the paper", "Our own questions"]);
    expect(await tab.locator("#claims .lead").innerText()).toMatch(/^The paper's claims: \d supported, \d contradicted, \d undecided\. Our own questions: /);
    // The first Tab reaches the link past the header, and what has the focus shows it.
    await tab.keyboard.press("Tab");
    expect(await tab.evaluate("document.activeElement.className")).toBe("skip");
    expect(await tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    await shoot("light-claims");

    const big = tab.locator(".choice .big");
    const slider = tab.getByLabel("Budget", { exact: true });
    await slider.focus();
    await tab.keyboard.press("Home");
    expect(await tab.locator(".choice").innerText()).toMatch(/among 1 of 71/);
    const cheapest = await tab.locator(".choice strong").innerText();
    await tab.keyboard.press("End");
    expect(await tab.locator(".choice").innerText()).toMatch(/among 71 of 71/);
    expect(await tab.locator(".choice strong").innerText()).not.toBe(cheapest);
    expect(await big.innerText()).toMatch(/^\d+\.\d( ± \d+\.\d)? %$/);
    await tab.getByLabel("Task", { exact: true }).selectOption({ index: 1 });
    expectRunnable(await tab.locator(".choice pre").innerText());
    expect(await tab.getByLabel("Budget of", { exact: true }).locator("option").allInnerTexts()).toEqual(["FLOPs of an image", "parameters", "latency (not measured: esta latency)"]);
    await tab.getByLabel("Choose by", { exact: true }).selectOption("importance");
    expect(await tab.locator(".choice").innerText()).toMatch(/the most important among 71 of 71/);
    expect(await tab.locator(".choice pre").innerText()).toMatch(/export .* --flops \d+ --out/);
    await tab.getByLabel("Choose by", { exact: true }).selectOption("val");
    // A click on a stitch sets the budget to its cost.
    const stitches = tab.locator(".explored .point");
    await stitches.first().waitFor();
    await tab.locator(".explored").scrollIntoViewIfNeeded();
    const first = (await stitches.first().boundingBox())!;
    await tab.mouse.move(first.x + first.width / 2, first.y + first.height / 2, { steps: 4 });
    await tab.locator(".explored .hovertext").first().waitFor();
    await tab.mouse.down();
    await tab.mouse.up();
    await expect.poll(() => tab.locator(".choice").innerText()).not.toMatch(/among 71 of 71/);
    await tab.locator("#explorer summary").click();
    expect(await tab.locator("#explorer tbody svg.route").count()).toBe(71);
    await tab.locator("#explorer").scrollIntoViewIfNeeded();
    await shoot("light-explorer");
    const costs = tab.locator("#explorer tbody tr td:first-child");
    await tab.locator("#explorer th button").first().click();
    expect((await costs.allInnerTexts()).slice(0, 3)).toEqual(["0", "1", "2"]);
    await tab.keyboard.press("Enter");
    expect((await costs.allInnerTexts()).slice(0, 3)).toEqual(["70", "69", "68"]);
    const experiment = tab.locator("#vtab-stitching");
    const table = experiment.locator("table").first();
    const all = await table.locator("tbody tr").count();
    await experiment.locator("input[type=search]").first().fill("no such words");
    expect(await table.locator("tbody tr").count()).toBe(0);
    await experiment.locator("input[type=search]").first().fill("");
    expect(await table.locator("tbody tr").count()).toBe(all);

    // A link leads to a heading below the header, in however many lines its links stand.
    await tab.evaluate(`document.getElementById("contents").style.paddingBottom = "60px"`);
    await tab.locator("#contents a").last().click();
    const header = (await tab.locator("header").boundingBox())!;
    await expect.poll(async () => (await experiment.locator("h2").boundingBox())!.y).toBeGreaterThanOrEqual(header.y + header.height);
    await tab.evaluate(`document.getElementById("contents").style.paddingBottom = ""`);

    const plot = experiment.locator(".js-plotly-plot").first();
    await experiment.locator(".figure").first().scrollIntoViewIfNeeded();
    await plot.locator(".point").first().waitFor();
    const point = await plot.locator(".point").nth(5).boundingBox();
    await tab.mouse.move(point!.x + point!.width / 2, point!.y + point!.height / 2, { steps: 4 });
    await plot.locator(".hoverlayer .hovertext").first().waitFor({ timeout: 5000 });
    expect(await plot.locator(".hoverlayer .hovertext").first().textContent()).toMatch(/FLOPs/);
    await shoot("light-figure");

    await tab.keyboard.press("Home");
    await tab.locator("#theme").click();
    expect(await tab.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(22, 24, 28)");
    await experiment.locator(".figure").first().scrollIntoViewIfNeeded();
    await tab.waitForTimeout(500);
    expect(await tab.evaluate(`document.querySelector(".js-plotly-plot .main-svg").style.background`)).toBe("rgb(22, 24, 28)");
    await shoot("dark-figure");
    await tab.evaluate("scrollTo(0, 0)");
    await shoot("dark-claims");

    expect(await experiment.getByRole("link", { name: "CSV", exact: true }).first().getAttribute("href")).toMatch(/^vtab-stitching\/tables\/\w+\.csv$/);
    expect((await plot.boundingBox())!.width).toBeGreaterThan(900);

    await tab.setViewportSize({ width: 390, height: 844 });
    await expect.poll(async () => (await plot.boundingBox())!.width).toBeLessThan(360);
    expect(await tab.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    await shoot("phone-claims");
    await tab.evaluate(`document.getElementById("explorer").scrollIntoView()`);
    await shoot("phone-explorer");

    writeLatency(results, { family: "mini", of: "image", batch: 1, repeats: 3, engine: { backend: "cpu", threads: 1 }, machine: { platform: "x", cpu: "a processor", cores: 1, memoryBytes: 1, node: "20" }, stitches: latencies });
    await tab.goto(pathToFileURL(writeReportPage(results, "quick")!).href);
    await tab.getByLabel("Budget of", { exact: true }).selectOption("latency");
    expect(await tab.locator(".choice").innerText()).toMatch(/ parameters, [\d.]+ ms\./);
    expect(await tab.locator("#explorer").innerText()).toContain("Latency: family mini, an image of a batch of 1, median of 3, cpu engine with 1 thread on a processor.");
  });
});

test("rows of decoders are explored by perplexity, lower being better", () => {
  const [group, ...others] = exploredGroups(rowsToCsv(instructionRows, syntheticInstructionRows([0, 1, 2])));
  expect(others).toEqual([]);
  expect(group).toMatchObject({ measure: "perplexity", task: null, method: "pst", seed: 0 });
  expect(group!.stitches).toHaveLength(9);
  expect(group!.stitches[0]).toMatchObject({ id: 0, blocks: null, flops: 1_200_000, params: 1_100_000, seeds: 3 });
});

test.skipIf(browserPath === undefined)("in a browser: a budget of a token's cost buys a stitch of decoders, with its perplexity, its route and the commands to talk with it", { timeout: 120_000 }, async () => {
  const other = mkdtempSync(join(results, "decoders-"));
  const folder = join(other, "quick", "instruction-following");
  mkdirSync(folder, { recursive: true });
  const made = syntheticInstructionRows([0, 1, 2]);
  writeFileSync(join(folder, "rows.csv"), rowsToCsv(instructionRows, made));
  writeSummary(folder, { experiment: "instruction-following", profile: "quick", question: "Between?", note: "made up", command: "./reproduce.sh quick", files: [], claims: [] });
  writeTable(join(folder, "tables"), { id: "methods", title: "Methods", note: "made up", columns: [{ key: "method", label: "Method", format: "text", labels: { pst: "PST as we have it" } }], rows: [{ method: "pst" }] });
  const stitches = made.filter(({ seed }) => seed === 0).map(({ front, end, frontBlock, endBlock, flopsPerToken: flops }) => ({ front, end, frontBlock, endBlock, flops, milliseconds: flops / 1e7, least: flops / 1e7, most: flops / 1e7 }));
  writeLatency(other, { family: "mini-llama", of: "token", batch: 1, repeats: 3, engine: { backend: "cpu", threads: 1 }, machine: { platform: "x", cpu: "a processor", cores: 1, memoryBytes: 1, node: "20" }, stitches });
  await inBrowser(async (tab) => {
    await tab.goto(pathToFileURL(writeReportPage(other, "quick")!).href);
    const choice = tab.locator(".choice");
    expect(await tab.getByLabel("Method", { exact: true }).locator("option").allInnerTexts()).toEqual(["PST as we have it"]);
    const slider = tab.getByLabel("Budget", { exact: true });
    await slider.focus();
    await tab.keyboard.press("End");
    const best = made.filter(({ stitchId }) => stitchId === 1).map(({ perplexity }) => perplexity);
    const mean = best.reduce((sum, value) => sum + value, 0) / 3;
    const spread = Math.sqrt(best.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
    expect((await choice.locator(".big").innerText())).toBe(`${mean.toFixed(1)} ± ${spread.toFixed(1)}`);
    expect(await choice.innerText()).toMatch(/test perplexity of the answers, mean ± standard deviation of 3 seeds; the best on validation among 9 of 9/);
    expectRunnable(await choice.locator("pre").innerText());
    await tab.keyboard.press("Home");
    expect(await choice.innerText()).toMatch(/among 1 of 9 [^]*Anchor 0: anchor S, all blocks; 1\.2 MFLOPs, 1,100,000 parameters, 0\.120 ms\./);
    expect(await tab.getByLabel("Budget of", { exact: true }).locator("option").allInnerTexts()).toEqual(["FLOPs of a token", "parameters", "latency"]);
    await tab.getByLabel("Budget of", { exact: true }).selectOption("latency");
    expect(await tab.locator("#explorer").innerText()).toContain("Latency: family mini-llama, a token after the first, median of 3, cpu engine with 1 thread on a processor.");
    // A stitch of the two is drawn with each decoder's own number of blocks.
    await tab.locator("#explorer summary").click();
    expect(await tab.locator("#explorer tbody tr", { hasText: /^3/ }).first().locator("rect").count()).toBe(12);
    await slider.focus();
    for (let press = 0; press < 7; press++) await tab.keyboard.press("PageUp");
    if (process.env["ESTA_SHOTS"] !== undefined) {
      await tab.locator("#explorer").scrollIntoViewIfNeeded();
      await tab.locator(".explored .point").first().waitFor();
      await tab.screenshot({ path: join(process.env["ESTA_SHOTS"], "decoders-explorer.png") });
    }
  });
});
