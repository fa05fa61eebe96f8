/**
 * @file Where golden values and weights are looked for.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json: three levels above this file, in `src` and in `dist`. */
const repositoryRoot = fileURLToPath(new URL("../../..", import.meta.url));

/** The project's own copy of the cases that its tests need. */
export const committedGoldens = join(repositoryRoot, "data", "goldens");

/** The full set, where it lies beside the repository. */
export const sharedGoldens = join(repositoryRoot, "..", "shared", "goldens");

/** Folders of real weights. */
export const weightFolders: readonly string[] = [join(repositoryRoot, "..", "shared", "data", "weights"), join(repositoryRoot, "data", "weights")];

/** The folder that is run when none is named: the full set where present, else the project's own. */
export function defaultGoldens(): string {
  return existsSync(join(sharedGoldens, "index.json")) ? sharedGoldens : committedGoldens;
}
