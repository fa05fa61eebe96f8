/**
 * @file From the ES module that the converter makes of a cell to the body of a function that can run it.
 *
 * The body reads modules with `require`, names of earlier cells as `exports.name`, and ends with a call of {@link FINISH} that hands
 * over what the cell declares as pairs of a reader and a writer: later cells and this cell's own functions then share one variable.
 */
import { SourceMap } from "node:module";
import type ts from "typescript";

/** The name of the function that the end of a cell's body calls. */
export const FINISH = "__finish_cell__";

/** A variable of a cell: reads it and, where it may be written, writes it. */
export type LinkedName = readonly [read: () => unknown, write?: (value: unknown) => void];

/** A runnable cell. */
export interface CellBody {
  /** Statements for the inside of `(async) function (exports, require, FINISH) { … }`. */
  readonly javascript: string;
  /** Whether the cell awaits at its top level. */
  readonly isAsync: boolean;
  /** The modules of the cell's import statements, in order. */
  readonly imports: readonly string[];
  /** Finds the place in the cell's own text (line and column from 1) of a place in `javascript`, or nothing. */
  readonly originalPlace: (line: number, column: number) => { readonly line: number; readonly column: number } | undefined;
}

type TypeScript = typeof ts;

const INLINE_MAP = /\n\/\/# sourceMappingURL=data:application\/json[^,]*,([A-Za-z0-9+/=]+)\s*$/;

/** Lines that tslab puts before a cell. */
const PREFIX_LINES = 1;

/**
 * Makes the body of a cell.
 *
 * @param esModule - the converter's output, source map included.
 * @param lastExpression - the exported variable that holds the value of the last expression, if there is one.
 */
export function cellBody(typescript: TypeScript, esModule: string, lastExpression: string | undefined): CellBody {
  const mapText = INLINE_MAP.exec(esModule);
  const source = mapText === null ? esModule : esModule.slice(0, mapText.index);
  const facts: CellFacts = { imports: [], isAsync: false };
  const { outputText, sourceMapText } = typescript.transpileModule(source, {
    fileName: "cell.cjs", // with this ending `import()` stays as it is, while import statements become require
    compilerOptions: { module: typescript.ModuleKind.Node16, target: typescript.ScriptTarget.ES2022, esModuleInterop: true, allowJs: true, sourceMap: true },
    transformers: { before: [() => (file) => linkNames(typescript, file, lastExpression, facts)] },
  });
  return {
    javascript: outputText.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"),
    isAsync: facts.isAsync,
    imports: facts.imports,
    originalPlace(line, column) {
      // Maps are read only when a stack needs them: kept read, those of a long session would take much memory.
      const inModule = entryOf(sourceMapText, line - 1, column - 1);
      const cellMap = mapText?.[1] === undefined ? undefined : Buffer.from(mapText[1], "base64").toString("utf8");
      const inCell = inModule === undefined ? undefined : entryOf(cellMap, inModule.line, inModule.column);
      if (inCell === undefined || inCell.line < PREFIX_LINES) return undefined;
      return { line: inCell.line - PREFIX_LINES + 1, column: inCell.column + 1 };
    },
  };
}

interface CellFacts {
  imports: string[];
  isAsync: boolean;
}

function entryOf(map: string | undefined, line: number, column: number): { line: number; column: number } | undefined {
  if (map === undefined) return undefined;
  const entry = new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0]).findEntry(line, column);
  return "originalLine" in entry && entry.originalLine !== undefined ? { line: entry.originalLine, column: entry.originalColumn } : undefined;
}

/** Replaces `export { a, b };` and `export const <last expression>` by one call of FINISH at the end; notes imports and awaits. */
function linkNames(typescript: TypeScript, file: ts.SourceFile, lastExpression: string | undefined, facts: CellFacts): ts.SourceFile {
  const { factory } = typescript;
  const imported = new Set<string>();
  const names: ts.Identifier[] = [];
  const kept: ts.Statement[] = [];
  facts.isAsync = awaitsAtTop(typescript, file);
  for (const statement of file.statements) {
    if (typescript.isImportDeclaration(statement)) {
      if (typescript.isStringLiteral(statement.moduleSpecifier)) facts.imports.push(statement.moduleSpecifier.text);
      for (const name of importedNames(typescript, statement)) imported.add(name);
    }
    if (typescript.isExportDeclaration(statement) && statement.moduleSpecifier === undefined) {
      const clause = statement.exportClause;
      if (clause !== undefined && typescript.isNamedExports(clause)) names.push(...clause.elements.flatMap(({ name }) => (typescript.isIdentifier(name) ? [name] : [])));
    } else if (lastExpression !== undefined && declares(typescript, statement, lastExpression)) {
      kept.push(factory.updateVariableStatement(statement, undefined, statement.declarationList));
    } else {
      kept.push(statement);
    }
  }
  kept.push(finishCall(typescript, names, imported, lastExpression));
  return factory.updateSourceFile(file, kept);
}

function declares(typescript: TypeScript, statement: ts.Statement, name: string): statement is ts.VariableStatement {
  if (!typescript.isVariableStatement(statement)) return false;
  const declared = statement.declarationList.declarations[0]?.name;
  return declared !== undefined && typescript.isIdentifier(declared) && declared.text === name;
}

function importedNames(typescript: TypeScript, statement: ts.ImportDeclaration): string[] {
  const clause = statement.importClause;
  const bindings = clause?.namedBindings;
  const named = bindings === undefined ? [] : typescript.isNamespaceImport(bindings) ? [bindings.name] : bindings.elements.map((element) => element.name);
  return [...(clause?.name === undefined ? [] : [clause.name]), ...named].map((name) => name.text);
}

/** `FINISH({ a: [() => a, (value) => { a = value; }], … }, lastExpression)`; an imported name has no writer. */
function finishCall(typescript: TypeScript, names: readonly ts.Identifier[], imported: ReadonlySet<string>, lastExpression: string | undefined): ts.Statement {
  const { factory, SyntaxKind } = typescript;
  const arrow = (parameters: readonly string[], body: ts.ConciseBody): ts.ArrowFunction =>
    factory.createArrowFunction(
      undefined,
      undefined,
      parameters.map((name) => factory.createParameterDeclaration(undefined, undefined, name)),
      undefined,
      factory.createToken(SyntaxKind.EqualsGreaterThanToken),
      body,
    );
  const links = names.map((exported) => {
    const name = exported.text;
    const parameter = name === "value" ? "given" : "value";
    // With the original the compiler knows an imported name again, and reads it from its module.
    const variable = (): ts.Identifier => typescript.setOriginalNode(factory.createIdentifier(name), exported);
    const write = factory.createExpressionStatement(factory.createAssignment(variable(), factory.createIdentifier(parameter)));
    const pair = [arrow([], variable()), ...(imported.has(name) ? [] : [arrow([parameter], factory.createBlock([write]))])];
    return factory.createPropertyAssignment(factory.createStringLiteral(name), factory.createArrayLiteralExpression(pair));
  });
  const last = lastExpression === undefined ? [] : [factory.createIdentifier(lastExpression)];
  return factory.createExpressionStatement(factory.createCallExpression(factory.createIdentifier(FINISH), undefined, [factory.createObjectLiteralExpression(links), ...last]));
}

/** Whether a module awaits outside of every function: `await`, `for await` or `await using`. */
function awaitsAtTop(typescript: TypeScript, file: ts.SourceFile): boolean {
  const found = (node: ts.Node): boolean => {
    if (typescript.isFunctionLike(node) || typescript.isClassStaticBlockDeclaration(node)) return false;
    if (typescript.isAwaitExpression(node)) return true;
    if (typescript.isForOfStatement(node) && node.awaitModifier !== undefined) return true;
    if (typescript.isVariableDeclarationList(node) && (node.flags & typescript.NodeFlags.AwaitUsing) === typescript.NodeFlags.AwaitUsing) return true;
    return typescript.forEachChild(node, found) ?? false;
  };
  return found(file);
}
