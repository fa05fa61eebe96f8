import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRunRecords } from "../reporting/run-record.js";
import { toyExperiment, type ToyChanges, type ToyHooks } from "../testing/toy-experiment.js";
import type { PlannedExperiment, Profile } from "./experiment.js";
import { experimentOf, experiments } from "./index.js";
import { runExperiment, type ScheduleOptions } from "./run-experiment.js";
import type { RunEvent } from "./run-events.js";
import { sharedAmong } from "./shared-runs.js";

let results: string;
beforeEach(() => (results = mkdtempSync(join(tmpdir(), "esta-shared-"))));
afterEach(() => rmSync(results, { recursive: true, force: true }));

const planned = (hooks: ToyHooks, changes: ToyChanges): PlannedExperiment => toyExperiment(hooks).plan("quick", { name: "quick", seeds: [0], changes });

/** Runs one toy with the finished runs of others at hand; says which shapes were computed. */
async function run(toy: PlannedExperiment, relatives: readonly PlannedExperiment[], steps: string[] = [], options: Partial<ScheduleOptions> = {}): Promise<{ readonly folder: string; readonly csv: string; readonly steps: string[]; readonly events: readonly RunEvent[]; readonly skipped: number }> {
  const events: RunEvent[] = [];
  steps.length = 0;
  const { folder, skipped } = await runExperiment(toy, { results, engine: { backend: "cpu", threads: 1 }, shared: sharedAmong(results, relatives), onEvent: (event) => events.push(event), ...options });
  return { folder, csv: readFileSync(join(folder, "rows.csv"), "utf8"), steps: [...new Set(steps)], events, skipped };
}

/** Keeps the names of the runs that take steps. */
const watched = (steps: string[]): ToyHooks => ({ onStep: (name) => void steps.push(name) });

test("a run that another experiment has computed is taken over under its own name, and its record says from where", async () => {
  const first = planned({}, { shapes: ["ring"] });
  const { folder: firstFolder } = await run(first, []);
  const steps: string[] = [];
  const { folder, csv, events, skipped } = await run(planned({ id: "other", ...watched(steps) }, { shapes: ["star", "octagon"] }), [first], steps);
  expect([...new Set(steps)]).toEqual(["octagon 0"]);
  expect(csv).toBe("shape,seed,size\nstar,0,12.4\noctagon,0,12.7\n");
  expect(skipped).toBe(1);
  expect(events.find(({ kind }) => kind === "shared")).toEqual({ kind: "shared", run: "shape=star_seed=0", index: 0, runs: 2, experiment: "toy", of: "shape=ring_seed=0" });
  const recordOf = (of: string, name: string) => readRunRecords(of).find((one) => one.run === name)!;
  const [theirs, own] = [recordOf(firstFolder, "shape=ring_seed=0"), recordOf(folder, "shape=star_seed=0")];
  expect(own).toEqual({
    ...theirs, experiment: "other", run: "shape=star_seed=0", settings: { ...theirs.settings, shape: "star" },
    settingsSha256: own.settingsSha256, rowsSha256: own.rowsSha256, sharedWith: { experiment: "toy", run: "shape=ring_seed=0" },
  });
  const again = await run(planned({ id: "other", onStep: () => expect.unreachable("a shared run ran again") }, { shapes: ["star", "octagon"] }), [first]);
  expect(again.events.map(({ kind }) => kind)).toEqual(["skipped", "skipped"]);
});

test("the same is computed once within an experiment too", async () => {
  const steps: string[] = [];
  const toy = planned(watched(steps), { shapes: ["ring", "star"] });
  const { csv } = await run(toy, [toy], steps);
  expect([...new Set(steps)]).toEqual(["ring 0"]);
  expect(csv).toBe("shape,seed,size\nring,0,12.4\nstar,0,12.4\n");
});

test("other settings, other data, a damaged file, a failure and --again are computed", async () => {
  const first = planned({}, { shapes: ["ring", "bad"] });
  const { folder } = await run(first, []);
  const computed = async (hooks: ToyHooks, changes: ToyChanges, options: Partial<ScheduleOptions> = {}): Promise<string[]> => {
    const steps: string[] = [];
    await run(planned({ id: "other", ...watched(steps), ...hooks }, changes), [first], steps, { folder: mkdtempSync(join(results, "other-")), ...options });
    return [...new Set(steps)];
  };
  expect(await computed({}, { shapes: ["star"] })).toEqual([]);
  expect(await computed({}, { shapes: ["star"], scale: 3 })).toEqual(["star 0"]);
  expect(await computed({ data: () => "other" }, { shapes: ["star"] })).toEqual(["star 0"]);
  expect(await computed({}, { shapes: ["orb"] })).toEqual(["orb 0"]);
  expect(await computed({}, { shapes: ["star"] }, { again: true })).toEqual(["star 0"]);
  writeFileSync(join(folder, "runs", "shape=ring_seed=0.csv"), "shape,seed,size\nring,0,99\n");
  expect(await computed({}, { shapes: ["star"] })).toEqual(["star 0"]);
});

test.each(["laptop", "paper"] as const)("profile %s: the studies on images share what they have in common, and nothing else", (profile: Profile) => {
  const computed = (id: string, method: string): string | null => {
    const { runs } = experimentOf(id).plan(profile, { seeds: [0] });
    return runs.find(({ name }) => name.endsWith(`_method=${method}_seed=0`))!.computation();
  };
  // The paper profile evaluates its three stages on validation images, so deployment-stages does not refit there.
  const pst = computed("vtab-stitching", "pst");
  expect(computed("sampling-ablation", "importance")).toBe(pst);
  expect(computed("deployment-stages", "one-stage") === pst).toBe(profile === "laptop");
  expect(computed("learning-rates", "pst-0.003") === pst).toBe(profile === "laptop");
  expect(computed("learning-rates", "sn-net-0.0003") === computed("vtab-stitching", "sn-net")).toBe(profile === "laptop");
  expect(computed("sampling-ablation", "uniform")).toBe(computed("peft-techniques", "lora"));
  expect(computed("peft-techniques", "full")).toBe(computed("vtab-stitching", "sn-net"));
  for (const label of ["ti", "s", "b"]) expect(computed("lora-vs-full", `lora-8-bias-${label}`)).toBe(computed("vtab-stitching", `anchor-${label}`));
  expect(computed("deployment-stages", "three-stages")).toBeNull();
  const studies = experiments.flatMap((experiment) => experiment.plan(profile, { seeds: [0] }).runs.filter(({ name }) => name.includes("_method=")));
  const byComputation = new Map<string, number>();
  for (const run of studies) if (run.computation() !== null) byComputation.set(run.computation()!, (byComputation.get(run.computation()!) ?? 0) + 1);
  expect(Math.max(...byComputation.values())).toBe(profile === "laptop" ? 4 : 2);
});

test("runs that keep what they trained are not shared: their weights lie in one place", () => {
  expect(experimentOf("vtab-stitching").plan("quick", { changes: { saveWeights: true } }).runs[0]!.computation()).toBeNull();
});
