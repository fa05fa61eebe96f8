import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { UsageError } from "../checks.js";
import { createRng } from "../rng.js";
import { readSafetensors, readSafetensorsSummary, writeSafetensors } from "./safetensors.js";

const disk = vi.hoisted(() => ({ full: false }));
vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const writeSync = (...parameters: Parameters<typeof real.writeSync>): number => {
    if (disk.full) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    return real.writeSync(...parameters);
  };
  return { ...real, writeSync };
});

const folder = mkdtempSync(join(tmpdir(), "safetensors-"));
const path = join(folder, "file.safetensors");
const where = `readSafetensors ${path}`;
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file from a header and data bytes. */
function writeRaw(header: unknown, data: Uint8Array = new Uint8Array(0)): void {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, data]));
}

/** The message of the UsageError that reading throws; anything else fails the test. */
function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const message = (): string => messageOf(() => readSafetensors(path));

test("what is written is read back: float32, bytes, int32, scalars, empty tensors, awkward names, metadata", () => {
  const tensors = {
    "10": { shape: [2, 3], data: Float32Array.of(1, -2.5, 3e-40, NaN, Infinity, -0) },
    bytes: { shape: [5], data: Uint8Array.of(0, 1, 2, 254, 255) },
    "ünicode \"name\"": { shape: [], data: Int32Array.of(-2147483648) },
    empty: { shape: [0, 4], data: new Float32Array(0) },
    __proto: { shape: [1], data: new Uint8Array(8).subarray(3, 4) },
  };
  writeSafetensors(path, tensors, { metadata: { format: "pt", note: "ß" } });
  const read = readSafetensors(path);
  expect(read.metadata).toEqual({ format: "pt", note: "ß" });
  expect(read.tensors.size).toBe(5);
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    expect(read.tensors.get(name)!.shape).toEqual(shape);
    expect([...read.tensors.get(name)!.data]).toEqual([...data]);
  }
});

test("the bytes do not depend on the order of the tensors, and every tensor is aligned to its element", () => {
  const a = { shape: [3], data: Uint8Array.of(1, 2, 3) };
  const b = { shape: [1], data: Float32Array.of(4) };
  writeSafetensors(path, { a, b }, { metadata: { x: "1", y: "2" } });
  const first = readFileSync(path);
  writeSafetensors(path, { b, a }, { metadata: { y: "2", x: "1" } });
  expect(readFileSync(path).equals(first)).toBe(true);
  expect(readSafetensorsSummary(path).entries).toEqual([
    { name: "b", dtype: "F32", shape: [1], begin: 0, end: 4 },
    { name: "a", dtype: "U8", shape: [3], begin: 4, end: 7 },
  ]);
  expect(Number(first.readBigUInt64LE()) % 8).toBe(0);
});

test("half precision and bfloat16 are rounded on disk and come back as float32", () => {
  const tensors = { w: { shape: [4], data: Float32Array.of(1, 1 / 3, -1e-7, 65504) } };
  writeSafetensors(path, tensors, { dtype: "F16" });
  expect(readFileSync(path).length % 8).toBe(0);
  expect([...readSafetensors(path).tensors.get("w")!.data]).toEqual([1, 0.333251953125, -(2 ** -23), 65504]);
  writeSafetensors(path, tensors, { dtype: "BF16" });
  const read = readSafetensors(path).tensors.get("w")!;
  expect(read.dtype).toBe("BF16");
  expect([...read.data.slice(0, 2)]).toEqual([1, 0.333984375]);
});

test("every dtype is read, whatever its alignment, and a choice of names reads only those", () => {
  const data = Buffer.alloc(1 + 8 + 8 + 2 + 2 + 4 + 1 + 2);
  data.writeInt8(-7, 0);
  data.writeDoubleLE(0.1, 1);
  data.writeBigInt64LE(-(2n ** 60n), 9);
  data.writeInt16LE(-300, 17);
  data.writeUInt16LE(0x3c00, 19);
  data.writeInt32LE(-70000, 21);
  data.writeUInt8(1, 25);
  data.writeUInt16LE(0xbf80, 26);
  const entry = (dtype: string, begin: number, end: number) => ({ dtype, shape: [1], data_offsets: [begin, end] });
  writeRaw({ i8: entry("I8", 0, 1), f64: entry("F64", 1, 9), i64: entry("I64", 9, 17), i16: entry("I16", 17, 19), f16: entry("F16", 19, 21), i32: entry("I32", 21, 25), bool: entry("BOOL", 25, 26), bf16: entry("BF16", 26, 28) }, data);
  const { tensors } = readSafetensors(path);
  expect([...tensors.values()].map((tensor) => tensor.data[0])).toEqual([-7, Math.fround(0.1), -(2n ** 60n), -300, 1, -70000, 1, -1]);
  expect([...readSafetensors(path, (name) => name === "f16").tensors.keys()]).toEqual(["f16"]);
});

test("a file that is missing, a folder, or too short is named", () => {
  const missing = join(folder, "none.safetensors");
  expect(messageOf(() => readSafetensors(missing))).toBe(`readSafetensors ${missing}: cannot be read (there is no such file), expected a safetensors file; check the path.`);
  expect(messageOf(() => readSafetensors(folder))).toBe(`readSafetensors ${folder}: is not a file, expected a safetensors file; name the file itself.`);
  writeFileSync(path, "abc");
  expect(message()).toBe(`${where}: has 3 bytes, expected at least 10; the file is cut short or of another format.`);
});

test("a half-written file is told from its size", () => {
  writeSafetensors(path, { w: { shape: [100], data: new Float32Array(100) } });
  truncateSync(path, readFileSync(path).length - 150);
  expect(message()).toBe(`${where}: w has data_offsets 0 to 400, expected a range within the 250 bytes after the header; the file is cut short or damaged.`);
  truncateSync(path, 30);
  expect(message()).toBe(`${where}: announces a header of 64 bytes in a file of 30, expected at most 22; the file is cut short or of another format.`);
});

test("a header length beyond the file or the limit allocates nothing", () => {
  const length = Buffer.alloc(16);
  length.writeBigUInt64LE(2n ** 64n - 1n);
  writeFileSync(path, length);
  expect(message()).toBe(`${where}: announces a header of 18446744073709551615 bytes in a file of 16, expected at most 8; the file is cut short or of another format.`);
  length.writeBigUInt64LE(100_000_001n);
  writeFileSync(path, length);
  truncateSync(path, 200_000_000); // a sparse file
  expect(message()).toBe(`${where}: announces a header of 100000001 bytes, expected at most 100000000; the file is damaged or of another format.`);
});

test("a header that is not an object of tensors is refused", () => {
  writeRaw("{not json}");
  expect(message()).toContain(`${where}: the header is not JSON (`);
  writeRaw("[1,2]");
  expect(message()).toBe(`${where}: the header is [1, 2], expected an object of tensors; the file is damaged or of another format.`);
  writeRaw("null");
  expect(message()).toBe(`${where}: the header is null, expected an object of tensors; the file is damaged or of another format.`);
  writeRaw("[".repeat(200_000) + "]".repeat(200_000));
  expect(message()).toBe(`${where}: the header is […], expected an object of tensors; the file is damaged or of another format.`);
  writeFileSync(path, Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0x7b, 0xff, 0xfe, 0x7d])]));
  expect(message()).toBe(`${where}: the header is not UTF-8, expected JSON text; the file is damaged or of another format.`);
  writeRaw({ __metadata__: { a: 1 } });
  expect(message()).toBe(`${where}: __metadata__ is an object, expected an object of strings; the header is damaged.`);
});

test("wrong fields are all listed", () => {
  writeRaw({ a: 5, b: { dtype: "F8", shape: [-1], data_offsets: [0] }, c: { dtype: "toString", shape: [1.5], data_offsets: [0, -4] }, d: {} });
  expect(message().split("\n")).toEqual([
    `${where}: a is 5, expected an object with dtype, shape and data_offsets.`,
    `${where}: b has dtype "F8", expected one of F64, I64, F32, I32, F16, BF16, I16, I8, U8, BOOL.`,
    `${where}: b has shape [-1], expected a list of whole numbers from 0 to 2^53 − 1.`,
    `${where}: b has data_offsets [0], expected two whole numbers.`,
    `${where}: c has dtype "toString", expected one of F64, I64, F32, I32, F16, BF16, I16, I8, U8, BOOL.`,
    `${where}: c has shape [1.5], expected a list of whole numbers from 0 to 2^53 − 1.`,
    `${where}: c has data_offsets [0, -4], expected two whole numbers.`,
    `${where}: d has dtype missing, expected one of F64, I64, F32, I32, F16, BF16, I16, I8, U8, BOOL.`,
    `${where}: d has shape missing, expected a list of whole numbers from 0 to 2^53 − 1.`,
    `${where}: d has data_offsets missing, expected two whole numbers.`,
  ]);
});

test.each([
  ["Overlapping ranges", { a: [4, 0, 4], b: [4, 3, 7] }, 7, "b begins at byte 3, inside the tensor before it, expected 4; the header is damaged."],
  ["Holes", { a: [4, 0, 4], b: [4, 5, 9] }, 9, "b begins at byte 5, expected 4: the bytes between belong to no tensor; the header is damaged."],
  ["Bytes left over", { a: [4, 0, 4] }, 6, "the tensors end at byte 4 of 6 after the header, expected all of them used; the file is damaged or was appended to."],
  ["Ranges that end before they begin", { a: [4, 4, 0] }, 4, "a has data_offsets 4 to 0, expected a range within the 4 bytes after the header; the file is cut short or damaged."],
  ["Shapes of another size", { a: [3, 0, 4] }, 4, "a has shape [3] of U8, 3 bytes, and data_offsets of 4 bytes, expected the same; the header is damaged."],
])("%s are refused", (_, entries, dataBytes, expected) => {
  const header = Object.fromEntries(Object.entries(entries).map(([name, numbers]) => [name, { dtype: "U8", shape: [numbers[0]], data_offsets: numbers.slice(1) }]));
  writeRaw(header, new Uint8Array(dataBytes));
  expect(message()).toBe(`${where}: ${expected}`);
});

test("sizes that overflow are refused before anything is allocated, even when a 0 follows", () => {
  for (const shape of [[2 ** 32, 2 ** 32], [2 ** 40, 2 ** 40, 0], [2 ** 26, 2 ** 26, 2]]) {
    writeRaw({ a: { dtype: "F32", shape, data_offsets: [0, 0] } });
    expect(message()).toBe(`${where}: a has shape [${shape.join(", ")}] of F32, more bytes than can be counted, and data_offsets of 0 bytes, expected the same; the header is damaged.`);
  }
});

test("a tensor beyond the memory of the machine is told apart from a damaged file", () => {
  const bytes = 2 ** 46;
  writeRaw({ huge: { dtype: "U8", shape: [bytes], data_offsets: [0, bytes] } });
  const headerEnd = readFileSync(path).length;
  try {
    truncateSync(path, headerEnd + bytes); // a sparse file, where the file system has such
  } catch {
    truncateSync(path, headerEnd + 2 ** 43);
    expect(message()).toContain("the file is cut short or damaged");
    return;
  }
  expect(message()).toBe(`${where}: huge of ${bytes} bytes does not fit in memory, expected a smaller tensor; split it or free memory.`);
});

test("names that occur twice are refused, in the header and inside a tensor", () => {
  const entry = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
  writeRaw(`{"a":${entry},"\\u0061":${entry}}`, new Uint8Array(1));
  expect(message()).toBe(`${where}: a occurs twice in the header, expected every name once; the header is damaged.`);
  writeRaw('{"a":{"dtype":"F32","dtype" :"U8","shape":[1],"data_offsets":[0,1]}}', new Uint8Array(1));
  expect(message()).toBe(`${where}: dtype occurs twice in the header, expected every name once; the header is damaged.`);
});

test("writing refuses shapes that do not fit, reserved names and numbers that the dtype cannot hold", () => {
  const write = (name: string, shape: number[], data: Float32Array) => messageOf(() => writeSafetensors(path, { [name]: { shape, data } }, { dtype: "F16" }));
  expect(write("w", [2, 2], new Float32Array(3))).toBe(`writeSafetensors ${path}: w has shape [2, 2] and 3 numbers, expected as many as the product of the shape; correct one of them.`);
  expect(write("__metadata__", [0], new Float32Array(0))).toBe(`writeSafetensors ${path}: a tensor is named "__metadata__", which the format keeps for itself; choose another name.`);
  expect(write("w", [2], Float32Array.of(Infinity, 70000))).toBe(`writeSafetensors ${path}: w holds 70000, expected at most 65504; store it as BF16 or F32.`);
});

test("a full disk or a missing folder is told, the old file stays and nothing half-written is left", () => {
  const tensors = { w: { shape: [2], data: Float32Array.of(1, 2) } };
  writeSafetensors(path, tensors);
  const before = readFileSync(path);
  disk.full = true;
  const full = messageOf(() => writeSafetensors(path, { w: { shape: [1], data: Float32Array.of(5) } }));
  disk.full = false;
  expect(full).toBe(`writeSafetensors ${path}: cannot be written (ENOSPC: the disk is full), expected a folder that takes the file; free some space or choose another folder.`);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(readdirSync(folder)).toEqual(["file.safetensors"]);

  const lost = join(folder, "none", "w.safetensors");
  expect(messageOf(() => writeSafetensors(lost, tensors))).toBe(`writeSafetensors ${lost}: cannot be written (ENOENT: the folder does not exist), expected a folder that takes the file; make the folder or choose another.`);
  const inside = join(path, "w.safetensors");
  expect(messageOf(() => writeSafetensors(inside, tensors))).toContain("cannot be written (ENOTDIR: a part of the path is not a folder)");
});

test("no mutation of a valid file makes reading throw anything but a UsageError", { timeout: 60_000 }, () => {
  writeSafetensors(path, { "a.weight": { shape: [2, 3], data: new Float32Array(6) }, b: { shape: [5], data: new Uint8Array(5) }, c: { shape: [], data: new Int32Array(1) } }, { metadata: { format: "pt" } });
  const valid = readFileSync(path);
  const headerBytes = Number(valid.readBigUInt64LE());
  const random = createRng(1).stream("mutations");
  const pieces = ['"', "{", "}", "[", "]", ":", ",", "-1", "1e400", "1e15", "9007199254740993", "null", "__proto__", "\\u0000", '"a.weight":', "\uD800", "0.5", "\n"].map((piece) => Buffer.from(piece));
  let refused = 0;
  for (let trial = 0; trial < 2000; trial++) {
    let bytes: Buffer = Buffer.from(valid);
    for (let change = random.integer(3); change >= 0; change--) {
      const at = random.uniform() < 0.8 ? random.integer(Math.min(bytes.length, 8 + headerBytes)) : random.integer(bytes.length);
      const kind = random.integer(5);
      const piece = pieces[random.integer(pieces.length)]!;
      if (kind === 0) bytes[at] = random.integer(256);
      else if (kind === 1) bytes[at] = bytes[at]! ^ (1 << random.integer(8));
      else if (kind === 2) bytes = bytes.subarray(0, at + 1);
      else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
      else bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + piece.length)]);
      if (kind === 3 && bytes.length >= 8 && random.uniform() < 0.7) bytes.writeBigUInt64LE(BigInt(headerBytes + piece.length));
    }
    writeFileSync(path, bytes);
    try {
      readSafetensors(path);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(700);
});
