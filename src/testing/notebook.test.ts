import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { familyOf, weightFile } from "../anchors/registry.js";
import { packageRoot } from "../experiments/package-root.js";
import { ownWeightFolders } from "../experiments/vtab-sources.js";
import { checkNotebook } from "../kernel/check-notebook.js";
import { codeCells, readNotebook, textOf, type Notebook, type NotebookOutput } from "../kernel/notebook-file.js";
import { runNotebook } from "../kernel/run-notebook.js";

const folder = join(packageRoot, "notebooks");
const names = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));

/** Characters that a line of code may have to be seen whole in a window of common width. */
const WIDEST_LINE = 120;

/** Cells import the library by its name, so the build is what they run. */
const isBuilt = existsSync(join(packageRoot, "dist", "index.js"));
if (!isBuilt) console.log("skipped: tests that check and run notebooks, since dist/index.js is not there; npm run build makes it");
const { anchors, obtain } = familyOf("mini");
const hasAnchors = anchors.every((anchor) => weightFile(anchor, ownWeightFolders) !== undefined);
if (!hasAnchors) console.log(`skipped: running 00-start, since the weights of family mini are not in data/anchors; ${obtain} makes them`);

const outputsOf = (notebook: Notebook): NotebookOutput[] => notebook.cells.flatMap((cell) => cell.outputs ?? []);
const dataOf = (notebook: Notebook, type: string): unknown[] => outputsOf(notebook).flatMap((output) => ("data" in output && type in output.data ? [output.data[type]] : []));
const plainTexts = (notebook: Notebook): string =>
  outputsOf(notebook)
    .map((output) => ("data" in output ? textOf((output.data["text/plain"] ?? "") as string) : ""))
    .join("\n");

test.each(names)("%s asks a question, has short cells, and outputs of one whole run without an error, or none", (name) => {
  const path = join(folder, name);
  const notebook = readNotebook(path);
  expect(textOf(notebook.cells[0]?.source ?? "")).toMatch(/^# .*\?\n/);
  for (const { source } of codeCells(notebook)) {
    expect(source.split("\n").length, source).toBeLessThanOrEqual(12);
    expect(source.split("\n").filter((line) => line.length > WIDEST_LINE)).toEqual([]);
  }
  const counts = codeCells(notebook).map(({ cell }) => cell.execution_count);
  const isExecuted = outputsOf(notebook).length > 0;
  expect(counts).toEqual(counts.map((_, place) => (isExecuted ? place + 1 : null)));
  expect(outputsOf(notebook).filter((output) => output.output_type === "error" || output.output_type === "stream")).toEqual([]);
  expect(statSync(path).size).toBeLessThan(1_500_000);
});

test.skipIf(!isBuilt).each(names)("%s has no finding of the strict compiler", { timeout: 60_000 }, (name) => {
  expect(checkNotebook(join(folder, name))).toEqual([]);
});

test.skipIf(!isBuilt || !hasAnchors)("00-start runs from a clean kernel, shows its figures and finds every exact number", { timeout: 900_000 }, async () => {
  const { notebook, seconds, startSeconds, cells } = await runNotebook(join(folder, "00-start.ipynb"), { output: false });
  console.log(`00-start: ${seconds.toFixed(0)} s in all, kernel ${startSeconds.toFixed(1)} s, cells ${cells.map((cell) => cell.seconds.toFixed(1)).join(" ")} s`);
  const texts = plainTexts(notebook);
  expect(texts).toMatch(/stitches \(.*\) +71 +71 +✓/);
  expect(texts).toMatch(/stitching layers +22 +22 +✓/);
  expect(texts.match(/✓/g)?.length).toBe(6);
  expect(texts).not.toContain("✗");
  expect(dataOf(notebook, "image/png").length).toBe(3);
  expect(dataOf(notebook, "application/vnd.plotly.v1+json").length).toBe(2); // the one that grew during the run is a picture
});
