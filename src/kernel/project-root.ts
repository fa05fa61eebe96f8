/**
 * @file Where the package that the cells import lives: the nearest folder above this file whose package.json is named "esta".
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The name under which cells import the library. */
export const PACKAGE_NAME = "esta";

/** Returns the folder of the package; works from `src`, from `dist` and from a copy of the kernel inside `node_modules/.cache`. */
export function projectRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name === PACKAGE_NAME) return folder;
    if (dirname(folder) === folder) throw new Error(`kernel: no package named ${PACKAGE_NAME} above ${fileURLToPath(import.meta.url)}.`);
  }
}
