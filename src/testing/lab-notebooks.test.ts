import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { packageRoot } from "../experiments/package-root.js";
import { codeCells } from "../kernel/notebook-file.js";
import { labBrowser } from "./lab-browser.js";

/** They take minutes, so they run when asked for: ESTA_LAB_NOTEBOOKS=all, or names with commas between. ESTA_SHOTS names a folder for pictures of them. */
const asked = process.env["ESTA_LAB_NOTEBOOKS"];
const all = readdirSync(join(packageRoot, "notebooks")).filter((name) => name.endsWith(".ipynb"));
const names = all.filter((name) => asked === undefined || asked === "all" || asked.split(",").some((part) => name.startsWith(part)));
const { test, folder, use } = labBrowser("every notebook run in JupyterLab in a browser", asked === undefined ? "it takes minutes; ESTA_LAB_NOTEBOOKS=all runs them" : undefined);

test.each(names)("%s: restart and run all, no error in any cell, pictures turn interactive", { timeout: 1_200_000 }, async (name) => {
  copyFileSync(join(packageRoot, "notebooks", name), join(folder, name));
  await use(name, async (lab) => {
    const { page } = lab;
    await page.keyboard.press("Control+b"); // the file list away
    const began = performance.now();
    await lab.menu("Run", "Restart Kernel and Run All Cells…");
    await page.click(".jp-Dialog .jp-mod-accept");
    await page.waitForTimeout(3000);
    await lab.ended(1100);
    console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    await lab.shoot(name);
    const cells = codeCells({ cells: await lab.saved(), metadata: {}, nbformat: 4, nbformat_minor: 5 });
    expect(cells.map(({ cell }) => cell.execution_count)).toEqual(cells.map((_, place) => place + 1));
    expect(cells.flatMap(({ cell }) => cell.outputs ?? []).filter((output) => output.output_type === "error" || output.output_type === "stream")).toEqual([]);
    for (const picture of await page.locator("img.plot-img").all()) {
      await picture.dispatchEvent("mouseenter");
      await page.waitForTimeout(1000);
    }
    const interactive = cells.flatMap(({ cell }) => cell.outputs ?? []).filter((output) => "data" in output && "application/vnd.plotly.v1+json" in output.data).length;
    expect(await page.locator(".jp-RenderedPlotly .main-svg").count()).toBeGreaterThanOrEqual(interactive);
    await lab.shoot(`${name}-interactive`);
  }, 4200);
});
