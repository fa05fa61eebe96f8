/**
 * @file The kit's own folder, where data and results lie unless told otherwise.
 */
import { fileURLToPath } from "node:url";

/** Absolute path of the folder that holds package.json; the same from `src` and from `dist`. */
export const packageRoot: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");
