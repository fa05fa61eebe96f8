/**
 * @file Writes a file so that its name holds the whole of it or what was there before, never a half.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "./checks.js";

let writes = 0;

/**
 * Writes `pieces` one after another to a temporary name beside `path`, forces them to disk and renames.
 *
 * @param where - what is writing, the beginning of the error message.
 * @throws {UsageError} when the folder is missing or closed to writing, or the disk is full; nothing is left behind then.
 */
export function writeWhole(where: string, path: string, pieces: Iterable<Uint8Array>): void {
  const partial = join(dirname(path), `.partial-${basename(path)}-${process.pid}-${writes++}`);
  try {
    const file = openSync(partial, "wx");
    try {
      for (const piece of pieces) writeFully(file, piece);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    removeQuietly(partial);
    throw writeProblem(where, path, error);
  }
}

function writeFully(file: number, piece: Uint8Array): void {
  let done = 0;
  while (done < piece.byteLength) done += writeSync(file, piece, done, Math.min(piece.byteLength - done, 1 << 30));
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The first fault is the one to tell.
  }
}

/** The message of a write that the system refused; faults of our own pass through. */
export function writeProblem(where: string, path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === undefined || error instanceof UsageError) return error;
  return new UsageError(`${where} ${path}: cannot be written (${code}: ${reasonOf(code)}), expected a folder that takes the file; ${adviceOf(code)}`);
}

function reasonOf(code: string): string {
  const reasons: Record<string, string> = {
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    EACCES: "permission denied",
    EPERM: "not permitted",
    EROFS: "the file system is read-only",
    ENOENT: "the folder does not exist",
    ENOTDIR: "a part of the path is not a folder",
    EEXIST: "there is a file where a folder should be",
    EISDIR: "there is a folder of that name",
    EFBIG: "the file is too large for this place",
    ENAMETOOLONG: "the name is too long",
  };
  return reasons[code] ?? "the system refused";
}

function adviceOf(code: string): string {
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") return "free some space or choose another folder.";
  if (code === "ENOENT") return "make the folder or choose another.";
  return "choose another folder or change its permissions.";
}
