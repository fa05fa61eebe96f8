import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { keepProbe, readKeptProbes } from "./kept-probes.js";

const folder = mkdtempSync(join(tmpdir(), "esta-probes-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("probes are kept a line each, a new one in place of the task's earlier one; a broken file is named", () => {
  const path = join(folder, "pixel-probes.json");
  const probe = (task: string, top1: number) => ({ task, taskSha256: "a", testImages: 10, top1, strength: 0.1 });
  expect(readKeptProbes(path)).toEqual([]);
  for (const one of [probe("digits", 0.5), probe("cats", 0.25), probe("digits", 0.75)]) keepProbe(path, one);
  expect(readKeptProbes(path)).toEqual([probe("digits", 0.75), probe("cats", 0.25)]);
  expect(readFileSync(path, "utf8").split("\n")).toHaveLength(5);
  writeFileSync(path, "[");
  expect(() => readKeptProbes(path)).toThrow(/not JSON \(.*\), expected the probes of earlier calls\. Delete it and fit them again with --probe\.$/);
});
