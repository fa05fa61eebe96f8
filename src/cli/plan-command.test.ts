import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../experiments/package-root.js";
import { esta } from "../testing/esta.js";
import { writeRandomAnchors } from "../testing/random-anchors.js";

let folder: string;
let settings: readonly string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "esta-plan-"));
  const anchors = join(folder, "anchors");
  writeRandomAnchors(anchors);
  settings = ["--results", folder, ...[`weightsFolder=${anchors}`, "tasks=digits", "steps=1", "batchSize=4", "valImages=5", "testImages=5"].flatMap((one) => ["--set", one])];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("an estimate says whether its rate was measured in the experiment, in others beside it, or is a guess", async () => {
  expect((await esta("run", "lora-vs-full", ...settings)).exitCode).toBe(0);
  const both = await esta("plan", "lora-vs-full", "rank-ablation", ...settings);
  const threads = Number(/^engine: \w+, (\d+) threads?/.exec(both.out)![1]);
  const onThreads = threads === 1 ? "" : ` on ${threads} threads`;
  expect(both.out).toMatch(new RegExp(String.raw`/lora-vs-full; the rest takes about 0 s at [\d.]+ GFLOPs a second${onThreads}, as measured in its finished runs\.$`, "m"));
  expect(both.out).toMatch(/\/rank-ablation; the rest takes about .+, as measured in the other experiments' finished runs\.$/m);
  const alone = await esta("plan", "rank-ablation", ...settings);
  expect(alone.out).toMatch(/\/rank-ablation; the rest takes about .+, a guess from this machine's matrix products\.$/m);
});

test("where nothing of the profile was run, the rate is that of a profile that has runs", { timeout: 60_000 }, async () => {
  const results = join(folder, "other-profile");
  const runs = join("laptop", "lora-vs-full", "runs");
  for (const ending of ["csv", "json"]) cpSync(join(packageRoot, "results", runs, `task=digits_method=bias-ti_seed=0.${ending}`), join(results, runs, `task=digits_method=bias-ti_seed=0.${ending}`));
  const { out } = await esta("plan", "lora-vs-full", "--results", results);
  expect(out).toMatch(/\/quick\/lora-vs-full; the rest takes about .+, as measured in profile laptop's finished runs, of its own sizes\.$/m);
});
