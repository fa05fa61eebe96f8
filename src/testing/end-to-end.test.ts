import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { runExperiment, type ScheduleSummary } from "../experiments/run-experiment.js";
import { stitchRows, type StitchRow } from "../reporting/record.js";
import { readRows } from "../reporting/rows-csv.js";
import { useBackend, type BackendInUse } from "../tensor/index.js";
import { tinyExperiment } from "./tiny-experiment.js";
import type { PlainData } from "../experiments/experiment.js";

let engine: BackendInUse;
let results: string;
beforeAll(async () => void (engine = await useBackend()));
beforeEach(() => void (results = mkdtempSync(join(tmpdir(), "esta-end-to-end-"))));
afterEach(() => rmSync(results, { recursive: true, force: true }));

const schedule = (changes: PlainData = {}, signal?: AbortSignal, onStep?: (done: number) => void): Promise<ScheduleSummary> =>
  runExperiment(tinyExperiment().plan("quick", { changes, name: "quick" }), {
    results, engine, ...(signal === undefined ? {} : { signal }),
    onEvent: (event) => event.kind === "progress" && onStep?.(event.progress.done),
  });

test("one scheduling adapts the family by each method and leaves rows, tables and figures", { timeout: 60_000 }, async () => {
  const { folder, failed, finished } = await schedule();
  expect({ failed, finished }).toEqual({ failed: [], finished: 3 });
  const rows = readRows(join(folder, "rows.csv"), stitchRows);
  const of = (method: string): StitchRow[] => rows.filter((row) => row.method === method);
  // Three anchors of two blocks: 3·2 − 2 = 4 stitches a pair.
  expect({ pst: of("pst").length, full: of("sn-net").length, anchors: of("anchors").length }).toEqual({ pst: 11, full: 11, anchors: 1 });
  expect(of("pst").reduce((sum, { visits }) => sum + visits!, 0)).toBe(12);
  expect(of("sn-net").reduce((sum, { visits }) => sum + visits!, 0)).toBe(12);
  expect(of("pst").every(({ importance }) => importance! >= 0)).toBe(true);
  expect([...of("sn-net"), ...of("anchors")].every(({ importance, selected }) => importance === null && selected === 0)).toBe(true);
  expect(of("pst").filter(({ kind }) => kind === "anchor").every(({ selected }) => selected === 1)).toBe(true);
  expect(of("pst").filter(({ selected }) => selected === 1).length).toBeLessThan(11);
  expect(of("pst")[0]!.trainableParams).toBeLessThan(of("sn-net")[0]!.trainableParams);
  expect(rows.every(({ top1 }) => Number.isInteger(Math.round(top1 * 36 * 1e4) / 1e4))).toBe(true);
  expect(of("pst").map(({ flops }) => flops)).toEqual(of("sn-net").map(({ flops }) => flops));
  expect(readFileSync(join(folder, "figures", "pareto.svg"), "utf8")).toContain("quick: 12 steps of a made-up family");
  expect(readFileSync(join(folder, "tables", "tasks.md"), "utf8")).toContain("quick: 12 steps of a made-up family");
  expect(readFileSync(join(folder, "figures", "pareto.png")).subarray(1, 4).toString()).toBe("PNG");
  expect(readFileSync(join(folder, "figures", "pareto.html"), "utf8")).toContain("plotly");
});

test("an adaptation that was stopped on the way ends in the bytes of one that was not", { timeout: 60_000 }, async () => {
  const whole = readFileSync(join((await schedule()).folder, "rows.csv"), "utf8");
  rmSync(results, { recursive: true });
  const controller = new AbortController();
  const stopped = schedule({}, controller.signal, (done) => done === 7 && controller.abort(new Error("stopped")));
  await expect(stopped).rejects.toThrow("stopped");
  const { folder, failed } = await schedule();
  expect(failed).toEqual([]);
  expect(readFileSync(join(folder, "rows.csv"), "utf8")).toBe(whole);
});

test("a loss that is not a number fails its run with step, stitch, seed and what to do", { timeout: 60_000 }, async () => {
  const { failed } = await schedule({ methods: ["anchor-ti"], learningRate: 1e30 });
  expect(failed).toHaveLength(1);
  const { run, reason, usage } = failed[0]!;
  expect({ run, usage }).toEqual({ run: "method=anchor-ti_seed=0", usage: true });
  expect(reason.replace(/step \d+/, "step N")).toBe(`train: loss is NaN at step N (stitch 0, seed 0, learning rate 1e+30), expected a finite number: lower the learning rate. No checkpoint was written yet.`);
});
