import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { costsTable } from "./costs-table.js";
import type { RunRecord } from "./run-record.js";
import { readStepCosts, stepCostsPath, writeStepCosts, type StepCosts } from "./step-costs.js";
import { tableToMarkdown } from "./table.js";

const machine = { platform: "linux-x64", cpu: "a processor", cores: 2, memoryBytes: 1, node: "v20" };
const record = (method: string, seconds: number | null, processorSeconds: number): RunRecord => ({
  experiment: "x", profile: "laptop", run: method, status: "finished", reason: null, seed: 0, settings: { method }, settingsSha256: "x", seconds, processorSeconds, peakBytes: 2 ** 30,
  rows: 1, rowsSha256: "x", weights: [], data: [], code: { commit: null, dirty: null }, versions: {}, engine: { backend: "native", threads: 1 }, machine,
});
const measured: StepCosts = { command: "esta costs laptop x --steps 4", task: "digits", steps: 4, engine: { backend: "native", threads: 1 }, machine, methods: [{ method: "rank-2", milliseconds: 12.5, peakBytes: 100 * 2 ** 20 }] };

test("time comes from the runs, a step and memory from the measurement of each method alone, never from what a long process held", () => {
  const text = tableToMarkdown(costsTable([record("rank-16", 10, 8), record("rank-2", 4, 3), record("rank-2", 6, 5)], measured, "a note", { "rank-2": "Rank 2" })!);
  expect(text).toContain("| Method | Runs | Seconds | Processor seconds | Training step (ms) | Peak memory (MiB) |");
  expect(text).toContain("| Rank 2 | 2 | 5 ± 1.414 | 4 ± 1.414 | 12.5 | 100 |\n| rank-16 | 1 | 10");
  expect(text).toContain("`esta costs laptop x --steps 4`; 4 steps on digits, native engine, 1 thread");
  expect(text).not.toContain("1024");
});

test("a run taken up again tells no seconds, one shared says so, and without a measurement its columns are left out", () => {
  const text = tableToMarkdown(costsTable([record("a", null, 3), { ...record("a", 6, 5), sharedWith: { experiment: "y", run: "z" } }], undefined, "a note")!);
  expect(text).toContain("| Method | Runs | Seconds | Processor seconds |\n");
  expect(text).toMatch(/\| a \| 2 \| 6( ± –)? \| 4 ± 1\.414 \|/);
  expect(text).toContain("Runs that compute what runs of another experiment do are counted with what those took.");
});

test("runs without methods, or none, make no table", () => {
  expect(costsTable([], measured, "a note")).toBeUndefined();
  expect(costsTable([{ ...record("a", 1, 1), settings: { scope: "all" } }], measured, "a note")).toBeUndefined();
});

test("a measurement is read as it was written; a file that is none is refused with its path", () => {
  const folder = mkdtempSync(join(tmpdir(), "esta-step-costs-"));
  expect(readStepCosts(folder)).toBeUndefined();
  writeStepCosts(folder, measured);
  expect(readStepCosts(folder)).toEqual(measured);
  writeFileSync(stepCostsPath(folder), "{}");
  expect(() => readStepCosts(folder)).toThrow(`${stepCostsPath(folder)}: methods, engine or machine is missing, expected what training steps took. Delete it and measure again: esta costs.`);
});
