/**
 * @file Executes a notebook from its first cell to its last, without Python, and stops truthfully where it fails.
 */
import { dirname, resolve } from "node:path";
import { UsageError } from "../checks.js";
import { KernelClient, kernelCommand, type Execution, type KernelCommand } from "./kernel-client.js";
import { codeCells, readNotebook, stripOutputs, tagsOf, writeNotebook, type CodeCell, type Notebook, type NotebookOutput } from "./notebook-file.js";

/** What a run reports while it goes on. */
export type NotebookProgress =
  | { readonly kind: "started"; readonly seconds: number; readonly cells: number }
  | { readonly kind: "cell-starts"; readonly cell: number; readonly done: number; readonly cells: number }
  | { readonly kind: "output"; readonly cell: number; readonly output: NotebookOutput }
  | { readonly kind: "cell-ends"; readonly cell: number; readonly done: number; readonly cells: number; readonly seconds: number };

/** How a notebook is run. */
export interface RunNotebookOptions {
  /** Values for variables that the cell tagged `parameters` declares with `let`. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The longest time one cell may take, in seconds; 600 if left out. */
  readonly timeoutSeconds?: number;
  readonly onProgress?: (progress: NotebookProgress) => void;
  /** Where the executed notebook is written; over the notebook itself if left out, nowhere for `false`. */
  readonly output?: string | false;
  /** The kernel to run it with; the kit's own if left out. */
  readonly kernel?: KernelCommand;
}

/** A notebook that ran to its end. */
export interface NotebookRun {
  readonly notebook: Notebook;
  /** Time from the start of the kernel to the end of the last cell. */
  readonly seconds: number;
  /** Time until the kernel answered. */
  readonly startSeconds: number;
  /** Time of each code cell, with its index among all cells. */
  readonly cells: readonly { readonly index: number; readonly seconds: number }[];
}

/** The cell at which a run stopped. */
export class NotebookCellError extends Error {
  constructor(
    message: string,
    /** Index of the cell among all cells of the executed notebook, counted from 0. */
    readonly cell: number,
    /** The cell's `error` output; its traceback has the user's own lines. */
    readonly error: NotebookOutput & { output_type: "error" },
  ) {
    super(message);
    this.name = "NotebookCellError";
  }
}

/**
 * Runs a notebook in a fresh kernel and writes the outputs back.
 *
 * A cell tagged `raises-exception` may fail. When another cell fails, runs out of time or takes the kernel down, the notebook is still
 * written: outputs up to that cell, its error last, the cells behind it empty.
 *
 * @throws {NotebookCellError} naming the file, the cell and its error.
 * @throws {UsageError} when the file is no notebook, or parameters are given and no cell is tagged `parameters`.
 */
export async function runNotebook(path: string, options: RunNotebookOptions = {}): Promise<NotebookRun> {
  const { parameters = {}, timeoutSeconds = 600, onProgress = () => undefined, output = path, kernel = kernelCommand() } = options;
  const notebook = withParameters(stripOutputs(readNotebook(path)), parameters, path);
  const cells = codeCells(notebook);
  const began = performance.now();
  const seconds = (since: number): number => (performance.now() - since) / 1000;
  const client = await KernelClient.start(kernel, dirname(resolve(path)));
  const startSeconds = seconds(began);
  const times: { index: number; seconds: number }[] = [];
  try {
    onProgress({ kind: "started", seconds: startSeconds, cells: cells.length });
    for (const [done, at] of cells.entries()) {
      const cell = at.index;
      onProgress({ kind: "cell-starts", cell, done, cells: cells.length });
      const cellBegan = performance.now();
      const execution = await client.execute(at.source, { timeoutSeconds, onOutput: (shown) => onProgress({ kind: "output", cell, output: shown }) });
      const error = errorOf(execution, timeoutSeconds, client.deadBecause);
      at.cell.execution_count = execution.executionCount;
      at.cell.outputs = execution.outputs; // kept as they are: a later cell may still update a display in them
      if (error !== undefined && !execution.outputs.includes(error)) execution.outputs.push(error);
      times.push({ index: cell, seconds: seconds(cellBegan) });
      if (error !== undefined && (execution.kind !== "error" || !tagsOf(at.cell).includes("raises-exception"))) throw cellError(path, at, done, error);
      onProgress({ kind: "cell-ends", cell, done: done + 1, cells: cells.length, seconds: seconds(cellBegan) });
    }
    return { notebook, seconds: seconds(began), startSeconds, cells: times };
  } finally {
    await client.shutdown();
    notebook.metadata = { ...notebook.metadata, language_info: client.info["language_info"] };
    if (output !== false) writeNotebook(output, notebook);
  }
}

/** Puts a cell of assignments behind the cell tagged `parameters`: a wrong name or type is then an error of the compiler. */
function withParameters(notebook: Notebook, parameters: Readonly<Record<string, unknown>>, path: string): Notebook {
  const cells = notebook.cells.filter((cell) => !tagsOf(cell).includes("injected-parameters"));
  const lines = Object.entries(parameters).map(([name, value]) => `${name} = ${JSON.stringify(value)};\n`);
  if (lines.length === 0) return { ...notebook, cells };
  const at = cells.findIndex((cell) => tagsOf(cell).includes("parameters"));
  if (at < 0) {
    throw new UsageError(`notebook: ${path} got parameters (${Object.keys(parameters).join(", ")}), expected a cell tagged "parameters" that declares them with let.`);
  }
  const injected = {
    cell_type: "code",
    id: "injected-parameters",
    metadata: { tags: ["injected-parameters"] },
    source: ["// Parameters of this run\n", ...lines, "void 0;"],
    outputs: [],
    execution_count: null,
  };
  return { ...notebook, cells: [...cells.slice(0, at + 1), injected, ...cells.slice(at + 1)] };
}

type ErrorOutput = NotebookOutput & { output_type: "error" };

function errorOf(execution: Execution, timeoutSeconds: number, death: string | undefined): ErrorOutput | undefined {
  const made = (ename: string, evalue: string): ErrorOutput => ({ output_type: "error", ename, evalue, traceback: [`${ename}: ${evalue}`] });
  if (execution.kind === "ok") return undefined;
  if (execution.kind === "dead") return made("DeadKernelError", `the kernel ended while the cell ran (${death ?? "unknown reason"})`);
  if (execution.kind === "timeout") {
    const fate = death === undefined ? "was interrupted" : "did not stop, the kernel was killed";
    return made("TimeoutError", `the cell ran longer than ${timeoutSeconds} s and ${fate}`);
  }
  const last = execution.outputs.findLast((output) => output.output_type === "error");
  return last?.output_type === "error" ? last : made("Error", "the cell failed without saying why");
}

function cellError(path: string, { index, cell }: CodeCell, done: number, error: ErrorOutput): NotebookCellError {
  const name = cell.id === undefined ? "" : `, id ${cell.id}`;
  return new NotebookCellError(`${path}: code cell ${done + 1} (cell ${index + 1} of the notebook${name}) failed: ${error.ename}: ${error.evalue}`, index, error);
}
