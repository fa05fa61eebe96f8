/**
 * @file Notebooks as files (nbformat 4): reading, writing, stripping of outputs, and the cells a program cares about.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { UsageError } from "../checks.js";
import type { JsonObject } from "./message.js";

/** Text in a notebook: one string, or its lines with their ends. */
export type NotebookText = string | readonly string[];

/** One output of a code cell. */
export type NotebookOutput =
  | { readonly output_type: "stream"; readonly name: "stdout" | "stderr"; text: NotebookText }
  | { readonly output_type: "display_data"; data: JsonObject; metadata: JsonObject }
  | { readonly output_type: "execute_result"; data: JsonObject; metadata: JsonObject; readonly execution_count: number | null }
  | { readonly output_type: "error"; readonly ename: string; readonly evalue: string; readonly traceback: readonly string[] };

/** One cell. Only code cells have outputs and a count. */
export interface NotebookCell {
  readonly cell_type: string;
  readonly id?: string;
  metadata: JsonObject;
  readonly source: NotebookText;
  outputs?: NotebookOutput[];
  execution_count?: number | null;
}

/** A notebook as it is in its file. */
export interface Notebook {
  cells: NotebookCell[];
  metadata: JsonObject;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

/** A code cell with its place among all cells, counted from 0. */
export interface CodeCell {
  readonly index: number;
  readonly cell: NotebookCell;
  readonly source: string;
}

/**
 * Reads a notebook.
 *
 * @throws {UsageError} when the file is missing, is not JSON, or is no notebook of format 4.
 */
export function readNotebook(path: string): Notebook {
  let found: Partial<Notebook> | null;
  try {
    found = JSON.parse(readFileSync(path, "utf8")) as Partial<Notebook> | null;
  } catch (error) {
    throw new UsageError(`notebook: cannot read ${path} (${(error as Error).message}).`);
  }
  if (!Array.isArray(found?.cells) || found.nbformat !== 4) {
    throw new UsageError(`notebook: ${path} has nbformat ${String(found?.nbformat)}, expected 4 with a list of cells. Save it again in JupyterLab.`);
  }
  return { cells: found.cells, metadata: found.metadata ?? {}, nbformat: 4, nbformat_minor: found.nbformat_minor ?? 5 };
}

/** Writes a notebook the way JupyterLab does: one space of indentation, lines of text apart. The file appears only when complete. */
export function writeNotebook(path: string, notebook: Notebook): void {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    source: linesOf(textOf(cell.source)),
    ...(cell.outputs === undefined ? {} : { outputs: cell.outputs.map(withLines) }),
  }));
  const partial = `${path}.partial-${process.pid}`;
  writeFileSync(partial, `${JSON.stringify({ ...notebook, cells }, null, 1)}\n`);
  renameSync(partial, path);
}

/** Returns the notebook without outputs, execution counts and the times that JupyterLab notes in cells. */
export function stripOutputs(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell) => {
    if (cell.cell_type !== "code") return cell;
    const { execution: _times, ...metadata } = cell.metadata;
    return { ...cell, metadata, outputs: [], execution_count: null };
  });
  return { ...notebook, cells };
}

/** Returns the code cells that have text. */
export function codeCells(notebook: Notebook): CodeCell[] {
  return notebook.cells
    .map((cell, index) => ({ index, cell, source: textOf(cell.source) }))
    .filter(({ cell, source }) => cell.cell_type === "code" && source.trim() !== "");
}

/** Returns the tags of a cell. */
export function tagsOf(cell: NotebookCell): readonly string[] {
  const tags = cell.metadata["tags"];
  return Array.isArray(tags) ? tags.map(String) : [];
}

/** Joins a text of lines. */
export function textOf(text: NotebookText): string {
  return typeof text === "string" ? text : text.join("");
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function withLines(output: NotebookOutput): NotebookOutput {
  if (output.output_type === "stream") return { ...output, text: linesOf(textOf(output.text)) };
  if (output.output_type === "error") return output;
  const isText = (type: string): boolean => type.startsWith("text/") || type.endsWith("+xml") || type.endsWith("javascript");
  const data = Object.fromEntries(Object.entries(output.data).map(([type, value]) => [type, isText(type) && typeof value === "string" ? linesOf(value) : value]));
  return { ...output, data };
}
