/**
 * @file Real photographs for pretraining: a zip of JPEGs laid out `train/<class>/<number>.jpg`, decoded once and kept as raw bytes.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { openPromise, type Entry, type ZipFile } from "yauzl";
import { UsageError } from "../checks.js";
import { upstreamImageSize } from "./formula-canvas.js";

/** Photographs of several classes, decoded. */
export interface Photographs {
  /** Class names in the order of their labels (alphabetical). */
  readonly classes: readonly string[];
  /** `[count, 32, 32, 3]`, class by class, within a class in the order of the file names. */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  readonly count: number;
  /** Of the zip file. */
  readonly sha256: string;
}

/** What a look for photographs found. */
export type PhotographSearch = { readonly kind: "found"; readonly photographs: Photographs } | { readonly kind: "absent"; readonly reason: string };

const imageBytes = upstreamImageSize * upstreamImageSize * 3;
const pathPattern = /^(?:[^/]+\/)*train\/([^/]+)\/[^/]+\.jpe?g$/i;
const largestEntry = 4 * 1024 * 1024;

/**
 * Reads the photographs of a zip, from the cache where it holds them.
 *
 * Pictures of another size than 32 × 32 are scaled to cover it and cut to the middle. The cache is keyed by the zip's sha256.
 *
 * @param path - the zip; absence is an answer, not an error.
 * @param cacheFolder - where decoded bytes are kept.
 * @throws {UsageError} when the file is not a zip, holds no picture in that layout, or a picture does not decode.
 */
export async function loadPhotographs(path: string, cacheFolder = join("data", "cache")): Promise<PhotographSearch> {
  if (!existsSync(path) || !statSync(path).isFile()) {
    return { kind: "absent", reason: `photographs: no file ${path}; going on with formula-driven images alone.` };
  }
  const sha256 = await fileHash(path);
  const stem = join(cacheFolder, `photographs-${sha256.slice(0, 24)}-${upstreamImageSize}`);
  const kept = readCache(stem, sha256);
  if (kept !== null) return { kind: "found", photographs: kept };
  const photographs = { ...(await decodeZip(path)), sha256 };
  mkdirSync(cacheFolder, { recursive: true });
  const partial = `.partial-${process.pid}`;
  writeFileSync(`${stem}.rgb${partial}`, photographs.images);
  renameSync(`${stem}.rgb${partial}`, `${stem}.rgb`);
  const header = { sha256, classes: photographs.classes, counts: photographs.classes.map((_, label) => photographs.labels.filter((other) => other === label).length) };
  writeFileSync(`${stem}.json${partial}`, JSON.stringify(header));
  renameSync(`${stem}.json${partial}`, `${stem}.json`);
  return { kind: "found", photographs };
}

function readCache(stem: string, sha256: string): Photographs | null {
  if (!existsSync(`${stem}.json`) || !existsSync(`${stem}.rgb`)) return null;
  let header: unknown;
  try {
    header = JSON.parse(readFileSync(`${stem}.json`, "utf8"));
  } catch {
    return null;
  }
  if (typeof header !== "object" || header === null || !("sha256" in header) || header.sha256 !== sha256) return null;
  if (!("classes" in header) || !isListOf(header.classes, "string") || !("counts" in header) || !isListOf(header.counts, "number")) return null;
  const labels = Int32Array.from((header.counts as number[]).flatMap((count, label) => Array.from({ length: count }, () => label)));
  if (statSync(`${stem}.rgb`).size !== labels.length * imageBytes) return null;
  const bytes = readFileSync(`${stem}.rgb`);
  const images = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return { classes: header.classes as string[], images, labels, count: labels.length, sha256 };
}

function isListOf(value: unknown, kind: "string" | "number"): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === kind);
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function decodeZip(path: string): Promise<Omit<Photographs, "sha256">> {
  const zip = await openZip(path);
  try {
    const entries: { readonly entry: Entry; readonly className: string }[] = [];
    for await (const entry of zip.eachEntry()) {
      const className = pathPattern.exec(entry.fileName)?.[1];
      if (className !== undefined) entries.push({ entry, className });
    }
    if (entries.length === 0) throw new UsageError(`photographs ${path}: found no picture, expected train/<class>/<number>.jpg inside the zip.`);
    const classes = [...new Set(entries.map(({ className }) => className))].sort();
    entries.sort((one, other) => compare(one.className, other.className) || compare(one.entry.fileName, other.entry.fileName));
    const images = new Uint8Array(entries.length * imageBytes);
    const labels = Int32Array.from(entries, ({ className }) => classes.indexOf(className));
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < entries.length; index = next++) {
        images.set(await decodeEntry(path, zip, entries[index]!.entry), index * imageBytes);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    return { classes, images, labels, count: entries.length };
  } finally {
    zip.close();
  }
}

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { lazyEntries: true, autoClose: false });
  } catch (error) {
    throw new UsageError(`photographs ${path}: cannot be read as a zip (${reasonOf(error)}), expected a zip of train/<class>/<number>.jpg.`);
  }
}

async function decodeEntry(path: string, zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  try {
    if (entry.uncompressedSize > largestEntry) throw new Error(`${entry.uncompressedSize} bytes unpacked, expected at most ${largestEntry}`);
    const stream = await zip.openReadStreamPromise(entry);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const picture = sharp(Buffer.concat(chunks), { limitInputPixels: 1 << 24 }).toColourspace("srgb").removeAlpha();
    const { data } = await picture.resize(upstreamImageSize, upstreamImageSize, { fit: "cover" }).raw().toBuffer({ resolveWithObject: true });
    if (data.length !== imageBytes) throw new Error(`${data.length} bytes decoded, expected ${imageBytes}`);
    return data;
  } catch (error) {
    throw new UsageError(`photographs ${path}: ${entry.fileName} does not decode (${reasonOf(error)}), expected a JPEG. Is the zip complete?`);
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
