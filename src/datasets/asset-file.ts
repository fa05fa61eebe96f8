/**
 * @file Reads pictures out of the npm package `@pmndrs/assets`, whose modules each export one file as a base64 data URL.
 *
 * Origin (as the package says): panoramas by Poly Haven; relief maps and material spheres collected by the package; all CC0.
 */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkHash, packagePath, type PackageFile } from "./package-file.js";

const PACKAGE = "@pmndrs/assets";
const VERSION = "1.7.0";

/** Where the pictures come from, for cards. */
export const assetSource = `npm package ${PACKAGE}@${VERSION}`;

/** A folder of the package; `sha256` is over name, zero byte, content, zero byte of each module, by name. */
export function assetFolder(path: string, bytes: number, sha256: string): PackageFile {
  return { package: PACKAGE, version: VERSION, path: `${path}/`, bytes, sha256 };
}

/** One file of a folder. */
export interface Asset {
  /** Without its endings: `forest`. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads all files of a folder, by name.
 *
 * @throws {UsageError} when the package is missing or another version's.
 */
export function readAssets(task: string, folder: PackageFile): Asset[] {
  const place = packagePath(task, folder.package, folder.version, folder.path);
  const hash = createHash("sha256");
  const assets = readdirSync(place)
    .filter((file) => file.endsWith(".js"))
    .sort()
    .map((file) => {
      const module = readFileSync(join(place, file), "latin1");
      hash.update(file).update("\0").update(module, "latin1").update("\0");
      const base64 = /;base64,([^'"]*)/.exec(module)?.[1] ?? "";
      return { name: file.slice(0, file.indexOf(".")), bytes: new Uint8Array(Buffer.from(base64, "base64")) };
    });
  checkHash(task, folder, hash.digest("hex"));
  return assets;
}
