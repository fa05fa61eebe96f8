/**
 * @file Results appear whole or not at all, in folders made where needed.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { writeWhole, writeProblem } from "../write-whole.js";

/**
 * Writes a file so that a reader never meets half of it, making its folder where needed.
 *
 * @param path - where the finished file goes; an older one is replaced.
 * @param content - text (written as UTF-8) or bytes.
 * @throws {UsageError} when the folder cannot be made or written (missing rights, full disk); no partial file stays behind.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw writeProblem("write", path, error);
  }
  writeWhole("write", path, [typeof content === "string" ? Buffer.from(content, "utf8") : content]);
}
