import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadFamily } from "../anchors/load-weights.js";
import { familyOf } from "../anchors/registry.js";
import { loadTask } from "../datasets/registry.js";
import { esta } from "../testing/esta.js";
import { writeRandomAnchors } from "../testing/random-anchors.js";
import { defaultCompare, type ComparedAnchor } from "../training/compare-anchors.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "esta-compare-"));
  writeRandomAnchors(join(folder, "earlier"));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compare = (...more: string[]) => esta("compare", "--weights", join(folder, "earlier"), "--random", "--tasks", "digits", "--steps", "1", "--batch-size", "4", "--test-images", "10", "--out", join(folder, "out"), ...more);

test("rows of an earlier run under the same recipe make the table again, a folder beside random weights", { timeout: 60_000 }, async () => {
  const [rowsFile, table] = ["mini-compared.json", "mini-compared.md"].map((name) => join(folder, "out", name)) as [string, string];
  const { sha256: taskSha256 } = await loadTask("digits");
  const weights = loadFamily(familyOf("mini"), [join(folder, "earlier")]).map(({ anchorId, sha256 }) => ({ anchorId, weights: sha256 }));
  const all = [...weights, ...weights.map(({ anchorId }) => ({ anchorId, weights: "random, seed 0" }))];
  const rows = all.map((row, index): ComparedAnchor => ({ ...row, task: "digits", taskSha256, probeTop1: 0.2 + index / 100, adaptedTop1: 0.5 + index / 100 }));
  mkdirSync(join(folder, "out"));
  writeFileSync(rowsFile, JSON.stringify({ recipe: { ...defaultCompare, steps: 1, batchSize: 4, testImages: 10 }, rows }));
  const { exitCode, out } = await compare();
  expect(exitCode).toBe(0);
  const text = readFileSync(table, "utf8");
  expect(out).toContain(text);
  expect(text).toContain("Made by `esta compare --family mini --weights earlier --random --tasks digits --steps 1 --batch-size 4 --learning-rate 0.003 --test-images 10 --seed 0`");
  // 50/√10 per cent, of one task and of a group of one.
  expect(text).toContain("on the first 10 test images of each task, one seed (0): the test images alone leave a standard error of up to 15.8 in each number, and of up to 15.8 in the mean of a group.");
  expect(text).toContain("Mean of the group, earlier: B > S > Ti in natural. Mean of the group, random: B > S > Ti in natural. random against earlier: better with every anchor in natural (points: natural Ti +3.0, S +3.0, B +3.0).");
  expect(text).toContain("| task | group | chance | Ti, earlier | S, earlier | B, earlier | Ti, random | S, random | B, random |");
  expect(text).toContain("| digits | natural | 10.0 | 50.0 | 51.0 | 52.0 | 53.0 | 54.0 | 55.0 |");
  expect(text).toContain("| digits | natural | 10.0 | 20.0 | 21.0 | 22.0 | 23.0 | 24.0 | 25.0 |");
  writeFileSync(rowsFile, "{");
  expect(await compare()).toMatchObject({ exitCode: 2, err: expect.stringMatching(/compared\.json: not JSON \(.*\), expected rows of an earlier comparison\. Delete it to measure anew\.$/) as string });
});

test("a task that is not there is named before anything is read", async () => {
  const { exitCode, err } = await esta("compare", "--tasks", "cats");
  expect(exitCode).toBe(2);
  expect(err).toMatch(/^compare: task is "cats", expected one of digits, /);
});
