import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readStepCosts } from "../reporting/step-costs.js";
import { esta } from "../testing/esta.js";
import { writeRandomAnchors } from "../testing/random-anchors.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "esta-costs-test-"));
  writeRandomAnchors(join(folder, "anchors"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every method is measured in a process of its own, under the settings given, and kept beside the experiment's results", { timeout: 120_000 }, async () => {
  const { exitCode, out, err } = await esta("costs", "lora-vs-full", "--steps", "3", "--threads", "1", "--results", folder, "--set", `weightsFolder=${join(folder, "anchors")}`, "--set", "methods=head-ti,full-s", "--set", "tasks=digits,emoji-kind", "--name", "small");
  expect(err).toBe("");
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^lora-vs-full +ms a step +peak MiB$/m);
  const costs = readStepCosts(join(folder, "small", "lora-vs-full"))!;
  expect(costs).toMatchObject({ task: "digits", steps: 3, engine: { threads: 1 } });
  expect(costs.methods.map(({ method }) => method)).toEqual(["head-ti", "full-s"]);
  for (const { milliseconds, peakBytes } of costs.methods) {
    expect(milliseconds).toBeGreaterThan(0.1);
    // A process of Node alone holds some forty mebibytes.
    expect(peakBytes).toBeGreaterThan(60 * 2 ** 20);
  }
});

test("an experiment without methods is refused before anything is started", async () => {
  expect(await esta("costs", "stitch-space-identities")).toMatchObject({ exitCode: 2, err: "costs: stitch-space-identities compares no methods, expected an experiment on image tasks that does, as vtab-stitching." });
});
