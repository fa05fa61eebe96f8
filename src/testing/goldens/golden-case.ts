/**
 * @file A folder of golden values: its index, and each case's manifest and files, verified before use.
 */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { readSafetensors, type StoredTensor } from "../../anchors/safetensors.js";
import { UsageError } from "../../checks.js";
import { readJson, type JsonNode } from "./json-node.js";

/** One case of the folder. */
export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  readonly manifest: JsonNode;
}

/** What the index says of a case. */
export interface IndexEntry {
  readonly name: string;
  /** Path of the manifest. */
  readonly manifest: string;
}

/** Lists the cases of a folder. @throws {UsageError} when there is no such folder or its index cannot be used. */
export function readIndex(folder: string): IndexEntry[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`goldens ${folder}: there is no such folder, expected one with an index.json; name another.`);
  }
  const index = readJson(join(folder, "index.json"));
  expectFormat(index, "esta-golden-index/1");
  const cases = index.get("cases").items();
  if (cases.length === 0) throw new UsageError(`${index.place} lists no cases, expected at least one; name another folder.`);
  return cases.map((entry) => ({ name: entry.get("case").string(), manifest: join(folder, insidePath(entry.get("manifest").string(), entry.get("manifest").place)) }));
}

/** Opens a case and compares every file of its manifest with the size and sha256 that stand there. */
export function openCase({ name, manifest: path }: IndexEntry): GoldenCase {
  const manifest = readJson(path);
  expectFormat(manifest, "esta-golden/1");
  const golden: GoldenCase = { name, folder: dirname(path), manifest };
  for (const file of fileNames(golden)) verifyFile(golden, file);
  return golden;
}

/** Names of the files that the manifest lists. */
export function fileNames({ manifest }: GoldenCase): string[] {
  return manifest.get("files").keys();
}

/** The path of a listed file. @throws {UsageError} when the manifest does not list it. */
export function filePath(golden: GoldenCase, file: string): string {
  golden.manifest.get("files").get(file);
  return join(golden.folder, file);
}

/** Parses a listed JSON file. */
export function caseJson(golden: GoldenCase, file: string): JsonNode {
  return readJson(filePath(golden, file));
}

/** Reads a listed safetensors file and compares names and shapes with the manifest's. */
export function caseTensors(golden: GoldenCase, file: string): Map<string, StoredTensor> {
  const { tensors } = readSafetensors(filePath(golden, file));
  const listed = golden.manifest.get("files").get(file).find("tensors");
  if (listed === undefined) return tensors;
  const missing = listed.keys().filter((name) => !tensors.has(name));
  const extra = [...tensors.keys()].filter((name) => listed.find(name) === undefined);
  if (missing.length > 0) throw new UsageError(`${listed.place} names ${missing[0]}, which the file does not hold; copy the folder again.`);
  if (extra.length > 0) throw new UsageError(`${listed.place} does not name ${extra[0]}, which the file holds; copy the folder again.`);
  for (const [name, { shape }] of tensors) {
    const expected = listed.get(name).counts();
    if (expected.join() !== shape.join()) throw new UsageError(`${listed.place}.${name} is [${expected.join(", ")}], but the file holds [${shape.join(", ")}]; copy the folder again.`);
  }
  return tensors;
}

/** The tensor of that name. @throws {UsageError} naming the file's tensors otherwise. */
export function namedTensor(golden: GoldenCase, tensors: ReadonlyMap<string, StoredTensor>, name: string): StoredTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new UsageError(`goldens ${golden.name}: there is no tensor ${name}, expected one beside ${[...tensors.keys()].slice(0, 5).join(", ")}; the folder is incomplete.`);
  return tensor;
}

function expectFormat(node: JsonNode, format: string): void {
  const found = node.get("format").string();
  if (found !== format) throw new UsageError(`${node.get("format").place} is ${JSON.stringify(found)}, expected ${JSON.stringify(format)}; this program does not read that format.`);
}

/** A path that stays inside the folder. */
function insidePath(text: string, place: string): string {
  const path = normalize(text);
  if (isAbsolute(path) || path.startsWith("..")) throw new UsageError(`${place} names ${JSON.stringify(text)}, expected a path inside the folder.`);
  return path;
}

function verifyFile(golden: GoldenCase, file: string): void {
  const entry = golden.manifest.get("files").get(file);
  const path = join(golden.folder, insidePath(file, entry.place));
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UsageError(`goldens ${path}: cannot be read (${error instanceof Error ? error.message : String(error)}), expected the file that ${entry.place} lists; copy the folder again.`);
  }
  const size = entry.get("bytes").count();
  if (bytes.length !== size) throw new UsageError(`goldens ${path}: has ${bytes.length} bytes, expected ${size} as in the manifest; copy the folder again.`);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const expected = entry.get("sha256").string();
  if (sha256 !== expected) throw new UsageError(`goldens ${path}: has sha256 ${sha256}, expected ${expected} as in the manifest; copy the folder again.`);
}
