/**
 * @file The project's TypeScript, dressed as tslab's converter expects it.
 *
 * tslab 1.0.22 was written against a fork of TypeScript 5.0 that exports some internals. package.json replaces that fork by the
 * project's own version; this file supplies the missing names on it and the compiler options that cells are checked with.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type ts from "typescript";

/** The module that tslab's converter loads as its TypeScript. */
export const TSLAB_TYPESCRIPT = "@tslab/typescript-for-tslab";

type TypeScript = typeof ts;

/** What TypeScript has at run time but leaves out of its declarations, as far as it is used here (5.9 and 6.0). */
interface TypeScriptInternals {
  readonly nullTransformationContext: unknown;
  readonly Completions: { getCompletionsAtPosition(...all: unknown[]): unknown };
  readonly SymbolDisplay: {
    getSymbolDisplayPartsDocumentationAndSymbolKind(checker: ts.TypeChecker, symbol: ts.Symbol, file: ts.SourceFile, container: ts.Node | undefined, node: ts.Node): QuickInfoParts;
  };
  getTouchingPropertyName(file: ts.SourceFile, position: number): ts.Node;
  getContainerNode(node: ts.Node): ts.Node | undefined;
}

interface QuickInfoParts {
  readonly displayParts: ts.SymbolDisplayPart[];
  readonly documentation: ts.SymbolDisplayPart[];
  readonly tags: ts.JSDocTagInfo[] | undefined;
}

/** What a tooltip says about the name at a position. */
export interface CellQuickInfo {
  readonly textSpan: ts.TextSpan;
  readonly displayParts?: readonly ts.SymbolDisplayPart[];
  readonly documentation?: readonly ts.SymbolDisplayPart[];
  readonly tags?: readonly ts.JSDocTagInfo[];
}

/** Visits a node on the way to JavaScript; supplied by tslab's converter. */
type NodeVisitor = (node: ts.Node) => ts.Node;

/** TypeScript with the names that tslab's converter, mended by this kernel, calls. */
export type CellTypeScript = TypeScript & {
  /** Rewrites `{ name }` where `name` belongs to an earlier cell; returns `undefined` for every other node. */
  mendShorthand(node: ts.Node, checker: ts.TypeChecker, earlierCells: ts.SourceFile, visit: NodeVisitor): ts.Node | undefined;
};

/**
 * Loads the TypeScript that cells are compiled with.
 *
 * @throws {Error} when the installed one is none of 5.9 and 6.0, the versions this kernel was tried with.
 */
export function loadTypeScript(root: string): TypeScript {
  const require = createRequire(join(root, "package.json"));
  const fromTslab = createRequire(require.resolve("tslab/dist/main.js"));
  for (const load of [() => fromTslab(TSLAB_TYPESCRIPT) as TypeScript, () => require("typescript") as TypeScript]) {
    const candidate = attempt(load);
    if (candidate !== undefined && /^(5\.9|6\.0)\./.test(candidate.version)) return candidate;
  }
  throw new Error(
    `kernel: found no TypeScript 5.9 or 6.0. package.json must keep the override of ${TSLAB_TYPESCRIPT} by npm:typescript@6.0.3; run \`npm ci\`.`,
  );
}

function attempt<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch {
    return undefined;
  }
}

/** The options that cells are checked with: strict, resolved as a bundler does, with the library of the running Node. */
export function cellCompilerOptions(typescript: TypeScript): ts.CompilerOptions {
  const node22 = Number(process.versions.node.split(".")[0]) >= 22;
  const libraries = node22 ? ["es2024", "esnext.disposable", "esnext.collection", "esnext.iterator"] : ["es2023", "esnext.disposable"];
  return {
    target: typescript.ScriptTarget.ES2022,
    module: typescript.ModuleKind.ESNext,
    moduleResolution: typescript.ModuleResolutionKind.Bundler,
    lib: libraries.map((name) => `lib.${name}.d.ts`),
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    resolveJsonModule: true,
    declaration: true,
  };
}

/** Returns a copy of TypeScript with tslab's extra names. `root` is the folder that cells resolve imports from. */
export function typeScriptForTslab(typescript: TypeScript, root: string): CellTypeScript {
  const internals = typescript as unknown as TypeScriptInternals;
  const dressed = {
    ...typescript,
    createWatchCompilerHost: watchHostMaker(typescript),
    getPreEmitDiagnosticsOfFiles: (program: ts.Program, files: readonly ts.SourceFile[]) =>
      typescript.sortAndDeduplicateDiagnostics(files.flatMap((file) => diagnosticsOf(program, file))),
    transpileModule: (source: string, options: ts.TranspileOptions) => typescript.transpileModule(source, withoutOldOptions(options)),
    getNullTransformationContext: () => internals.nullTransformationContext,
    getDefaultTypeRoots: typeRootsAbove,
    getQuickInfoAtPosition: (file: ts.SourceFile, checker: ts.TypeChecker, _token: unknown, position: number) =>
      quickInfoAt(typescript, internals, file, checker, position),
    Completions: { ...internals.Completions, getCompletionsAtPositionForTslab: completionsMaker(typescript, internals, root) },
    mendShorthand: shorthandMender(typescript),
  };
  return dressed as unknown as CellTypeScript;
}

function diagnosticsOf(program: ts.Program, file: ts.SourceFile): ts.Diagnostic[] {
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file), ...program.getDeclarationDiagnostics(file)];
}

function withoutOldOptions(options: ts.TranspileOptions): ts.TranspileOptions {
  const { noImplicitUseStrict: _old, ...kept } = (options.compilerOptions ?? {}) as ts.CompilerOptions & { noImplicitUseStrict?: boolean };
  return { ...options, compilerOptions: kept };
}

/** Cells get the options above and a source map; installed and built files are not polled for changes, which costs a timer each. */
function watchHostMaker(typescript: TypeScript) {
  return (files: string[], options: ts.CompilerOptions & Record<string, unknown>, system: ts.System, ...rest: unknown[]): unknown => {
    const { disableTopLevelAwait: _await, noImplicitUseStrict: _strict, ...kept } = options;
    const inherited = system.watchFile?.bind(system);
    system.watchFile = (path, ...more) => (/\/(node_modules|dist)\//.test(path) || inherited === undefined ? { close() {} } : inherited(path, ...more));
    system.watchDirectory = () => ({ close() {} });
    const make = typescript.createWatchCompilerHost as unknown as (...all: unknown[]) => unknown;
    return make(files, { ...kept, ...cellCompilerOptions(typescript), noImplicitAny: true, inlineSourceMap: true }, system, ...rest);
  };
}

function typeRootsAbove(folder: string): string[] {
  const found: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, "node_modules", "@types");
    if (existsSync(candidate)) found.push(candidate);
    if (dirname(at) === at) return found;
  }
}

function quickInfoAt(typescript: TypeScript, internals: TypeScriptInternals, file: ts.SourceFile, checker: ts.TypeChecker, position: number): CellQuickInfo | undefined {
  const node = internals.getTouchingPropertyName(file, position);
  if (node === file) return undefined;
  const textSpan = { start: node.getStart(file), length: node.getEnd() - node.getStart(file) };
  const symbol = checker.getSymbolAtLocation(node);
  if (symbol !== undefined && symbol.escapedName !== "unknown") {
    const parts = internals.SymbolDisplay.getSymbolDisplayPartsDocumentationAndSymbolKind(checker, symbol, file, internals.getContainerNode(node), node);
    return { textSpan, displayParts: parts.displayParts, documentation: parts.documentation, tags: parts.tags ?? [] };
  }
  if (!typescript.isExpression(node)) return undefined;
  return { textSpan, displayParts: [{ text: checker.typeToString(checker.getTypeAtLocation(node)), kind: "text" }] };
}

/** Completion asks its host about the project; tslab passes an empty one, which newer versions of TypeScript do not accept. */
function completionsMaker(typescript: TypeScript, internals: TypeScriptInternals, root: string) {
  return (_host: unknown, program: ts.Program, ...rest: unknown[]): unknown => {
    const host = {
      ...typescript.sys,
      getCurrentDirectory: () => root,
      useCaseSensitiveFileNames: () => true,
      getCompilationSettings: () => program.getCompilerOptions(),
      getGlobalTypingsCacheLocation: () => undefined,
      getIncompleteCompletionsCache: () => undefined,
      getModuleSpecifierCache: () => undefined,
      getNearestAncestorDirectoryWithPackageJson: undefined,
    };
    return internals.Completions.getCompletionsAtPosition(host, program, ...rest);
  };
}

/** tslab rewrites a name of an earlier cell to `exports.name`, but inside `{ name }` that would not be JavaScript. */
function shorthandMender(typescript: TypeScript): CellTypeScript["mendShorthand"] {
  const { factory } = typescript;
  return (node, checker, earlierCells, visit) => {
    if (!typescript.isShorthandPropertyAssignment(node)) return undefined;
    const symbol = checker.getShorthandAssignmentValueSymbol(typescript.getOriginalNode(node));
    const name = factory.createIdentifier(node.name.text);
    const isEarlier = symbol?.declarations?.some((declaration) => declaration.getSourceFile() === earlierCells) ?? false;
    const fallback = node.objectAssignmentInitializer === undefined ? undefined : (visit(node.objectAssignmentInitializer) as ts.Expression);
    if (!isEarlier) {
      return fallback === undefined ? node : factory.updateShorthandPropertyAssignment(node, node.name, fallback);
    }
    const value = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), name);
    return factory.createPropertyAssignment(name, fallback === undefined ? value : factory.createAssignment(value, fallback));
  };
}
