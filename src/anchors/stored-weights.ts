/**
 * @file Weights as they lie in a safetensors file: 16-bit matrices are not widened, and where the system maps files they are not even read.
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { mapFile, widenHalves, type Halves } from "../tensor/index.js";
import type { HostTensor } from "./parameters.js";
import { readSafetensors, readSafetensorsSummary } from "./safetensors.js";
import type { SafetensorsEntry } from "./safetensors-header.js";

/** Bytes read at a time. */
const PIECE = 1 << 26;

/**
 * Opens the matrices of a file that are stored in 16 bits in place, and reads every other tensor as float32.
 *
 * The file is mapped into memory; where that cannot be, 16-bit numbers are read piece by piece into arrays of their own. Either way no
 * float32 copy of them is made. A mapped file must not be changed while its weights are in use.
 *
 * @param only - tensors to read; the header is checked whole.
 * @throws {UsageError} as `readSafetensors`.
 */
export function openStoredWeights(path: string, only: (name: string) => boolean): Map<string, HostTensor> {
  const { entries, dataStart } = readSafetensorsSummary(path);
  const inPlace = entries.filter(({ name, dtype, shape }) => only(name) && shape.length === 2 && (dtype === "F16" || dtype === "BF16"));
  const names = new Set(inPlace.map(({ name }) => name));
  const weights = new Map<string, HostTensor>();
  for (const [name, { shape, data }] of readSafetensors(path, (one) => only(one) && !names.has(one)).tensors) weights.set(name, { shape, data: data as Float32Array });
  const mapped = inPlace.length === 0 ? undefined : mapFile(path);
  for (const entry of inPlace) weights.set(entry.name, new HalfWeight(entry.shape, halvesOf(path, mapped, entry, dataStart + entry.begin)));
  return weights;
}

/** A matrix in 16 bits; `data` widens a copy at every reading. */
class HalfWeight implements HostTensor {
  constructor(
    readonly shape: readonly number[],
    readonly halves: Halves,
  ) {}

  get data(): Float32Array {
    return widenHalves(this.halves);
  }
}

function halvesOf(path: string, mapped: ArrayBuffer | undefined, { dtype, begin, end }: SafetensorsEntry, start: number): Halves {
  const Numbers = dtype === "F16" ? Uint16Array : Int16Array;
  const count = (end - begin) / 2;
  if (mapped !== undefined && start % 2 === 0) return new Numbers(mapped, start, count);
  const own = new Numbers(count);
  let done = 0;
  for (const piece of piecesOf(path, start, start + 2 * count)) {
    new Uint8Array(own.buffer).set(piece, done);
    done += piece.length;
  }
  return own;
}

/** sha256 over several files, one after another, read piece by piece. */
export function filesSha256(paths: readonly string[]): string {
  const hash: Hash = createHash("sha256");
  for (const path of paths) for (const piece of piecesOf(path, 0, Infinity)) hash.update(piece);
  return hash.digest("hex");
}

/** The bytes from `start` up to `end` or the file's, in pieces that are overwritten by the next. */
function* piecesOf(path: string, start: number, end: number): Generator<Uint8Array, void, void> {
  const file = openSync(path, "r");
  try {
    const buffer = new Uint8Array(Math.min(PIECE, end - start));
    for (let at = start; at < end; ) {
      const count = readSync(file, buffer, 0, Math.min(buffer.length, end - at), at);
      if (count === 0) return;
      yield buffer.subarray(0, count);
      at += count;
    }
  } finally {
    closeSync(file);
  }
}
