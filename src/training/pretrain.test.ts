import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
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
const options = { seed: 0, normalisation: halfNormalisation, validationImages: 60 };
const family: FamilyEntry = {
  familyId: "test",
  anchors: [8, 16].map((width, index) => ({ anchorId: `vit-test-${index}`, label: `${index}`, config: { ...config, width, heads: 1 }, file: `vit-test-${index}.safetensors` })),
  ...halfNormalisation,
  about: "Two tiny anchors",
  obtain: "esta pretrain",
};

test("pretraining learns to tell formula-driven classes apart", async () => {
  const result = await pretrain({ ...config, width: 48, heads: 3 }, { ...settings, steps: 150 }, { ...options, validationImages: 600 });
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

test("pretraining that goes on starts from the earlier weights, and its checkpoint is no other start's", async () => {
  const folder = mkdtempSync(join(tmpdir(), "esta-start-"));
  const checkpoint = join(folder, "state.safetensors");
  const earlier = await pretrain(config, { ...settings, steps: 4 }, options);
  const start = { parameters: earlier.parameters, sha256: "the sum of the first" };
  const still = { ...settings, steps: 2, learningRate: 1e-12 };
  const kept = await pretrain(config, still, { ...options, start });
  for (const [name, { data }] of Object.entries(earlier.parameters)) {
    const furthest = Math.max(...data.map((value, at) => Math.abs(value - kept.parameters[name]!.data[at]!)));
    if (name.startsWith("head.")) expect(furthest, name).toBeGreaterThan(1e-4);
    else expect(furthest, name).toBeLessThan(1e-5);
  }
  const stopped = new AbortController();
  const part = { ...options, checkpoint, checkpointEvery: 1, signal: stopped.signal, onProgress: () => stopped.abort() };
  await pretrain(config, settings, { ...part, start });
  const signal = AbortSignal.abort();
  expect((await pretrain(config, settings, { ...options, checkpoint, start, signal })).stepsDone).toBe(1);
  expect((await pretrain(config, settings, { ...options, checkpoint, signal })).stepsDone).toBe(0);
  expect((await pretrain(config, settings, { ...options, checkpoint, start: { ...start, sha256: "another" }, signal })).stepsDone).toBe(0);
}, 60_000);

test("a pretrained family loads again and its card names every anchor", async () => {
  const out = mkdtempSync(join(tmpdir(), "esta-family-"));
  const run = () => pretrainFamily(family, { ...settings, steps: 2 }, { seed: 0, out, command: "esta pretrain", engine: "cpu", validationImages: 60 });
  await run();
  expect(loadFamily(family, [out]).map(({ config: { width } }) => width)).toEqual([8, 16]);
  expect(readRecord(join(out, "vit-test-1.safetensors"))).toMatchObject({ steps: 2, batchSize: 24, seed: 0, upstreamClasses: 6 });
  expect(existsSync(join(out, "test.md"))).toBe(true);
  const kept = readRecord(join(out, "vit-test-0.safetensors")).minutes;
  await run();
  expect(readRecord(join(out, "vit-test-0.safetensors")).minutes).toBe(kept);
  await pretrainFamily(family, { ...settings, steps: 2, upstream: { seed: 0, formulaClasses: 7 } }, { seed: 0, out, command: "esta pretrain", engine: "cpu", validationImages: 60 });
  expect(readRecord(join(out, "vit-test-0.safetensors")).upstreamClasses).toBe(7);
}, 60_000);

test("a family that goes on records its whole chain, and is made again when the start changes", async () => {
  const [first, second] = ["first", "second"].map((name) => join(mkdtempSync(join(tmpdir(), "esta-chain-")), name)) as [string, string];
  const short = { ...settings, steps: 1 };
  const both = family.anchors.map(({ anchorId }) => anchorId);
  const about = { seed: 0, engine: "cpu", validationImages: 60 };
  const start = (seed: number, anchorIds = both) => pretrainFamily(family, short, { ...about, anchorIds, seed, out: first, command: `esta pretrain --seed ${seed}` });
  const goOn = (anchorIds = both) => pretrainFamily(family, short, { ...about, anchorIds, out: second, from: first, command: "esta pretrain --from first" });
  const files = [first, second].map((folder) => join(folder, "vit-test-0.safetensors")) as [string, string];
  const sum = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
  await start(0);
  await goOn();
  const record = readRecord(files[1]);
  expect(record.start).toEqual({ sha256: sum(files[0]), record: readRecord(files[0]) });
  expect([record.command, record.start!.record.command, record.start!.record.start]).toEqual(["esta pretrain --from first", "esta pretrain --seed 0", null]);
  const card = readFileSync(join(second, "test.md"), "utf8");
  expect(card).toContain(`1. \`esta pretrain --seed 0 --anchors 0\`: sha256 ${sum(files[0])}\n2. \`esta pretrain --from first --anchors 0\`: sha256 ${sum(files[1])}`);
  const made = sum(files[1]);
  await goOn();
  expect(readRecord(files[1])).toEqual(record);
  const anchorIds = ["vit-test-0"];
  await start(1, anchorIds);
  await goOn(anchorIds);
  expect(readRecord(files[1]).start!.record.command).toBe("esta pretrain --seed 1");
  expect(sum(files[1])).not.toBe(made);
  await expect(pretrainFamily(family, short, { ...about, out: second, from: second, command: "esta pretrain" })).rejects.toThrow(
    `pretrain: weights are read from and written to ${second}, expected two folders, since what is gone on from is part of the record: copy the earlier weights elsewhere.`,
  );
}, 60_000);

test("a linear probe finds classes that features separate", () => {
  const task = tinyTask();
  const prepare = (split: typeof task.train) => prepareSplit(split, 8, halfNormalisation);
  const anchor = tinyFamily().anchors[2]!;
  expect(linearProbe(anchor, prepare(task.train), prepare(task.train), 3)).toBeGreaterThan(0.7);
  expect(linearProbe(anchor, prepare(task.train), prepare(task.test), 3)).toBeGreaterThan(0.5);
});
