import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { vitConfig } from "../anchors/vit-shape.js";
import type { FamilyEntry } from "../anchors/registry.js";
import { loadFamily } from "../anchors/load-weights.js";
import { halfNormalisation } from "../datasets/dataset.js";
import { useBackend } from "../tensor/index.js";
import { tinyFamily, tinyTask } from "../testing/tiny-family.js";
import { prepareSplit } from "./batches.js";
import { linearProbe } from "./linear-probe.js";
import { defaultPretrain, pretrain } from "./pretrain.js";
import { pretrainFamily, readRecord } from "./pretrain-family.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

const config = vitConfig({ width: 16, depth: 1, heads: 2, imageSize: 32, patchSize: 8, classes: 1 });
const settings = { ...defaultPretrain, steps: 30, batchSize: 24, learningRate: 3e-3, upstream: { seed: 0, formulaClasses: 6 } };
const options = { seed: 0, normalisation: halfNormalisation };

test("pretraining learns to tell formula-driven classes apart", async () => {
  const result = await pretrain({ ...config, width: 48, heads: 3 }, { ...settings, steps: 150 }, options);
  expect(result.formulaTop1).toBeGreaterThan(2 / 6);
  expect(result.photographTop1).toBe(null);
  expect(result.parameters["head.weight"]!.shape).toEqual([6, 48]);
  expect(Object.keys(result.parameters).some((name) => name.startsWith("pose."))).toBe(false);
}, 60_000);

test("an interrupted pretraining taken up again ends in the same weights", async () => {
  const checkpoint = join(mkdtempSync(join(tmpdir(), "esta-pretrain-")), "state.safetensors");
  const short = { ...settings, steps: 8 };
  const whole = await pretrain(config, short, options);
  const controller = new AbortController();
  const part = await pretrain(config, short, { ...options, checkpoint, checkpointEvery: 2, signal: controller.signal, onProgress: ({ done }) => done === 4 && controller.abort() });
  expect(part.stepsDone).toBe(4);
  const resumed = await pretrain(config, short, { ...options, checkpoint, checkpointEvery: 2 });
  expect(resumed.parameters).toEqual(whole.parameters);
}, 60_000);

test("a pretrained family loads again and its card names every anchor and task", async () => {
  const out = mkdtempSync(join(tmpdir(), "esta-family-"));
  const family: FamilyEntry = {
    familyId: "test",
    anchors: [8, 16].map((width, index) => ({ anchorId: `vit-test-${index}`, label: `${index}`, config: { ...config, width, heads: 1 }, file: `vit-test-${index}.safetensors` })),
    ...halfNormalisation,
    about: "Two tiny anchors",
    obtain: "esta pretrain",
  };
  const run = () => pretrainFamily(family, { ...settings, steps: 2 }, { seed: 0, out, tasks: [], command: "esta pretrain", engine: "cpu" });
  await run();
  expect(loadFamily(family, [out]).map(({ config: { width } }) => width)).toEqual([8, 16]);
  expect(readRecord(join(out, "vit-test-1.safetensors"))).toMatchObject({ steps: 2, batchSize: 24, seed: 0, upstreamClasses: 6 });
  expect(existsSync(join(out, "test.md"))).toBe(true);
  const kept = readRecord(join(out, "vit-test-0.safetensors")).minutes;
  await run();
  expect(readRecord(join(out, "vit-test-0.safetensors")).minutes).toBe(kept);
  await pretrainFamily(family, { ...settings, steps: 2, upstream: { seed: 0, formulaClasses: 7 } }, { seed: 0, out, tasks: [], command: "esta pretrain", engine: "cpu" });
  expect(readRecord(join(out, "vit-test-0.safetensors")).upstreamClasses).toBe(7);
}, 60_000);

test("a linear probe finds classes that features separate", () => {
  const task = tinyTask();
  const prepare = (split: typeof task.train) => prepareSplit(split, 8, halfNormalisation);
  const anchor = tinyFamily().anchors[2]!;
  expect(linearProbe(anchor, prepare(task.train), prepare(task.train), 3)).toBeGreaterThan(0.7);
  expect(linearProbe(anchor, prepare(task.train), prepare(task.test), 3)).toBeGreaterThan(0.5);
});
