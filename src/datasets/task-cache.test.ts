import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { hashSplits, makeSplit } from "./dataset.js";
import { cachedSplits } from "./task-cache.js";
import type { TaskRecipe } from "./task-recipe.js";

const folder = mkdtempSync(join(tmpdir(), "esta-cache-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A task of one picture a split, all of whose bytes are `value`, that counts how often it is made. */
function tinyTask(value: number, version = 1): { recipe: TaskRecipe; made: () => number } {
  let made = 0;
  const recipe: TaskRecipe = {
    card: { name: "tiny", group: "natural", classes: 2, classNames: ["a", "b"], source: "test", licence: "MIT", label: "none", counts: { train: 1, val: 1, test: 1 }, chance: 1 },
    version,
    sources: [],
    make: async (imageSize) => {
      made++;
      const split = (label: number): ReturnType<typeof makeSplit> => makeSplit([new Uint8Array(imageSize * imageSize * 3).fill(value)], [label]);
      return { train: split(0), val: split(1), test: split(0) };
    },
  };
  return { recipe, made: () => made };
}

test("a task is made once, and again for another size or version", async () => {
  const { recipe, made } = tinyTask(7);
  const first = await cachedSplits(recipe, 8, folder);
  const second = await cachedSplits(recipe, 8, folder);
  expect(made()).toBe(1);
  expect(second).toEqual(first);
  expect(first.sha256).toBe(hashSplits(first.splits));
  await cachedSplits(recipe, 9, folder);
  expect(made()).toBe(2);
  const newer = tinyTask(8, 2);
  expect((await cachedSplits(newer.recipe, 8, folder)).splits.train.images[0]).toBe(8);
});

test("a damaged, cut or foreign cached copy is made again", async () => {
  const place = join(folder, "damaged");
  const { recipe, made } = tinyTask(7);
  const { sha256 } = await cachedSplits(recipe, 8, place);
  const file = join(place, readdirSync(place)[0]!);
  const whole = readFileSync(file);
  const flipped = Buffer.from(whole);
  flipped[whole.length - 100]! ^= 1;
  const faults = [flipped, whole.subarray(0, whole.length - 1), whole.subarray(0, 20), Buffer.from("{}"), Buffer.alloc(0)];
  for (const bytes of faults) {
    writeFileSync(file, bytes);
    expect((await cachedSplits(recipe, 8, place)).sha256).toBe(sha256);
    expect(readFileSync(file).equals(whole)).toBe(true);
  }
  expect(made()).toBe(1 + faults.length);
  expect(readdirSync(place).length).toBe(1);
});

test("a cache that cannot be written does not stop a task", async () => {
  const { recipe } = tinyTask(7);
  expect((await cachedSplits(recipe, 8, "/dev/null/cache")).splits.test.count).toBe(1);
});
