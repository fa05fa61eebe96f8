import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseRunRecord, readRunRecords, type RunRecord } from "../reporting/run-record.js";
import { toyExperiment, type ToyHooks } from "../testing/toy-experiment.js";
import type { PlanOptions } from "./experiment.js";
import type { RunEvent } from "./run-events.js";
import { runExperiment, type ScheduleOptions, type ScheduleSummary } from "./run-experiment.js";

let results: string;
beforeEach(() => (results = mkdtempSync(join(tmpdir(), "esta-schedule-"))));
afterEach(() => rmSync(results, { recursive: true, force: true }));

const engine = { backend: "cpu", threads: 1 } as const;

interface Scheduled extends ScheduleSummary {
  readonly events: readonly RunEvent[];
  readonly csv: string;
}

async function run(hooks: ToyHooks = {}, plan: PlanOptions = {}, options: Partial<ScheduleOptions> = {}): Promise<Scheduled> {
  const events: RunEvent[] = [];
  const summary = await runExperiment(toyExperiment(hooks).plan("quick", { name: "quick", ...plan }), { results, engine, onEvent: (event) => events.push(event), ...options });
  return { ...summary, events, csv: readFileSync(join(summary.folder, "rows.csv"), "utf8") };
}

const kinds = (events: readonly RunEvent[]): string[] => events.map(({ kind }) => kind).filter((kind) => kind !== "progress");

test("rows.csv holds the rows of every run in the plan's order, and each run has its record", async () => {
  const { folder, csv, finished, skipped, failed } = await run();
  expect(csv).toBe("shape,seed,size\nring,0,12.4\nstar,0,12.4\nring,1,13.4\nstar,1,13.4\n");
  expect({ finished, skipped, failed }).toEqual({ finished: 4, skipped: 0, failed: [] });
  expect(readdirSync(join(folder, "runs")).sort()).toEqual(["ring", "star"].flatMap((shape) => [0, 1].flatMap((seed) => [`shape=${shape}_seed=${seed}.csv`, `shape=${shape}_seed=${seed}.json`])).sort());
  const record = parseRunRecord(readFileSync(join(folder, "runs", "shape=ring_seed=1.json"), "utf8"), "record");
  expect(record).toMatchObject({
    experiment: "toy", profile: "quick", run: "shape=ring_seed=1", status: "finished", reason: null, seed: 1, settings: { scale: 2, steps: 6, shape: "ring" },
    rows: 1, engine, data: [{ name: "toy", sha256: "data" }], measured: { steps: 6 },
  });
  expect(record.seconds).toBeGreaterThan(0);
  const peaks = readRunRecords(folder).map(({ run: name, peakBytes }) => [name, peakBytes === null ? null : peakBytes > 10_000_000]);
  expect(Object.fromEntries(peaks)).toEqual({ "shape=ring_seed=0": true, "shape=star_seed=0": null, "shape=ring_seed=1": null, "shape=star_seed=1": null });
  expect(record.processorSeconds).toBeGreaterThanOrEqual(0);
  expect(existsSync(join(folder, "checkpoints"))).toBe(false);
});

test("finished runs are skipped and the report stays as it is", async () => {
  const first = await run();
  const table = join(first.folder, "tables", "toy.md");
  const written = statSync(table).mtimeMs;
  const second = await run({ onStep: () => expect.unreachable("a finished run ran again") });
  expect(kinds(second.events)).toEqual(["skipped", "skipped", "skipped", "skipped"]);
  expect(second.csv).toBe(first.csv);
  expect(statSync(table).mtimeMs).toBe(written);
});

test("finished runs anywhere in the plan are told before the first is begun, so that forecasts count what is left", async () => {
  await run({}, { changes: { shapes: ["star"] } });
  expect(kinds((await run({}, { changes: { shapes: ["ring", "star"] } })).events)).toEqual(["skipped", "skipped", "started", "finished", "started", "finished", "written"]);
});

test("a setting, the data or --again make a run new; the grid does not", async () => {
  await run();
  expect((await run({}, { changes: { scale: 3 } })).finished).toBe(4);
  expect((await run({ data: () => "other" }, { changes: { scale: 3 } })).finished).toBe(4);
  expect((await run({ data: () => "other" }, { changes: { scale: 3, shapes: ["ring", "star", "disc"] } })).finished).toBe(2);
  expect((await run({ data: () => "other" }, { changes: { scale: 3, place: "elsewhere" } })).finished).toBe(0);
  expect((await run({ data: () => "other" }, { changes: { scale: 3 } }, { again: true })).finished).toBe(4);
});

test("a run killed in the middle is taken up from its checkpoint and ends in the same bytes", async () => {
  const whole = (await run()).csv;
  rmSync(join(results, "quick"), { recursive: true });
  // A process that is killed leaves what is on disk at that moment; this one hangs there for good.
  await new Promise<void>((killed) => {
    const hang = (name: string, step: number): void | Promise<void> => {
      if (name !== "star 0" || step < 4) return undefined;
      killed();
      return new Promise(() => undefined);
    };
    void run({ onStep: hang });
  });
  const steps: string[] = [];
  const after = await run({ onStep: (name, step) => void steps.push(`${name} ${step}`) });
  expect(steps.slice(0, 2)).toEqual(["star 0 5", "star 0 6"]);
  expect(kinds(after.events).slice(0, 3)).toEqual(["skipped", "started", "finished"]);
  expect(after.events.find(({ kind }) => kind === "started")).toMatchObject({ run: "shape=star_seed=0", resumed: true });
  expect(after.csv).toBe(whole);
  const record = parseRunRecord(readFileSync(join(after.folder, "runs", "shape=star_seed=0.json"), "utf8"), "record");
  expect(record.seconds).toBeNull();
});

test("a stop asked for keeps the checkpoint, records nothing and throws the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const stopped = run({ onStep: (_, step) => step === 2 && controller.abort(reason) as undefined }, {}, { signal: controller.signal });
  await expect(stopped).rejects.toBe(reason);
  const folder = join(results, "quick", "toy");
  expect(readdirSync(join(folder, "checkpoints"))).toEqual(["shape=ring_seed=0.safetensors"]);
  expect(existsSync(join(folder, "runs"))).toBe(false);
  expect((await run()).finished).toBe(4);
});

test("rows cut off by a crash are named and made again", async () => {
  const { folder, csv } = await run();
  const rows = join(folder, "runs", "shape=star_seed=0.csv");
  writeFileSync(rows, readFileSync(rows, "utf8").slice(0, 20));
  const again = await run();
  expect(again.events.find(({ kind }) => kind === "replaced")).toEqual({
    kind: "replaced", run: "shape=star_seed=0",
    problem: `run shape=star_seed=0: ${rows} is half-written or damaged (its sha256 differs from its record's): the run is done again.`,
  });
  expect(again.csv).toBe(csv);
  expect({ finished: again.finished, skipped: again.skipped }).toEqual({ finished: 1, skipped: 3 });
});

test("a half-written record and a half-written checkpoint are named and made again", async () => {
  const { folder, csv } = await run();
  const record = join(folder, "runs", "shape=ring_seed=0.json");
  writeFileSync(record, readFileSync(record, "utf8").slice(0, 100));
  await run({ onStep: (_, step) => { if (step === 3) throw new Error("stop here"); } }, { changes: { shapes: ["disc"] }, seeds: [0] });
  const checkpoint = join(folder, "checkpoints", "shape=disc_seed=0.safetensors");
  writeFileSync(checkpoint, readFileSync(checkpoint).subarray(0, 50));
  const again = await run({}, { changes: { shapes: ["ring", "star", "disc"] } });
  expect(again.events.flatMap((event) => (event.kind === "replaced" ? [event.problem] : []))).toEqual([
    `run shape=ring_seed=0: ${record} is half-written or damaged, expected a run record: the run is done again.`,
    `checkpoint ${checkpoint} is half-written or damaged, expected a whole file: the run starts again.`,
  ]);
  expect(again.csv.split("\n").filter((line) => !line.startsWith("disc")).join("\n")).toBe(csv);
});

test("a run that fails is recorded with its reason, the others go on, and only it is tried again", async () => {
  const plan = { changes: { shapes: ["ring", "bad", "broken"] }, seeds: [0] };
  const { folder, csv, failed, finished, events } = await run({}, plan);
  expect(failed).toEqual([
    { run: "shape=bad_seed=0", reason: "toy: the shape is bad, expected a good one.", usage: true },
    { run: "shape=broken_seed=0", reason: "the toy broke", usage: false },
  ]);
  expect(finished).toBe(1);
  expect(csv).toBe("shape,seed,size\nring,0,12.4\n");
  const stacks = events.flatMap((event) => (event.kind === "failed" ? [event.stack] : []));
  expect(stacks[0]).toBeNull();
  expect(stacks[1]).toMatch(/^TypeError: the toy broke\n {4}at /);
  const record = parseRunRecord(readFileSync(join(folder, "runs", "shape=bad_seed=0.json"), "utf8"), "record");
  expect(record).toMatchObject({ status: "failed", reason: "toy: the shape is bad, expected a good one.", rows: 0, rowsSha256: null });
  expect(readFileSync(join(folder, "tables", "toy.md"), "utf8")).toBe("quick: 6 steps, 1 seeds; partial: 1 of 3 planned runs: 1 rows\n");
  expect(kinds((await run({}, plan)).events)).toEqual(["skipped", "started", "failed", "started", "failed", "written"]);
});

test("a report drawn again keeps the note of the settings that made the rows", async () => {
  const { folder } = await run({}, { changes: { steps: 9 } });
  await toyExperiment().plan("quick").report(folder, "quick: 9 steps, 2 seeds");
  expect(readFileSync(join(folder, "tables", "toy.md"), "utf8")).toBe("quick: 9 steps, 2 seeds: 4 rows\n");
  expect(JSON.parse(readFileSync(join(folder, "summary.json"), "utf8"))).toMatchObject({ experiment: "toy", profile: "quick", note: "quick: 9 steps, 2 seeds", command: "./reproduce.sh quick toy", files: ["tables/toy.md", "rows.csv"] });
});

test("a report is given the records of the plan's finished runs, not those that an earlier plan left in the folder", async () => {
  const told: (readonly string[])[] = [];
  const onReport = (records: readonly RunRecord[]): void => void told.push(records.map((record) => record.run));
  await run({ onReport });
  await run({ onReport }, { changes: { shapes: ["star", "bad"] } });
  expect(told).toEqual([
    ["shape=ring_seed=0", "shape=ring_seed=1", "shape=star_seed=0", "shape=star_seed=1"],
    ["shape=star_seed=0", "shape=star_seed=1"],
  ]);
});

test("every event but progress stands in the log, one JSON object a line", async () => {
  const { folder } = await run({}, { seeds: [0] });
  const lines = readFileSync(join(folder, "events.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as RunEvent & { time: string });
  expect(lines.map(({ kind }) => kind).filter((kind) => kind !== "progress")).toEqual(["started", "finished", "started", "finished", "written"]);
  expect(lines.every(({ time }) => !Number.isNaN(Date.parse(time)))).toBe(true);
});

test("an experiment that cannot run says so before anything is written", async () => {
  await expect(run({}, { changes: { steps: 0 } })).rejects.toThrow("run toy: steps is 0, expected at least 1.");
  expect(readdirSync(results)).toEqual([]);
});

test("results that cannot be written stop the scheduling with the place and what to do", async () => {
  const file = join(results, "taken");
  writeFileSync(file, "");
  await expect(run({}, {}, { results: file })).rejects.toThrow(`results ${join(file, "quick", "toy")}: cannot be made (ENOTDIR), expected a place that takes files. Choose another folder with --results.`);
});

test("a report of a plan that is under way tells the seeds that its rows hold", async () => {
  const { folder } = await run({}, { seeds: [0] });
  await toyExperiment().plan("quick").report(folder);
  expect(readFileSync(join(folder, "tables", "toy.md"), "utf8")).toBe("quick: 6 steps, 1 seeds; partial: 2 of 4 planned runs: 2 rows\n");
});
