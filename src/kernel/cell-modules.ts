/**
 * @file How cells load modules: by `require` where that works, by a true `import()` where only that does, and local TypeScript files from memory.
 */
import Module, { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";

/** Loads modules for cells. Paths and package names are looked up from `root`. */
export class CellModules {
  /** Modules that only `import()` can load, in the shape that TypeScript's CommonJS output reads. */
  private readonly imported = new Map<string, unknown>();
  /** Local TypeScript files that cells import, compiled by the converter: path of the `.js` → its text. */
  private readonly local = new Map<string, string>();
  private readonly loadedLocal = new Map<string, unknown>();
  private readonly nodeRequire: NodeJS.Require;

  constructor(
    private readonly root: string,
    private readonly tslab: unknown,
    private readonly importModule: (id: string) => Promise<object>,
  ) {
    this.nodeRequire = createRequire(join(root, "cell.js"));
  }

  /** Takes new texts of local files; they replace what was loaded of the same paths. */
  updateLocalFiles(files: readonly { readonly path: string; readonly data: string }[]): void {
    for (const { path, data } of files) {
      this.local.set(path, data);
      this.loadedLocal.clear(); // a module that re-exports an edited one must not keep its old values
    }
  }

  /** Loads the modules of a cell's import statements ahead, so that `require` inside the cell finds each of them. */
  async prepare(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      if (this.imported.has(id)) continue;
      try {
        this.require(id);
      } catch (error) {
        if (!onlyImportCanLoad(error)) throw error;
        this.imported.set(id, asCommonJs(await this.importModule(id)));
      }
    }
  }

  /** The `require` that cells get. */
  readonly require = Object.assign((id: string): unknown => this.load(id, this.root, this.nodeRequire), {
    resolve: (id: string): string => this.nodeRequire.resolve(id),
  });

  private load(id: string, folder: string, otherwise: (id: string) => unknown): unknown {
    if (id === "tslab") return this.tslab;
    const imported = folder === this.root ? this.imported.get(id) : undefined;
    if (imported !== undefined) return imported;
    const path = join(folder, id) + (extname(id) === "" ? ".js" : "");
    const text = id.startsWith(".") ? this.local.get(path) : undefined;
    return text === undefined ? otherwise(id) : this.loadLocal(path, text);
  }

  private loadLocal(path: string, text: string): unknown {
    const known = this.loadedLocal.get(path);
    if (known !== undefined) return known;
    const loaded = new (Module as unknown as new (id: string) => LocalModule)(path);
    const ownRequire = createRequire(path);
    Object.assign(loaded, { filename: path, require: (id: string) => this.load(id, dirname(path), ownRequire) });
    this.loadedLocal.set(path, loaded.exports); // before it runs, as Node does: cycles see what is there already
    loaded._compile(text, path);
    this.loadedLocal.set(path, loaded.exports);
    return loaded.exports;
  }
}

interface LocalModule {
  exports: unknown;
  _compile(text: string, path: string): void;
}

/** ES modules with top-level await, and packages that offer themselves to `import` only. */
function onlyImportCanLoad(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "ERR_REQUIRE_ASYNC_MODULE" || code === "ERR_REQUIRE_ESM" || code === "ERR_PACKAGE_PATH_NOT_EXPORTED";
}

/** A namespace with the mark by which TypeScript's output knows that `default` is an export like any other. Reads stay live. */
function asCommonJs(namespace: object): object {
  return new Proxy(namespace, {
    get: (target, name): unknown => (name === "__esModule" ? true : Reflect.get(target, name)),
  });
}
