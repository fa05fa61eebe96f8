/**
 * @file Loads tslab's converter on the project's TypeScript, with two faults of tslab 1.0.22 mended.
 *
 * The converter turns a cell into an ES module that knows the names of earlier cells, and into declarations for the later ones.
 */
import { readFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type ts from "typescript";
import type { JsonObject } from "./message.js";
import { loadTypeScript, typeScriptForTslab, TSLAB_TYPESCRIPT, type CellQuickInfo } from "./cell-typescript.js";

/** The release of tslab whose converter this kernel was written for. */
export const TSLAB_VERSION = "1.0.22";

/** A place in a cell; `line` and `character` count from 0. */
export interface CellPosition {
  readonly offset: number;
  readonly line: number;
  readonly character: number;
}

/** One finding of the compiler. `fileName` is missing when it lies in the cell itself. */
export interface CellDiagnostic {
  readonly start: CellPosition;
  readonly end: CellPosition;
  readonly messageText: string;
  readonly code: number;
  readonly fileName?: string;
}

/** A cell after the converter. */
export interface ConvertedCell {
  readonly diagnostics: readonly CellDiagnostic[];
  /** The cell as an ES module with an inline source map; names of earlier cells read `exports.name`. Missing after an error. */
  readonly output?: string;
  /** Declarations of everything that later cells may use. */
  readonly declOutput?: string;
  /** The variable that holds the value of the last expression. */
  readonly lastExpressionVar?: string;
  /** Local TypeScript files that the cell imports, as CommonJS. */
  readonly sideOutputs?: readonly { readonly path: string; readonly data: string }[];
}

/** Names that fit at a position of a cell. */
export interface CellCompletions {
  readonly start: number;
  readonly end: number;
  readonly candidates: readonly string[];
  readonly original?: { readonly entries: readonly { readonly name: string; readonly kind: string }[] };
}

/** tslab's converter. `earlier` is always the `declOutput` of the last good cell. */
export interface CellConverter {
  convert(earlier: string, source: string): ConvertedCell;
  inspect(earlier: string, source: string, position: number): CellQuickInfo | undefined;
  complete(earlier: string, source: string, position: number): CellCompletions;
  addModule(name: string, source: string): readonly CellDiagnostic[];
  close(): void;
}

/** What the kernel needs for compiling cells. */
export interface CellCompiler {
  readonly converter: CellConverter;
  readonly typescript: typeof ts;
  readonly tslabVersion: string;
  /** Whether the text is a whole cell, or a console should let the user type on. */
  isComplete(source: string): { readonly completed: boolean; readonly indent?: string };
  /** What the comments of a cell ask for: a module name after `@module`, a mode. */
  metadata(source: string): { readonly module?: string; readonly mode?: string };
  /** The text of a tooltip. */
  printQuickInfo(info: CellQuickInfo): string;
  /** tslab's module of messages: its display functions write through a variable in there. */
  readonly displayChannel: { lastWriteDisplayData: ((data: JsonObject, update?: boolean) => void) | null };
  /** What `import … from "tslab"` gives. */
  readonly tslab: unknown;
}

/** The text of tslab's converter that is replaced, and why. */
const MENDS: readonly { readonly find: string; readonly replacement: string; readonly because: string }[] = [
  {
    find: "function wrapPrevIdentifier(node) {",
    replacement: "$& const mended = ts.mendShorthand(node, checker, declsFile, wrapPrevIdentifier); if (mended) return mended;",
    because: "{ x } with x of an earlier cell throws a ReferenceError",
  },
  {
    find: "output: esModuleToCommonJSModule(output, transpileTarget),",
    replacement: "output,",
    because: "as CommonJS each change of a variable goes through a Proxy (a microsecond each), functions miss later changes and import() turns into require()",
  },
];

/** What Node's module has besides its declarations: how a CommonJS file is compiled. */
interface CompilableModule extends NodeJS.Module {
  _compile(source: string, filename: string): void;
}
interface ModuleConstructor {
  new (id: string): CompilableModule;
  _nodeModulePaths(folder: string): string[];
}

/**
 * Makes the compiler of a session. The working folder must already be `root`: tslab resolves the cells' imports from there.
 *
 * @throws {Error} when the installed tslab is another release than {@link TSLAB_VERSION}.
 */
export function createCellCompiler(root: string): CellCompiler {
  const require = createRequire(join(root, "package.json"));
  const folder = dirname(require.resolve("tslab/dist/main.js"));
  const fromTslab = createRequire(join(folder, "main.js"));
  const { version } = fromTslab("../package.json") as { version: string };
  const typescript = loadTypeScript(root);
  placeInCache(fromTslab, fromTslab.resolve(TSLAB_TYPESCRIPT), typeScriptForTslab(typescript, root));
  const converter = compileMended(fromTslab, join(folder, "converter.js"), version) as {
    createConverter(options: object): CellConverter;
    isCompleteCode(source: string): { completed: boolean; indent?: string };
  };
  return {
    converter: converter.createConverter({ isJS: false, isBrowser: false }),
    typescript,
    tslabVersion: version,
    isComplete: converter.isCompleteCode,
    metadata: (fromTslab("./metadata.js") as { getCodeMetadata: CellCompiler["metadata"] }).getCodeMetadata,
    printQuickInfo: (fromTslab("./inspect.js") as { printQuickInfo: CellCompiler["printQuickInfo"] }).printQuickInfo,
    displayChannel: fromTslab("./jupyter.js") as CellCompiler["displayChannel"],
    tslab: fromTslab("./public.js"),
  };
}

/** Applies the mends to the converter's text. */
export function mendConverter(text: string, version: string): string {
  return MENDS.reduce((mended, { find, replacement, because }) => {
    if (mended.split(find).length !== 2) {
      throw new Error(`kernel: tslab ${version} is installed, expected ${TSLAB_VERSION}: its converter cannot be mended ("${because}"). Run \`npm ci\`.`);
    }
    return mended.replace(find, replacement);
  }, text);
}

function compileMended(require: NodeJS.Require, path: string, version: string): unknown {
  const compiled = new (Module as unknown as ModuleConstructor)(path);
  compiled.filename = path;
  compiled.paths = (Module as unknown as ModuleConstructor)._nodeModulePaths(dirname(path));
  require.cache[path] = compiled;
  compiled._compile(mendConverter(readFileSync(path, "utf8"), version), path);
  compiled.loaded = true;
  return compiled.exports;
}

function placeInCache(require: NodeJS.Require, path: string, exports: unknown): void {
  const placed = new (Module as unknown as ModuleConstructor)(path);
  Object.assign(placed, { filename: path, loaded: true, exports });
  require.cache[path] = placed;
}
