/**
 * @file Reads and writes safetensors files: an 8-byte length, a JSON header with dtype, shape and byte range of each tensor, then the bytes.
 *
 * A header is believed only after every number in it was held against the file's size, so a hostile or cut file costs one message.
 * Source: the published description of the format (huggingface/safetensors); little-endian hosts only, as every host of Node's prebuilt engines.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { UsageError } from "../checks.js";
import { narrowToBfloat16, narrowToFloat16, widenBfloat16, widenFloat16 } from "../tensor/float16.js";
import { parseHeader, safetensorsBytes, type SafetensorsDtype, type SafetensorsEntry } from "./safetensors-header.js";
import { writeWhole } from "../write-whole.js";

/** The numbers of one tensor in memory. Half precision, bfloat16 and float64 become float32; int8 and int16 become int32; BOOL is bytes of 0 and 1. */
export type StoredData = Float32Array | Uint8Array | Int32Array | BigInt64Array;

/** One tensor of a file. `dtype` is the type on disk; `data` is row-major and owns its memory. */
export interface StoredTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly data: StoredData;
}

/** The tensors of a file, in the order of their bytes, and the free text of its header. */
export interface StoredTensors {
  readonly tensors: Map<string, StoredTensor>;
  readonly metadata: Record<string, string>;
}

/** What a file says it holds, without the numbers. */
export interface SafetensorsSummary {
  readonly entries: readonly SafetensorsEntry[];
  /** Byte of the file at which the first tensor begins. */
  readonly dataStart: number;
  readonly metadata: Record<string, string>;
}

/** A tensor to write: float32 numbers (stored as the chosen dtype), bytes (U8) or int32 (I32). */
export interface TensorToStore {
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint8Array | Int32Array;
}

/** Largest header that is read, in bytes: the bound of the format's own library. */
export const maximumHeaderBytes = 100_000_000;

/**
 * Reads a safetensors file, tensor by tensor into memory of its own.
 *
 * @param path - the file.
 * @param only - reads just the tensors for which it returns true; the header is checked whole. Default: all.
 * @throws {UsageError} when the file is missing, cut, or its header does not describe it exactly.
 */
export function readSafetensors(path: string, only: (name: string) => boolean = () => true): StoredTensors {
  return withFile(path, (file, size) => {
    const { entries, metadata, dataStart } = readHeader(path, file, size);
    const tensors = new Map<string, StoredTensor>();
    for (const entry of entries) {
      if (!only(entry.name)) continue;
      tensors.set(entry.name, { dtype: entry.dtype, shape: entry.shape, data: readEntry(path, file, entry, dataStart) });
    }
    return { tensors, metadata };
  });
}

/** Reads and checks the header alone: names, dtypes, shapes and byte ranges. Errors as {@link readSafetensors}. */
export function readSafetensorsSummary(path: string): SafetensorsSummary {
  return withFile(path, (file, size) => readHeader(path, file, size));
}

/**
 * Writes a safetensors file under a temporary name, forces it to disk and renames it, so that no half-written file keeps the name.
 *
 * The bytes depend on the contents alone: tensors lie by size of element, then by name, and the header is padded to 8 bytes.
 *
 * @param dtype - how float32 numbers are stored: F32 (default), F16 or BF16, rounded to nearest, ties to even.
 * @throws {UsageError} for a shape that does not fit its data, a finite number beyond the dtype's range, or a place that cannot be written.
 */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorToStore>>,
  { dtype = "F32", metadata = {} }: { dtype?: "F32" | "F16" | "BF16"; metadata?: Readonly<Record<string, string>> } = {},
): void {
  const where = `writeSafetensors ${path}`;
  const entries = Object.entries(tensors).map(([name, tensor]) => {
    checkTensor(where, name, tensor);
    const stored: SafetensorsDtype = tensor.data instanceof Float32Array ? dtype : tensor.data instanceof Int32Array ? "I32" : "U8";
    return { name, dtype: stored, tensor };
  });
  entries.sort((a, b) => safetensorsBytes[b.dtype] - safetensorsBytes[a.dtype] || (a.name < b.name ? -1 : 1));

  const header: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const metadataNames = Object.keys(metadata).sort();
  if (metadataNames.length > 0) header["__metadata__"] = Object.fromEntries(metadataNames.map((name) => [name, metadata[name]]));
  let offset = 0;
  for (const entry of entries) {
    const end = offset + entry.tensor.data.length * safetensorsBytes[entry.dtype];
    header[entry.name] = { dtype: entry.dtype, shape: entry.tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = Buffer.from(headerText(header, metadataNames.length > 0, entries.map((entry) => entry.name)));
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, " ");
  text.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  function* pieces(): Generator<Uint8Array> {
    yield length;
    yield padded;
    for (const entry of entries) yield storedBytes(where, entry.name, entry.dtype, entry.tensor.data);
  }
  writeWhole("writeSafetensors", path, pieces());
}

/** Joins the header by hand, because an object would move names that look like numbers to the front. */
function headerText(header: Record<string, unknown>, withMetadata: boolean, names: readonly string[]): string {
  const keys = withMetadata ? ["__metadata__", ...names] : names;
  return `{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(header[key])}`).join(",")}}`;
}

function checkTensor(where: string, name: string, { shape, data }: TensorToStore): void {
  if (name === "__metadata__") throw new UsageError(`${where}: a tensor is named "__metadata__", which the format keeps for itself; choose another name.`);
  const product = shape.reduce((total, side) => total * side, 1);
  if (!shape.every((side) => Number.isSafeInteger(side) && side >= 0) || product !== data.length) {
    throw new UsageError(`${where}: ${name} has shape [${shape.join(", ")}] and ${data.length} numbers, expected as many as the product of the shape; correct one of them.`);
  }
}

function storedBytes(where: string, name: string, dtype: SafetensorsDtype, data: TensorToStore["data"]): Uint8Array {
  const stored = data instanceof Float32Array && dtype === "F16" ? narrowToFloat16(data) : data instanceof Float32Array && dtype === "BF16" ? narrowToBfloat16(data) : data;
  if (data instanceof Float32Array && stored instanceof Uint16Array) checkRange(where, name, dtype, data, stored);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

function checkRange(where: string, name: string, dtype: SafetensorsDtype, data: Float32Array, stored: Uint16Array): void {
  const infinite = dtype === "F16" ? 0x7c00 : 0x7f80;
  for (let i = 0; i < stored.length; i++) {
    if ((stored[i]! & 0x7fff) === infinite && Number.isFinite(data[i]!)) {
      const advice = dtype === "F16" ? "at most 65504; store it as BF16 or F32" : "at most 3.39e38; store it as F32";
      throw new UsageError(`${where}: ${name} holds ${data[i]}, expected ${advice}.`);
    }
  }
}

function withFile<T>(path: string, use: (file: number, size: number) => T): T {
  let file: number;
  try {
    if (!statSync(path).isFile()) throw new UsageError(`readSafetensors ${path}: is not a file, expected a safetensors file; name the file itself.`);
    file = openSync(path, "r");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw readProblem(path, error);
  }
  try {
    return use(file, fstatSync(file).size);
  } catch (error) {
    throw error instanceof UsageError ? error : readProblem(path, error);
  } finally {
    closeSync(file);
  }
}

/** Faults of the file system and of memory are the caller's to mend; anything else is ours and keeps its stack. */
function readProblem(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const reason = error.code === "ENOENT" ? "there is no such file" : error.code === "EACCES" ? "permission denied" : error.message;
  return new UsageError(`readSafetensors ${path}: cannot be read (${reason}), expected a safetensors file; check the path.`);
}

function readHeader(path: string, file: number, size: number) {
  const where = `readSafetensors ${path}`;
  if (size < 10) throw new UsageError(`${where}: has ${size} bytes, expected at least 10; the file is cut short or of another format.`);
  const announced = new DataView(readBytes(path, file, 0, 8)).getBigUint64(0, true);
  const length = Number(announced);
  if (length > size - 8) {
    throw new UsageError(`${where}: announces a header of ${announced} bytes in a file of ${size}, expected at most ${size - 8}; the file is cut short or of another format.`);
  }
  if (length > maximumHeaderBytes) {
    throw new UsageError(`${where}: announces a header of ${length} bytes, expected at most ${maximumHeaderBytes}; the file is damaged or of another format.`);
  }
  const header = parseHeader(where, new Uint8Array(readBytes(path, file, 8, length)), size - 8 - length);
  return { ...header, dataStart: 8 + length };
}

function readBytes(path: string, file: number, start: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, Math.min(length - done, 1 << 30), start + done);
    if (count === 0) throw new UsageError(`readSafetensors ${path}: ends at byte ${start + done}, expected ${start + length}; another program is changing the file, read it again.`);
    done += count;
  }
  return bytes.buffer;
}

function readEntry(path: string, file: number, entry: SafetensorsEntry, dataStart: number): StoredData {
  try {
    return inMemory(entry.dtype, readBytes(path, file, dataStart + entry.begin, entry.end - entry.begin));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`readSafetensors ${path}: ${entry.name} of ${entry.end - entry.begin} bytes does not fit in memory, expected a smaller tensor; split it or free memory.`);
  }
}

function inMemory(dtype: SafetensorsDtype, buffer: ArrayBuffer): StoredData {
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F16":
      return widenFloat16(new Uint16Array(buffer));
    case "BF16":
      return widenBfloat16(new Uint16Array(buffer));
    case "F64":
      return Float32Array.from(new Float64Array(buffer));
    case "I32":
      return new Int32Array(buffer);
    case "I16":
      return Int32Array.from(new Int16Array(buffer));
    case "I8":
      return Int32Array.from(new Int8Array(buffer));
    case "I64":
      return new BigInt64Array(buffer);
    case "U8":
    case "BOOL":
      return new Uint8Array(buffer);
  }
}
