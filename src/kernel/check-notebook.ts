/**
 * @file Type-checks a notebook without running it: all its cells, joined into one virtual TypeScript file.
 */
import { join } from "node:path";
import type ts from "typescript";
import { cellCompilerOptions, loadTypeScript } from "./cell-typescript.js";
import { codeCells, readNotebook } from "./notebook-file.js";
import { projectRoot } from "./project-root.js";

/** A finding of the compiler in a notebook. */
export interface NotebookFinding {
  /** Index of the cell among all cells, from 0. */
  readonly cell: number;
  /** Line in the cell, from 1. */
  readonly line: number;
  readonly message: string;
}

/**
 * Checks all cells of a notebook with the options of the kernel.
 *
 * Cells are one scope here, so a name declared twice is a finding, although the kernel would let a later cell take it over.
 * Imports are looked up as the kernel does, from the project's folder.
 */
export function checkNotebook(path: string): NotebookFinding[] {
  const root = projectRoot();
  const typescript = loadTypeScript(root);
  const cells = codeCells(readNotebook(path));
  const lineOwners = cells.flatMap(({ index, source }) => source.split("\n").map((_, line) => ({ cell: index, line: line + 1 })));
  const text = [...cells.map(({ source }) => source), "export {};"].join("\n");
  const name = join(root, "__notebook__.ts");
  const options: ts.CompilerOptions = { ...cellCompilerOptions(typescript), noEmit: true };
  const host = typescript.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getCurrentDirectory = () => root;
  host.fileExists = (file) => file === name || fileExists(file);
  host.readFile = (file) => (file === name ? text : readFile(file));
  host.getSourceFile = (file, ...rest) => (file === name ? typescript.createSourceFile(file, text, options.target ?? typescript.ScriptTarget.ES2022) : getSourceFile(file, ...rest));
  const program = typescript.createProgram([name], options, host);
  const file = program.getSourceFile(name);
  const found = [...program.getOptionsDiagnostics(), ...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  return found.map((diagnostic) => {
    const at = file === undefined || diagnostic.start === undefined ? 0 : file.getLineAndCharacterOfPosition(diagnostic.start).line;
    return { ...(lineOwners[at] ?? { cell: 0, line: 1 }), message: typescript.flattenDiagnosticMessageText(diagnostic.messageText, "\n") };
  });
}
