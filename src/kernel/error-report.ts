/**
 * @file What a failing cell tells its reader: the error's name, its message, and frames that point into the cell as it was written.
 */
import { inspect } from "node:util";
import { PACKAGE_NAME } from "./project-root.js";
import type { CellDiagnostic } from "./tslab-converter.js";

/** The content of Jupyter's `error` message. */
export interface ErrorReport {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** A cell that was run: its number, its text, and the way back from JavaScript places (counted from 1) to places in the text. */
export interface RunCell {
  readonly count: number;
  readonly source: string;
  readonly originalPlace: (line: number, column: number) => { readonly line: number; readonly column: number } | undefined;
}

/** Thrown into a waiting cell when the user interrupts it. */
export class CellInterrupted extends Error {
  constructor() {
    super("interrupted by the user");
    this.name = "KeyboardInterrupt";
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** A cell that does not compile. */
export class CellDoesNotCompile extends Error {
  constructor(readonly diagnostics: readonly CellDiagnostic[]) {
    super(`${diagnostics.length} compile error(s)`);
    this.name = "TypeScriptError";
  }
}

/** The name under which a cell's JavaScript runs, as it appears in stacks. */
export function cellFileName(count: number): string {
  return `In[${count}]`;
}

/**
 * Turns whatever a cell threw into a report.
 *
 * @param cells - finds a cell by its number.
 * @param ownFolder - frames of files under this path are the kernel's and are left out.
 */
export function reportError(thrown: unknown, count: number, cells: (count: number) => RunCell | undefined, ownFolder: string): ErrorReport {
  if (thrown instanceof CellDoesNotCompile) return compileReport(thrown.diagnostics, count, cells(count)?.source ?? "");
  if (thrown instanceof CellInterrupted) return { ename: thrown.name, evalue: thrown.message, traceback: [String(thrown.stack)] };
  if (!isError(thrown)) {
    const evalue = `${inspect(thrown)} was thrown (not an Error)`;
    return { ename: "Error", evalue, traceback: [`Error: ${evalue}`] };
  }
  let shownAt: { cell: RunCell; line: number } | undefined;
  const traceback = inspect(thrown, { depth: 4 })
    .split("\n")
    .filter((line) => !isForeignFrame(line, ownFolder))
    .map((line) =>
      line.replace(/In\[(\d+)\]:(\d+):(\d+)/g, (text, number: string, row: string, column: string) => {
        const cell = cells(Number(number));
        const place = cell?.originalPlace(Number(row), Number(column));
        if (cell === undefined || place === undefined) return text;
        shownAt ??= { cell, line: place.line };
        return `${cellFileName(cell.count)}:${place.line}:${place.column}`;
      }),
    );
  if (shownAt !== undefined) traceback.push("", ...linesAround(shownAt.cell.source, shownAt.line));
  return { ename: thrown.name || "Error", evalue: String(thrown.message), traceback };
}

/** Errors of other realms (a vm context, a worker) are errors too. */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** Frames of the kernel, of tslab and of Node's own loader say nothing to the user. */
function isForeignFrame(line: string, ownFolder: string): boolean {
  return /^\s+at /.test(line) && (line.includes(ownFolder) || /node:(vm|internal|events)|[\\/]tslab[\\/]dist[\\/]/.test(line));
}

function linesAround(source: string, line: number): string[] {
  return source
    .split("\n")
    .map((text, at) => ({ number: at + 1, text }))
    .filter(({ number }) => Math.abs(number - line) <= 2)
    .map(({ number, text }) => `${number === line ? "-->" : "   "} ${String(number).padStart(3)} | ${text}`);
}

function compileReport(diagnostics: readonly CellDiagnostic[], count: number, source: string): ErrorReport {
  const lines = source.split("\n");
  const traceback = diagnostics.flatMap(({ fileName, start, end, messageText }) => {
    const place = `${fileName ?? cellFileName(count)}:${start.line + 1}:${start.character + 1} - ${messageText}`;
    const text = fileName === undefined ? lines[start.line] : undefined;
    if (text === undefined) return [place];
    const length = end.line === start.line ? Math.max(1, end.character - start.character) : 1;
    return [place, `    ${text}`, `    ${" ".repeat(start.character)}${"^".repeat(length)}`];
  });
  const isUnbuilt = diagnostics.some(({ messageText }) => messageText.startsWith(`Cannot find module '${PACKAGE_NAME}'`));
  const hint = isUnbuilt ? ["", `The library is not built: run \`npm run build\`, then restart the kernel.`] : [];
  return { ename: "TypeScriptError", evalue: traceback[0] ?? "the cell does not compile", traceback: [...traceback, ...hint] };
}
