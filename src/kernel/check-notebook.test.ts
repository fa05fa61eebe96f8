import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkNotebook } from "./check-notebook.js";
import { writeNotebook, type NotebookCell } from "./notebook-file.js";

const folder = mkdtempSync(join(tmpdir(), "check-notebook-"));
afterAll(() => rmSync(folder, { recursive: true }));

function notebookOf(...sources: string[]): string {
  const path = join(folder, "checked.ipynb");
  const cells: NotebookCell[] = sources.map((source) => ({ cell_type: "code", metadata: {}, source, outputs: [], execution_count: null }));
  const markdown: NotebookCell = { cell_type: "markdown", metadata: {}, source: "# Not code" };
  writeNotebook(path, { cells: [markdown, ...cells], metadata: {}, nbformat: 4, nbformat_minor: 5 });
  return path;
}

test("a sound notebook with top-level await, imports and comments at the ends of cells has no findings", () => {
  expect(checkNotebook(notebookOf('import { join } from "node:path"; // paths', "const text = await Promise.resolve(join('a', 'b'))", "text.length"))).toEqual([]);
});

test("a fault is found in the cell and line where it is, with strict types", () => {
  const findings = checkNotebook(notebookOf("const count = 71;\n", "// first\nconst name: string = count;\nconst f = (x) => x;"));
  expect(findings).toEqual([
    { cell: 2, line: 2, message: "Type 'number' is not assignable to type 'string'." },
    { cell: 2, line: 3, message: "Parameter 'x' implicitly has an 'any' type." },
  ]);
});
