import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseRunRecord, readRunRecords, writeRunRecord } from "./run-record.js";
import type { RunRecord } from "./run-record.js";

const record: RunRecord = {
  experiment: "vtab-stitching", profile: "quick", run: "task=digits_method=pst_seed=0", status: "failed", reason: "loss is NaN at step 3",
  seed: 0, settings: { steps: 10, tasks: ["digits"] }, settingsSha256: "ab", seconds: 1.5, peakBytes: null, rows: 0, rowsSha256: null,
  weights: [], data: [{ name: "digits", sha256: "cd" }], code: { commit: null, dirty: null }, versions: { esta: "0.1.0" },
  engine: { backend: "native", threads: 2 }, machine: { platform: "linux", cpu: "x", cores: 2, memoryBytes: 1, node: "v20" },
};

test("a run record comes back as it was written, with null for what is missing", () => {
  const folder = mkdtempSync(join(tmpdir(), "esta-run-"));
  expect(readRunRecords(folder)).toEqual([]);
  writeRunRecord(folder, record);
  expect(readRunRecords(folder)).toEqual([record]);
});

test("a file that is no run record is refused with its path and what to do", () => {
  expect(() => parseRunRecord("{", "runs/a.json")).toThrow(/^runs\/a\.json: not JSON \(.*\), expected a run record\. Delete it and run again\.$/);
  expect(() => parseRunRecord("[1]", "runs/a.json")).toThrow("runs/a.json: [1], expected a run record. Delete it and run again.");
  expect(() => parseRunRecord(JSON.stringify({ ...record, status: "half", run: 3 }), "runs/a.json")).toThrow(
    'runs/a.json: run is missing, expected a text. Delete it and run again.\nruns/a.json: status is "half", expected "finished" or "failed". Delete it and run again.',
  );
});
