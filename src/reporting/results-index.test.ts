import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resultsIndex, withClaims, writeResultsIndex } from "./results-index.js";
import { writeRunRecord } from "./run-record.js";
import type { RunRecord } from "./run-record.js";
import { parseSummary, writeSummary } from "./summary.js";
import type { ExperimentSummary } from "./summary.js";

const summary: ExperimentSummary = {
  experiment: "vtab-stitching", profile: "quick", question: "Does PST beat SN-Net?", note: "quick profile: 40 steps", command: "./reproduce.sh quick vtab-stitching",
  files: ["tasks.md", "pareto.png", "pareto.html"], found: ["PST lies above.", "B | C was not measured."],
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

/** A folder with one experiment in two profiles. */
function twoProfiles(): string {
  const results = mkdtempSync(join(tmpdir(), "esta-results-"));
  writeSummary(join(results, "quick", "vtab-stitching"), summary);
  const larger: ExperimentSummary = {
    ...summary, profile: "laptop", note: "laptop profile: 1000 steps", command: "./reproduce.sh laptop vtab-stitching",
    claims: [{ ...summary.claims[0]!, ours: { mean: -0.02, spread: 0.001, count: 3 }, verdict: "contradicted", reason: "95 % interval below 0 over 3 seeds" }, { ...summary.claims[1]!, ours: null, reason: "not measured" }],
    coverage: { planned: 12, finished: 8, missing: ["task dtd"] },
  };
  writeSummary(join(results, "laptop", "vtab-stitching"), larger);
  return results;
}

test("the index is made from the folder alone and says what was found, failed and how to make it again", () => {
  const results = mkdtempSync(join(tmpdir(), "esta-results-"));
  const folder = join(results, "quick", "vtab-stitching");
  writeSummary(folder, summary);
  writeRunRecord(folder, run);
  writeRunRecord(folder, { ...run, run: "b", status: "failed", reason: "loss is NaN at step 3" });
  mkdirSync(join(results, "quick", "unfinished"));
  writeResultsIndex(results);
  const text = readFileSync(join(results, "README.md"), "utf8");
  expect(text).toContain("**The paper's claims: 1 supported, 0 contradicted, 0 undecided. Our own questions: 0 supported, 0 contradicted, 2 undecided.**");
  expect(text).toContain(
    "| PST beats \\| SN-Net | **supported**: 95 % interval +0.9 to +2.9 points, 3 seeds | +1.9 ± 0.4 points (area) | quick | [quick/vtab-stitching](quick/vtab-stitching/) | `./reproduce.sh quick vtab-stitching` |",
  );
  expect(text).toContain("| B | **undecided**: one seed: no spread to judge by | −1.0 points (area) |");
  expect(text).toContain("| C | **undecided**: not measured | – (area) |");
  expect(text).toContain("- PST lies above.\n- B \\| C was not measured.\n\n`vtab-stitching`, quick profile. The paper's claims: 1 supported, 0 contradicted, 0 undecided; our own questions: 0 supported, 0 contradicted, 2 undecided.");
  expect(text).toContain("1 run finished, 1 failed.\n- failed: b: loss is NaN at step 3");
  expect(text).toContain("![pareto.png](quick/vtab-stitching/pareto.png)");
  // Pages are drawn where the report is; the repository holds none.
  expect(text).toContain("[tasks.md](quick/vtab-stitching/tasks.md) · [pareto.png](quick/vtab-stitching/pareto.png)\n");
  expect(resultsIndex(results)).toBe(text);
});

test("a claim is judged by the largest profile that measured it, and what is missing of that profile is said", () => {
  const text = resultsIndex(twoProfiles(), [{ id: "vtab-stitching", claim: "x" }, { id: "rank-ablation", claim: "none published" }]);
  expect(text).toContain("| PST beats \\| SN-Net | **contradicted**: 95 % interval −2.2 to −1.8 points, 3 seeds | −2.0 ± 0.1 points (area) | laptop, partial |");
  expect(text).toContain("| B | **undecided**: one seed: no spread to judge by | −1.0 points (area) | quick |");
  expect(text.match(/^## Does PST beat SN-Net\?$/gm)).toHaveLength(1);
  expect(text).toContain("**Partial: 8 of 12 planned runs are in; missing: task dtd.**");
  expect(text).toContain("[quick profile](quick/vtab-stitching/): The paper's claims: 1 supported, 0 contradicted, 0 undecided; our own questions:");
  expect(text).toContain("Not run yet: `rank-ablation`.");
});

test("the paper's claims are written between a page's markers, and a page without markers stays as it is", () => {
  const page = "# Kit\n\n<!-- claims: written by esta report -->\nold\n<!-- end of claims -->\n\nrest\n";
  const known = [{ id: "vtab-stitching", claim: "x" }, { id: "gradient-angles", claim: "Angles | shrink" }, { id: "rank-ablation", claim: "none published" }];
  const written = withClaims(page, twoProfiles(), known);
  expect(written).toBe([
    "# Kit", "", "<!-- claims: written by esta report -->",
    "| claim of the paper | verdict | our result | profile |", "| --- | --- | --- | --- |",
    "| PST beats \\| SN-Net | contradicted | −2.0 ± 0.1 points area; 95 % interval −2.2 to −1.8 points, 3 seeds | [laptop](results/laptop/vtab-stitching/), partial |",
    "| Angles \\| shrink | not run yet | `esta run gradient-angles` | – |",
    "<!-- end of claims -->", "", "rest", "",
  ].join("\n"));
  expect(withClaims(written, twoProfiles(), known)).toBe(written);
  expect(withClaims("# other\n", twoProfiles(), known)).toBe("# other\n");
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
