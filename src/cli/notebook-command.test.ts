import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { kernelFromSource } from "../kernel/kernel-from-source.js";
import { readNotebook, writeNotebook, type NotebookCell } from "../kernel/notebook-file.js";
import { listener } from "../testing/esta.js";
import { main } from "./main.js";
import { notebookParameters, runNotebookFile } from "./notebook-command.js";

const folder = mkdtempSync(join(tmpdir(), "notebook-command-"));
afterAll(() => rmSync(folder, { recursive: true }));

function notebookOf(name: string, ...sources: string[]): string {
  const path = join(folder, name);
  const cells = sources.map((source, index): NotebookCell => ({ cell_type: "code", id: `c${index}`, metadata: index === 0 ? { tags: ["parameters"] } : {}, source, outputs: [], execution_count: null }));
  writeNotebook(path, { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
  return path;
}

test("a notebook runs with parameters and progress, and stops at a failing cell that is named with its own line", { timeout: 30_000 }, async () => {
  const kernel = kernelFromSource();
  const path = notebookOf("two.ipynb", "let steps = 10;", "if (steps > 5) throw new Error(`too many: ${steps}`);\nsteps", "'behind'");
  const good = listener();
  expect(await runNotebookFile(good.terminal, path, { parameter: ["steps=3"], out: join(folder, "good.ipynb") }, kernel)).toBe(true);
  expect(good.out.join("\n")).toMatch(/kernel started in \d+ s, 4 cells[^]*\[4\/4\] cell 4 done[^]*two\.ipynb: 4 cells in \d+ s, written to .*good\.ipynb$/);
  expect(readNotebook(join(folder, "good.ipynb")).cells[2]?.outputs).toMatchObject([{ data: { "text/plain": ["3"] } }]);
  const bad = listener();
  expect(await runNotebookFile(bad.terminal, path, { out: join(folder, "bad.ipynb") }, kernel)).toBe(false);
  expect(bad.err.join("\n")).toMatch(/code cell 2 \(cell 2 of the notebook, id c1\) failed: Error: too many: 10\n[^]*throw new Error[^]*The outputs up to there are in .*bad\.ipynb\.$/);
  expect(readNotebook(join(folder, "bad.ipynb")).cells[2]?.outputs).toEqual([]);
});

test("values are JSON or texts, and a parameter without a name is refused", () => {
  expect(notebookParameters(["steps=3", "task=digits", "list=[1,2]", "text=\"7\"", "empty="])).toEqual({ steps: 3, task: "digits", list: [1, 2], text: "7", empty: "" });
  expect(() => notebookParameters(["3=steps", "a=1", "lonely"])).toThrow('notebook run: parameter is "3=steps", expected name=value, as steps=400.\nnotebook run: parameter is "lonely", expected name=value, as steps=400.');
});

test("check finds a fault with its cell and line, and figure refuses a name with all that there are", async () => {
  const { out, err, terminal } = listener();
  expect(await main(["notebook", "check", notebookOf("wrong.ipynb", "let a = 1;", "\nconst b: string = a;")], terminal)).toBe(1);
  expect(err.join("\n")).toMatch(/wrong\.ipynb: cell 2, line 2: Type 'number' is not assignable to type 'string'\.$/);
  expect(await main(["figure", "no-such"], terminal)).toBe(2);
  expect(err.at(-1)).toMatch(/^figure: "no-such" is not known, expected an experiment with figures or one of .*vtab-stitching\/pareto/);
  expect(await main(["figure", "vtab-stitching", "--results", folder], terminal)).toBe(2);
  expect(err.at(-1)).toContain("Run it first: esta run vtab-stitching --profile quick.");
  expect(out).toEqual([]);
});

test("figure draws one figure from the committed rows and nothing else", { timeout: 60_000 }, async () => {
  const { out, terminal } = listener();
  expect(await main(["figure", "vtab-stitching/pareto", "--out", join(folder, "drawn")], terminal)).toBe(0);
  expect(out).toEqual(["png", "svg", "html", "pdf"].map((ending) => join(folder, "drawn", `pareto.${ending}`)));
});
