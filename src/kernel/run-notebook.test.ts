import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { kernelFromSource } from "./kernel-from-source.js";
import { readNotebook, stripOutputs, writeNotebook, type Notebook, type NotebookCell } from "./notebook-file.js";
import { NotebookCellError, runNotebook, type NotebookProgress } from "./run-notebook.js";

const folder = mkdtempSync(join(tmpdir(), "run-notebook-"));
const kernel = kernelFromSource();
afterAll(() => rmSync(folder, { recursive: true }));

const code = (source: string, ...tags: string[]): NotebookCell => ({
  cell_type: "code",
  id: `cell-${source.length}`,
  metadata: { tags },
  source,
  outputs: [{ output_type: "stream", name: "stdout", text: "stale" }],
  execution_count: 9,
});
function notebookOf(name: string, ...cells: NotebookCell[]): string {
  const path = join(folder, `${name}.ipynb`);
  const notebook: Notebook = { cells: [{ cell_type: "markdown", metadata: {}, source: "# Title" }, ...cells], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  writeNotebook(path, notebook);
  return path;
}
async function failureOf(run: Promise<unknown>): Promise<NotebookCellError> {
  const thrown: unknown = await run.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof NotebookCellError)) throw new Error(`expected a NotebookCellError, got ${String(thrown)}`);
  return thrown;
}

test("a notebook is executed and its outputs replace the stale ones", async () => {
  const path = notebookOf("good", code("let x = 20;"), code("console.log(`x is ${x}`);\nx + 1"), code("throw new Error('wanted');", "raises-exception"), code("x"));
  const seen: NotebookProgress["kind"][] = [];
  const run = await runNotebook(path, { kernel, onProgress: ({ kind }) => seen.push(kind) });
  const written = readNotebook(path);
  expect(written.cells[1]).toMatchObject({ execution_count: 1, outputs: [] });
  expect(written.cells[2]).toMatchObject({
    execution_count: 2,
    outputs: [
      { output_type: "stream", name: "stdout", text: ["x is 20\n"] },
      { output_type: "execute_result", data: { "text/plain": ["21"] }, execution_count: 2 },
    ],
  });
  expect(written.cells[3]).toMatchObject({ outputs: [{ output_type: "error", evalue: "wanted" }] });
  expect(written.metadata["language_info"]).toMatchObject({ name: "typescript", version: "6.0.3" });
  expect(run.cells.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
  expect(seen.filter((kind) => kind !== "output")).toEqual(["started", ...[1, 2, 3, 4].flatMap(() => ["cell-starts", "cell-ends"])]);
});

test("a failing cell stops the run, is named with its error, and the cells behind it stay empty", async () => {
  const path = notebookOf("bad", code("const ok = 1;"), code("// a comment\nnull!.x;\n"), code("console.log('never')"));
  const target = join(folder, "bad-executed.ipynb");
  const before = readFileSync(path, "utf8");
  const failure = await failureOf(runNotebook(path, { kernel, output: target }));
  expect(failure.message).toMatch(/bad\.ipynb: code cell 2 \(cell 3 of the notebook, id cell-\d+\) failed: TypeScriptError: In\[2\]:2:\d+ - Property 'x' does not exist on type 'never'\.$/);
  expect(failure.cell).toBe(2);
  expect(failure.error.traceback.join("\n")).toContain("    null!.x;");
  const written = readNotebook(target);
  expect(written.cells[2]?.outputs).toMatchObject([{ output_type: "error", ename: "TypeScriptError" }]);
  expect(written.cells[3]).toMatchObject({ outputs: [], execution_count: null });
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("parameters are assigned behind the cell that declares them, and a wrong type is a compile error", async () => {
  const path = notebookOf("parameters", code("let steps = 10;\nlet task = 'digits';", "parameters"), code("`${task} ${steps}`"));
  const run = await runNotebook(path, { kernel, parameters: { steps: 3, task: "emoji" }, output: false });
  expect(run.notebook.cells[3]?.outputs).toMatchObject([{ data: { "text/plain": "'emoji 3'" } }]);
  const failure = await failureOf(runNotebook(path, { kernel, parameters: { steps: "many" }, output: false }));
  expect(failure.message).toContain("Type 'string' is not assignable to type 'number'.");
  const plain = notebookOf("no-parameters", code("1"));
  await expect(runNotebook(plain, { kernel, parameters: { steps: 3 } })).rejects.toThrow(
    `notebook: ${plain} got parameters (steps), expected a cell tagged "parameters" that declares them with let.`,
  );
});

test("a cell that runs out of time and a kernel that dies are told apart", async () => {
  const slow = await failureOf(runNotebook(notebookOf("slow", code("for (;;) {}")), { kernel, timeoutSeconds: 0.3, output: false }));
  expect(slow.error).toMatchObject({ ename: "TimeoutError", evalue: "the cell ran longer than 0.3 s and was interrupted" });
  const dead = await failureOf(runNotebook(notebookOf("dead", code("process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});")), { kernel, output: false }));
  expect(dead.error).toMatchObject({ ename: "DeadKernelError", evalue: "the kernel ended while the cell ran (signal SIGKILL)" });
});

test("a kernel that does not start says why", async () => {
  const broken = { argv: [process.execPath, "-e", "console.error('no engine'); process.exit(4)", "{connection_file}"], interruptMode: "message" } as const;
  await expect(runNotebook(notebookOf("start", code("1")), { kernel: broken })).rejects.toThrow(/did not start \(exit code 4\)\.\nno engine$/);
});

test("stripping removes outputs, counts and times and nothing else", () => {
  const notebook: Notebook = {
    cells: [{ ...code("1"), metadata: { tags: ["kept"], execution: { started: "now" } } }, { cell_type: "markdown", metadata: {}, source: "text" }],
    metadata: { kernelspec: { name: "esta" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  expect(stripOutputs(notebook)).toEqual({
    ...notebook,
    cells: [{ cell_type: "code", id: "cell-1", metadata: { tags: ["kept"] }, source: "1", outputs: [], execution_count: null }, notebook.cells[1]],
  });
});

test("a file that is no notebook is refused with what it is", () => {
  const path = join(folder, "old.ipynb");
  writeFileSync(path, '{"nbformat": 3, "worksheets": []}');
  expect(() => readNotebook(path)).toThrow(`notebook: ${path} has nbformat 3, expected 4 with a list of cells. Save it again in JupyterLab.`);
});
