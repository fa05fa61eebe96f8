/**
 * @file Files as memory, without reading them first.
 */
import { loadAddon } from "../native/addon.js";

/**
 * Maps a file: its pages are read as they are touched, and given back to the system when memory is short.
 *
 * Nobody may write the memory, and the file must keep its length while it is in use: either ends the process.
 *
 * @returns the file's bytes; nothing where the native library is absent or the system does not map the file.
 */
export function mapFile(path: string): ArrayBuffer | undefined {
  const found = loadAddon();
  if (found.kind === "absent") return undefined;
  try {
    return found.addon.mapFile(path);
  } catch {
    return undefined; // it is read in pieces then, and a reason that matters shows there
  }
}
