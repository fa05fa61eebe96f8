/**
 * @file `esta notebook run`: executes a notebook without Python; stops where a cell fails and says which and why.
 */
import type { Command } from "commander";
import { basename } from "node:path";
import { UsageError } from "../checks.js";
import { checkNotebook } from "../kernel/check-notebook.js";
import type { KernelCommand } from "../kernel/kernel-client.js";
import { NotebookCellError, runNotebook, type NotebookProgress } from "../kernel/run-notebook.js";
import { finiteNumber, repeated } from "./options.js";
import type { Terminal } from "./terminal.js";
import { durationText } from "./text-table.js";
import { countText } from "../reporting/claim-text.js";

/** Options of `esta notebook run`. */
export interface NotebookRunOptions {
  /** Texts `name=value`. */
  readonly parameter?: readonly string[];
  readonly out?: string;
  /** Seconds that one cell may take. */
  readonly timeout?: number;
}

/** Adds the commands. @param finish - told the exit code where a cell fails. */
export function addNotebookCommand(program: Command, terminal: Terminal, finish: (exitCode: number) => void): void {
  const notebook = program.command("notebook").description("execute or type-check notebooks, without Python");
  notebook
    .command("run")
    .argument("<files...>", "notebooks (.ipynb)")
    .description("run notebooks from their first cell to their last, each in a fresh kernel, and write the outputs")
    .option("-p, --parameter <name=value>", "value for a variable of the cell tagged parameters; JSON, or else a text; may be repeated", repeated)
    .option("-o, --out <file>", "where the executed notebook goes (default: over the notebook itself)")
    .option("--timeout <seconds>", "time that one cell may take", finiteNumber, 600)
    .addHelpText("after", "\nExamples:\n  esta notebook run notebooks/00-start.ipynb\n  esta notebook run notebooks/00-start.ipynb -p steps=400 -p taskName=emoji-category -o mine.ipynb")
    .action(async (files: string[], options: NotebookRunOptions) => {
      if (options.out !== undefined && files.length > 1) throw new UsageError(`notebook run: --out is one file, expected one notebook, got ${files.length}. Run them one by one.`);
      for (const file of files) {
        if (!(await runNotebookFile(terminal, file, options))) return finish(1);
      }
    });
  notebook
    .command("check")
    .argument("<files...>", "notebooks (.ipynb)")
    .description("type-check the cells of notebooks with the kernel's strict options, without running them")
    .action((files: string[]) => {
      const findings = files.flatMap((file) => checkNotebook(file).map(({ cell, line, message }) => `${file}: cell ${cell + 1}, line ${line}: ${message}`));
      for (const finding of findings) terminal.complain(finding);
      if (findings.length > 0) finish(1);
      else terminal.print(`${countText(files.length, "notebook")} without a finding`);
    });
}

/**
 * Runs one notebook and tells how far it is.
 *
 * @param kernel - the kernel to run it with; the kit's own if left out.
 * @returns whether every cell went well; where not, the failing cell has been named, with its error and the user's own lines.
 */
export async function runNotebookFile(terminal: Terminal, file: string, { parameter = [], out, timeout = 600 }: NotebookRunOptions, kernel?: KernelCommand): Promise<boolean> {
  try {
    const run = await runNotebook(file, {
      parameters: notebookParameters(parameter),
      timeoutSeconds: timeout,
      onProgress: (progress) => tell(terminal, basename(file), progress),
      ...(out === undefined ? {} : { output: out }),
      ...(kernel === undefined ? {} : { kernel }),
    });
    terminal.print(`${basename(file)}: ${run.cells.length} cells in ${durationText(run.seconds)}, written to ${out ?? file}`);
    return true;
  } catch (error) {
    if (!(error instanceof NotebookCellError)) throw error;
    for (const line of [error.message, ...error.error.traceback]) terminal.complain(line);
    terminal.complain(`The outputs up to there are in ${out ?? file}.`);
    return false;
  }
}

/** Reads texts `name=value`: JSON where they are JSON, otherwise the text itself. @throws {UsageError} for all that have no name. */
export function notebookParameters(assignments: readonly string[]): Record<string, unknown> {
  const wrong = assignments.filter((text) => !/^[A-Za-z_$][\w$]*=/.test(text));
  if (wrong.length > 0) throw new UsageError(wrong.map((text) => `notebook run: parameter is ${JSON.stringify(text)}, expected name=value, as steps=400.`));
  return Object.fromEntries(assignments.map((text) => {
    const at = text.indexOf("=");
    return [text.slice(0, at), valueOf(text.slice(at + 1))];
  }));
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function tell(terminal: Terminal, name: string, progress: NotebookProgress): void {
  if (progress.kind === "started") terminal.print(`${name}: kernel started in ${durationText(progress.seconds)}, ${progress.cells} cells`);
  if (progress.kind === "cell-ends") terminal.print(`  [${progress.done}/${progress.cells}] cell ${progress.cell + 1} done in ${durationText(progress.seconds)}`);
  if (progress.kind === "cell-starts" && terminal.interactive) terminal.print(`  [${progress.done + 1}/${progress.cells}] cell ${progress.cell + 1} …`);
}
