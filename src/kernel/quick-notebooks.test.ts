import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "./project-root.js";
import { runNotebook } from "./run-notebook.js";

/** Those that train nothing and end in seconds; the others are type-checked with them, and 00-start is run, elsewhere. */
const quick = ["01-stitch-space", "03-importance-sampling", "06-results"];
const root = projectRoot();
const isReady = existsSync(join(root, "dist", "index.js")) && existsSync(join(root, "data", "anchors")) && existsSync(join(root, "results", "quick", "vtab-stitching", "rows.csv"));
if (!isReady) console.log("skipped: running notebooks, since dist, data/anchors or results/quick is not there; ./reproduce.sh makes them");

test.skipIf(!isReady).each(quick)("%s runs from a clean kernel, finds what it expects and ends with a figure", { timeout: 120_000 }, async (name) => {
  const { notebook } = await runNotebook(join(root, "notebooks", `${name}.ipynb`), { output: false });
  const texts = JSON.stringify(notebook.cells.map((cell) => cell.outputs ?? []));
  expect(texts).toContain("✓");
  expect(texts).not.toContain("✗");
  expect(JSON.stringify(notebook.cells.at(-1)?.outputs)).toContain("image/png");
});
