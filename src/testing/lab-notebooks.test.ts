import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../experiments/package-root.js";
import { codeCells } from "../kernel/notebook-file.js";
import { chromiumPath, chromiumSwitches } from "../reporting/report-page/chromium.js";
import { LabPage } from "./lab-page.js";
import { isLabSetUp, startLab, type LabServer } from "./lab-server.js";

/** They take minutes, so they run when asked for: ESTA_LAB_NOTEBOOKS=all, or names with commas between. ESTA_SHOTS names a folder for pictures of them. */
const asked = process.env["ESTA_LAB_NOTEBOOKS"];
const shots = process.env["ESTA_SHOTS"];
const all = readdirSync(join(packageRoot, "notebooks")).filter((name) => name.endsWith(".ipynb"));
const names = all.filter((name) => asked === "all" || asked?.split(",").some((part) => name.startsWith(part)));
const browserPath = chromiumPath();
const isReady = asked !== undefined && browserPath !== undefined && isLabSetUp();
if (!isReady) console.log("skipped: every notebook run in JupyterLab in a browser; it takes a set-up .venv/lab, a Chromium, and ESTA_LAB_NOTEBOOKS=all");

const folder = mkdtempSync(join(tmpdir(), "esta-lab-notebooks-"));
let server: LabServer;
let browser: Browser;
beforeAll(async () => {
  if (!isReady) return;
  server = await startLab(folder);
  browser = await chromium.launch({ executablePath: browserPath, args: [...chromiumSwitches] });
}, 600_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(!isReady).each(isReady ? names : all)("%s: restart and run all, no error in any cell, pictures turn interactive", { timeout: 1_200_000 }, async (name) => {
  copyFileSync(join(packageRoot, "notebooks", name), join(folder, name));
  const lab = await LabPage.open(browser, server, folder, name, 3600);
  const { page } = lab;
  await page.keyboard.press("Control+b"); // the file list away
  const began = performance.now();
  await lab.menu("Run", "Restart Kernel and Run All Cells…");
  await page.click(".jp-Dialog .jp-mod-accept");
  await page.waitForTimeout(3000);
  await lab.ended(1100);
  console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}.png`) });
  const cells = codeCells({ cells: await lab.saved(), metadata: {}, nbformat: 4, nbformat_minor: 5 });
  expect(cells.map(({ cell }) => cell.execution_count)).toEqual(cells.map((_, place) => place + 1));
  expect(cells.flatMap(({ cell }) => cell.outputs ?? []).filter((output) => output.output_type === "error" || output.output_type === "stream")).toEqual([]);
  for (const picture of await page.locator("img.plot-img").all()) {
    await picture.dispatchEvent("mouseenter");
    await page.waitForTimeout(3000);
  }
  const interactive = cells.flatMap(({ cell }) => cell.outputs ?? []).filter((output) => "data" in output && "application/vnd.plotly.v1+json" in output.data).length;
  expect(await page.locator(".jp-RenderedPlotly .main-svg").count()).toBeGreaterThanOrEqual(interactive);
  if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}-interactive.png`) });
  expect(lab.faults).toEqual([]);
  await lab.close();
});
