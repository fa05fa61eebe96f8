import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseSummary, resultsIndex, writeResultsIndex, writeSummary } from "./results-index.js";
import type { ExperimentSummary } from "./results-index.js";
import { writeRunRecord } from "./run-record.js";
import type { RunRecord } from "./run-record.js";

const summary: ExperimentSummary = {
  experiment: "vtab-stitching", profile: "quick", question: "Does PST beat SN-Net?", note: "quick profile: 40 steps", command: "./reproduce.sh quick vtab-stitching",
  files: ["tasks.md", "pareto.png", "pareto.html"],
  claims: [
    { claim: "PST beats | SN-Net", source: "paper", measure: "area", ours: { mean: 0.0194, spread: 0.004, count: 3 }, verdict: "supported", reason: "95 % interval above 0 over 3 seeds" },
    { claim: "B", source: "our question", measure: "area", ours: { mean: -0.01, spread: null, count: 1 }, verdict: "undecided", reason: "one seed: no spread to judge by" },
    { claim: "C", source: "our question", measure: "area", ours: null, verdict: "undecided", reason: "not measured" },
  ],
};
const run: RunRecord = {
  experiment: "vtab-stitching", profile: "quick", run: "a", status: "finished", reason: null, seed: 0, settings: {}, settingsSha256: "x", seconds: 1, peakBytes: 1,
  rows: 1, rowsSha256: "x", weights: [], data: [], code: { commit: null, dirty: null }, versions: {}, engine: { backend: "cpu", threads: 1 },
  machine: { platform: "linux", cpu: "x", cores: 2, memoryBytes: 1, node: "v20" },
};

test("the index is made from the folder alone and says what was found, failed and how to make it again", () => {
  const results = mkdtempSync(join(tmpdir(), "esta-results-"));
  const folder = join(results, "quick", "vtab-stitching");
  writeSummary(folder, summary);
  writeRunRecord(folder, run);
  writeRunRecord(folder, { ...run, run: "b", status: "failed", reason: "loss is NaN at step 3" });
  mkdirSync(join(results, "quick", "unfinished"));
  writeResultsIndex(results);
  const text = readFileSync(join(results, "README.md"), "utf8");
  expect(text).toContain(
    "| PST beats \\| SN-Net | paper | +1.9 ± 0.4 points (area) | **supported**: 95 % interval above 0 over 3 seeds | quick | [quick/vtab-stitching](quick/vtab-stitching/) | `./reproduce.sh quick vtab-stitching` |",
  );
  expect(text).toContain("| B | our question | −1.0 ± – points (area) | **undecided**: one seed: no spread to judge by |");
  expect(text).toContain("| C | our question | – (area) |");
  expect(text).toContain("1 run finished, 1 failed.\n- failed: b: loss is NaN at step 3");
  expect(text).toContain("![pareto.png](quick/vtab-stitching/pareto.png)");
  expect(resultsIndex(results)).toBe(text);
});

test("an empty or absent results folder gives an index that says so", () => {
  expect(resultsIndex(join(tmpdir(), "esta-there-is-none"))).toContain("No experiment has finished yet.");
});

test("a damaged summary is refused with every wrong field", () => {
  expect(() => parseSummary("{", "s.json")).toThrow(/^s\.json: not JSON \(.*\), expected the summary of an experiment\. Delete it and run the experiment again\.$/);
  const damaged = { ...summary, note: 3, files: "all", claims: [{ ...summary.claims[0], verdict: "maybe" }] };
  expect(() => parseSummary(JSON.stringify(damaged), "s.json")).toThrow(
    [
      "s.json: note is 3, expected a text. Delete it and run the experiment again.",
      's.json: files is "all", expected a list of texts. Delete it and run the experiment again.',
      's.json: claims[0].verdict is "maybe", expected one of supported, contradicted, undecided. Delete it and run the experiment again.',
    ].join("\n"),
  );
});

test("a file that is no summary stops the index with its path", () => {
  const results = mkdtempSync(join(tmpdir(), "esta-results-"));
  mkdirSync(join(results, "quick", "x"), { recursive: true });
  writeFileSync(join(results, "quick", "x", "summary.json"), "null");
  expect(() => resultsIndex(results)).toThrow(`${join(results, "quick", "x", "summary.json")}: experiment is undefined, expected a text.`);
});
