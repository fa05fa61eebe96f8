/**
 * @file Files appear whole or not at all: written under another name, flushed, then renamed.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../checks.js";

/** Makes the name under which a file is written before it is complete; the process number keeps two writers apart. */
function partialName(path: string): string {
  return join(dirname(path), `.partial-${process.pid}-${basename(path)}`);
}

/**
 * Writes a file so that a reader never meets half of it, making its folder where needed.
 *
 * @param path - where the finished file goes; an older one is replaced.
 * @param content - text (written as UTF-8) or bytes.
 * @throws {UsageError} when the folder cannot be made or written (missing rights, full disk); no partial file stays behind.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const partial = partialName(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
    const file = openSync(partial, "w");
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (cause) {
    removeQuietly(partial);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(
      `write ${path}: ${reason}, expected a folder with write permission and free space. Free some space or choose another folder.`,
    );
  }
}

/** Removes a partial file; where even that fails, the first error is the one worth telling. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The error that led here says more.
  }
}
