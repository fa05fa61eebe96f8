import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadPhotographs } from "./photographs.js";
import { createUpstream } from "./upstream.js";

const folder = mkdtempSync(join(tmpdir(), "upstream-"));
const zipPath = join(folder, "pictures.zip");
const imageBytes = 32 * 32 * 3;

/** A plain JPEG whose red says which file it is. */
async function picture(red: number, green: number, width = 32, height = 32): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: { r: red, g: green, b: 60 } } }).jpeg({ quality: 95 }).toBuffer();
}

/** Lays files into a zip without compression (PKWARE's application note, version 2.0 records). */
function storedZip(files: Record<string, Buffer>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of Object.entries(files)) {
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    bodies.push(Buffer.from("PK\x03\x04"), fields, Buffer.from(name), data);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), fields, place, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, ...directory, Buffer.from("PK\x05\x06"), end]);
}

beforeAll(async () => {
  const files: Record<string, Buffer> = { "readme.txt": Buffer.from("not a picture") };
  for (let index = 0; index < 20; index++) {
    files[`train/zebra/${String(index).padStart(4, "0")}.jpg`] = await picture(10 + index * 10, 40, index === 3 ? 48 : 32, 32);
    files[`train/apple/${String(index).padStart(4, "0")}.jpg`] = await picture(10 + index * 10, 200);
  }
  writeFileSync(zipPath, storedZip(files));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("photographs are read class by class in the order of their names, and again from the cache", async () => {
  const cache = join(folder, "cache");
  for (const turn of [1, 2]) {
    const search = await loadPhotographs(zipPath, cache);
    if (search.kind !== "found") throw new Error(search.reason);
    const { classes, labels, images, count } = search.photographs;
    expect([turn, classes, count]).toEqual([turn, ["apple", "zebra"], 40]);
    expect([...labels]).toEqual([...Array.from({ length: 20 }, () => 0), ...Array.from({ length: 20 }, () => 1)]);
    for (const index of [0, 7, 23, 39]) {
      expect(Math.abs(images[index * imageBytes]! - (10 + (index % 20) * 10))).toBeLessThan(5);
      expect(Math.abs(images[index * imageBytes + 1]! - (index < 20 ? 200 : 40))).toBeLessThan(5);
    }
  }
  expect(readdirSync(cache).filter((name) => name.includes("partial"))).toEqual([]);
});

test("a cache cut short is made again", async () => {
  const cache = join(folder, "cut");
  await loadPhotographs(zipPath, cache);
  truncateSync(join(cache, readdirSync(cache).find((name) => name.endsWith(".rgb"))!), 100);
  const search = await loadPhotographs(zipPath, cache);
  expect(search.kind === "found" && search.photographs.images.length).toBe(40 * imageBytes);
});

test("an absent zip is told, and upstream goes on without it", async () => {
  const upstream = await createUpstream({ seed: 0, formulaClasses: 12, photographs: join(folder, "none.zip") });
  expect(upstream.classes).toBe(12);
  expect(upstream.describe()).toBe(
    `formula-driven images: 12 classes (2 fractal, 3 shape, 2 texture, 2 contour, 2 glyph, 1 icon), drawn on the fly, seed 0.\nphotographs: no file ${join(folder, "none.zip")}; going on with formula-driven images alone.`,
  );
});

test("a file that is no zip, a zip without pictures and a broken picture are refused", async () => {
  const path = join(folder, "bad.zip");
  writeFileSync(path, "hello");
  await expect(loadPhotographs(path, folder)).rejects.toThrow(/^photographs .*bad\.zip: cannot be read as a zip \(.*\), expected a zip of train\/<class>\/<number>\.jpg\.$/);
  writeFileSync(path, storedZip({ "a.txt": Buffer.from("a") }));
  await expect(loadPhotographs(path, folder)).rejects.toThrow(`photographs ${path}: found no picture, expected train/<class>/<number>.jpg inside the zip.`);
  writeFileSync(path, storedZip({ "train/a/0.jpg": Buffer.from("not a jpeg") }));
  await expect(loadPhotographs(path, folder)).rejects.toThrow(/^photographs .*bad\.zip: train\/a\/0\.jpg does not decode \(.*\), expected a JPEG\. Is the zip complete\?$/);
});

test("a batch is a function of settings, step and size alone", async () => {
  const settings = { seed: 5, formulaClasses: 30, photographs: zipPath, cacheFolder: join(folder, "cache") };
  const one = await createUpstream(settings);
  const other = await createUpstream(settings);
  other.batch(0, 16);
  other.validation(10);
  expect(one.batch(3, 16)).toEqual(other.batch(3, 16));
  expect(one.batch(3, 16)).not.toEqual(one.batch(4, 16));
  expect((await createUpstream({ ...settings, seed: 6 })).batch(3, 16)).not.toEqual(one.batch(3, 16));
  expect(one.validation(10)).toEqual(other.validation(10));
});

test("half of a batch are photographs, each trained on once a pass and never one held out", async () => {
  const upstream = await createUpstream({ seed: 5, formulaClasses: 30, photographs: zipPath, cacheFolder: join(folder, "cache"), heldOut: 0.2 });
  expect([upstream.classes, upstream.formulaClasses, upstream.photographClasses]).toEqual([32, 30, 2]);
  const seen = new Int32Array(2);
  const steps = 4;
  for (let step = 0; step < steps; step++) {
    const { labels, location, orientation } = upstream.batch(step, 16);
    for (let slot = 0; slot < 16; slot++) {
      const label = labels[slot]!;
      expect(label >= 30).toBe(slot % 2 === 1);
      expect(label).toBeLessThan(32);
      if (label < 30) continue;
      seen[label - 30] = seen[label - 30]! + 1;
      expect([location[slot], orientation[slot]]).toEqual([-1, -1]);
    }
  }
  expect([...seen]).toEqual([16, 16]);
});

test("validation holds the last photographs of every class untouched, and formula images that training never draws", async () => {
  const upstream = await createUpstream({ seed: 5, formulaClasses: 30, photographs: zipPath, cacheFolder: join(folder, "cache"), heldOut: 0.1 });
  const { images, labels } = upstream.validation(64);
  const found = Array.from(labels)
    .map((label, slot) => ({ label, red: images[slot * imageBytes]! }))
    .filter(({ label }) => label >= 30)
    .map(({ label, red }) => `${label} ${Math.round((red - 10) / 10)}`);
  expect(found.sort()).toEqual(["30 18", "30 19", "31 18", "31 19"]);
  const formulaLabels = Array.from(labels).filter((label) => label < 30);
  expect(formulaLabels.length).toBe(60);
  for (let label = 0; label < 30; label++) expect(formulaLabels.filter((other) => other === label).length).toBe(2);
  const plain = await createUpstream({ seed: 5, formulaClasses: 30 });
  const trained = plain.batch(0, 300);
  const heldOut = plain.validation(300);
  const bytesOf = (from: Uint8Array, slot: number): string => Buffer.from(from.subarray(slot * imageBytes, (slot + 1) * imageBytes)).toString("base64");
  const drawn = new Set(Array.from({ length: 300 }, (_, slot) => bytesOf(trained.images, slot)));
  expect(drawn.size).toBe(300);
  for (let slot = 0; slot < 300; slot++) expect(drawn.has(bytesOf(heldOut.images, slot))).toBe(false);
});

test("bad settings are told all at once", async () => {
  await expect(createUpstream({ seed: -1, formulaClasses: 3, photographShare: 2, heldOut: 0 })).rejects.toThrow(
    [
      "upstream: seed is -1, expected a whole number from 0 to 2147483647.",
      "upstream: formulaClasses is 3, expected a whole number from 6 to 1024.",
      "upstream: photographShare is 2, expected a share from 0 to 1.",
      "upstream: heldOut is 0, expected a share above 0 and up to 0.5.",
    ].join("\n"),
  );
});
