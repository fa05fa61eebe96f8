/**
 * @file The rows that `esta compare` keeps beside its table: where they lie, and reading them.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../experiments/package-root.js";
import { parseJson } from "../reporting/parse-json.js";
import type { ComparedAnchor, CompareRecipe } from "../training/compare-anchors.js";

/** Folder of the kit's anchors, and of what they were measured to be worth. */
export const ownAnchors = join(packageRoot, "data", "anchors");

/** Rows measured under one recipe. */
export interface Comparison {
  readonly recipe: CompareRecipe;
  readonly rows: readonly ComparedAnchor[];
}

/** Place of a family's rows in a folder. */
export function comparedRowsPath(folder: string, familyId: string): string {
  return join(folder, `${familyId}-compared.json`);
}

/** Reads rows; nothing where there are none. @throws {UsageError} when the file is not JSON. */
export function readComparison(path: string): Comparison | undefined {
  if (!existsSync(path)) return undefined;
  return parseJson(readFileSync(path, "utf8"), path, "rows of an earlier comparison", "Delete it to measure anew.") as Comparison;
}
