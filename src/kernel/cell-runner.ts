/**
 * @file Compiles cells and runs them in one lasting scope.
 */
import { constants as vmConstants, runInThisContext } from "node:vm";
import { cellBody, FINISH, type LinkedName } from "./cell-body.js";
import { CellModules } from "./cell-modules.js";
import { CellDoesNotCompile, cellFileName, type RunCell } from "./error-report.js";
import type { CellCompiler, CellCompletions } from "./tslab-converter.js";
import type { CellQuickInfo } from "./cell-typescript.js";

/** How many past cells keep the map back to their text, for errors thrown by functions they declared. */
const REMEMBERED_CELLS = 1000;

type CellFunction = (names: object, require: CellModules["require"], finish: Finish) => unknown;
type Finish = (links: Record<string, LinkedName>, last?: unknown) => void;

/** Runs the cells of one session. Names that a cell declares are visible to the later ones if it ends without an error. */
export class CellRunner {
  private declarations = "";
  private readonly names: Record<string, unknown> = {};
  private readonly cells = new Map<number, RunCell>();
  private readonly modules: CellModules;

  /**
   * @param onUserCode - told `true` just before a cell's own code starts, `false` after it; compiling must not be stopped half-way.
   */
  constructor(
    root: string,
    private readonly compiler: CellCompiler,
    private readonly onUserCode: (running: boolean) => void,
  ) {
    this.modules = new CellModules(root, compiler.tslab, (id) => this.compiled<(id: string) => Promise<object>>("(id) => import(id)", "cell-import")(id));
  }

  /**
   * Runs one cell.
   *
   * @param count - the cell's execution number.
   * @param signal - aborted once the session has given the cell up: what it still does then leaves no names behind.
   * @returns the value of its last expression, `undefined` when there is none.
   * @throws {CellDoesNotCompile} with the compiler's findings; whatever the cell throws.
   */
  async run(source: string, count: number, signal: AbortSignal): Promise<unknown> {
    this.remember({ count, source, originalPlace: () => undefined });
    const { module, mode } = this.compiler.metadata(source);
    if (mode === "browser") throw new Error("cells marked @browser are not supported by this kernel.");
    if (module !== undefined) {
      failOn(this.compiler.converter.addModule(module, source));
      return undefined;
    }
    const converted = this.compiler.converter.convert(this.declarations, source);
    this.modules.updateLocalFiles(converted.sideOutputs ?? []);
    failOn(converted.diagnostics);
    let last: unknown;
    if (converted.output !== undefined) {
      const body = cellBody(this.compiler.typescript, converted.output, converted.lastExpressionVar);
      this.remember({ count, source, originalPlace: body.originalPlace });
      await this.modules.prepare(body.imports);
      signal.throwIfAborted();
      const kind = body.isAsync ? "async function" : "function";
      const text = `(${kind} (exports, require, ${FINISH}) {\n${body.javascript}\n})`;
      const start = this.compiled<CellFunction>(text, cellFileName(count));
      this.onUserCode(true);
      try {
        const finish: Finish = (links, value) => {
          if (!signal.aborted) this.link(links);
          last = value;
        };
        await start(this.names, this.modules.require, finish);
      } finally {
        if (!signal.aborted) this.onUserCode(false);
      }
    }
    signal.throwIfAborted();
    this.declarations = converted.declOutput ?? "";
    return last;
  }

  /** Returns the cell of that execution number, for error reports. */
  readonly cell = (count: number): RunCell | undefined => this.cells.get(count);

  /** Names that fit at a position (in UTF-16 units). */
  complete(source: string, position: number): CellCompletions {
    return this.compiler.converter.complete(this.declarations, source, position);
  }

  /** What is known of the name at a position (in UTF-16 units). */
  inspect(source: string, position: number): CellQuickInfo | undefined {
    return this.compiler.converter.inspect(this.declarations, source, position);
  }

  /** Compiles an expression in the session's context; a first line that is not the cell's counts as line 0. */
  private compiled<T>(expression: string, filename: string): T {
    return runInThisContext(expression, {
      filename,
      lineOffset: -1,
      importModuleDynamically: vmConstants.USE_MAIN_CONTEXT_DEFAULT_LOADER as never,
    }) as T;
  }

  /** Makes later cells read and write the very variables of this one. */
  private link(links: Record<string, LinkedName>): void {
    for (const [name, [read, write]] of Object.entries(links)) {
      Object.defineProperty(this.names, name, { get: read, ...(write === undefined ? {} : { set: write }), configurable: true, enumerable: true });
    }
  }

  private remember(cell: RunCell): void {
    this.cells.set(cell.count, cell);
    this.cells.delete(cell.count - REMEMBERED_CELLS);
  }
}

function failOn(diagnostics: CellDoesNotCompile["diagnostics"]): void {
  if (diagnostics.length > 0) throw new CellDoesNotCompile(diagnostics);
}
