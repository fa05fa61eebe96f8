import { beforeAll, expect, test } from "vitest";
import { UsageError } from "../checks.js";
import { eachLogits } from "../stitching/forward.js";
import { computedValues, tf, useBackend } from "../tensor/index.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { modelLogits, stitchView } from "../tuning/tuned-model.js";
import { startModel } from "./adapt.js";
import { batchOf, eachBatch, heldBatches, prepareSplit, streamedBatches } from "./batches.js";
import { countCorrect, evaluateStitches } from "./evaluate.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

test("top-1 counts the images whose highest logit is their label's; the first of equals wins", () => {
  const logits = Float32Array.of(1, 3, 2, /**/ 5, 5, 0, /**/ 0, 1, 9);
  expect(countCorrect(logits, [1, 0, 2])).toBe(3);
  expect(countCorrect(logits, [0, 1, 2])).toBe(1);
  expect(countCorrect(logits, [1, 0, 2], (label) => label !== 2)).toBe(2);
});

test("a logit that is not a number is named, not counted as a class", async () => {
  expect(() => countCorrect(Float32Array.of(1, NaN, 2), [2])).toThrow(new UsageError("countCorrect: a logit is NaN, expected finite numbers: the training diverged, lower the learning rate."));
  expect(() => countCorrect(Float32Array.of(1, 2, 0, Infinity), [1, 1])).toThrow("a logit is Infinity");
  const family = tinyFamily();
  const task = tinyTask();
  const data = prepareSplit(task.train, task.imageSize, family.normalisation);
  const model = startModel(family, data, task.classes, tinySettings(), 0);
  const bias = model.trainable["stitches.5.anchors.1.blocks.1.mlp.fc2.bias"]!;
  bias.assign(tf.fill(bias.shape, NaN));
  const before = tf.memory().numTensors;
  await expect(evaluateStitches(model, heldBatches(data))).rejects.toThrow(/^evaluate, stitch 5: a logit is NaN, expected finite numbers/);
  expect(tf.memory().numTensors).toBe(before);
});

test("every image counts once, however they are batched", async () => {
  const family = tinyFamily();
  const task = tinyTask();
  const data = prepareSplit(task.train, task.imageSize, family.normalisation);
  const model = startModel(family, data, task.classes, tinySettings(), 0);
  const all = batchOf(data, Array.from({ length: data.count }, (_, index) => index));
  const expected = countCorrect(tf.tidy(() => modelLogits(model, 5, all.images).dataSync()) as Float32Array, data.labels) / data.count;
  for (const batchSize of [7, 48, 500]) expect((await evaluateStitches(model, heldBatches(data), { stitchIds: [5], batchSize })).get(5)).toBe(expected);
  expect([...eachBatch(data, 7)]).toHaveLength(7);
});

test("stitches that share blocks come out as each alone does, bit for bit, and nothing stays in the engine", () => {
  const family = tinyFamily(0, 4);
  const task = tinyTask();
  const data = prepareSplit(task.train, task.imageSize, family.normalisation);
  for (const method of [{ kind: "full" } as const, { ...tinySettings().method, biasScope: "shared" } as const]) {
    const model = startModel(family, data, task.classes, { ...tinySettings(), method }, 0);
    const { configs, routes } = model.family;
    const { images } = batchOf(data, [0, 1, 2, 3, 4]);
    const before = tf.memory().numTensors;
    const together = routes.map(() => new Float32Array());
    eachLogits(configs, routes, stitchView(model, 0), images, (place, logits) => (together[place] = logits.dataSync() as Float32Array));
    expect(tf.memory().numTensors).toBe(before);
    expect(together).toEqual(routes.map((_, stitchId) => computedValues(() => modelLogits(model, stitchId, images))));
  }
});

test("blocks that routes begin with in common run once", () => {
  const family = tinyFamily(0, 4);
  const task = tinyTask();
  const data = prepareSplit(task.train, task.imageSize, family.normalisation);
  const model = startModel(family, data, task.classes, { ...tinySettings(), method: { kind: "full" } }, 0);
  const { configs, routes, space } = model.family;
  const own = stitchView(model, 0);
  const read: string[] = [];
  const { images } = batchOf(data, [0]);
  eachLogits(configs, routes, { ...own, get: (name) => (read.push(name), own.get(name)) }, images, () => undefined);
  const times = (name: string): number => read.filter((one) => one === name).length;
  const joined = space.stitches.filter(({ kind }) => kind === "stitch");
  expect([0, 1, 2].map((anchor) => times(`anchors.${anchor}.patch_embed.proj.weight`))).toEqual([1, 1, 1]);
  // Each anchor's own last block, and the middle one's block before that for each way into it.
  expect(times("anchors.0.blocks.3.attn.qkv.weight")).toBe(2);
  expect(times("anchors.0.head.weight") + times("anchors.1.head.weight") + times("anchors.2.head.weight")).toBe(3 + joined.length);
});

test("every stitch, evaluated again and again, leaves nothing behind, and memory stays what one evaluation takes", async () => {
  const family = tinyFamily();
  const task = tinyTask();
  const data = prepareSplit(task.train, task.imageSize, family.normalisation);
  const model = startModel(family, data, task.classes, tinySettings(), 0);
  await evaluateStitches(model, heldBatches(data));
  const before = { ...tf.memory() };
  const resident = process.memoryUsage.rss();
  for (let round = 0; round < 5; round++) await evaluateStitches(model, heldBatches(data));
  const after = tf.memory();
  expect([after.numTensors, after.numDataBuffers, after.numBytes]).toEqual([before.numTensors, before.numDataBuffers, before.numBytes]);
  expect((process.memoryUsage.rss() - resident) / 2 ** 20).toBeLessThan(64);
});

test("pictures read in batches give what held ones give, and a damaged one stops with its message", async () => {
  const family = tinyFamily();
  const { train, imageSize, classes } = tinyTask();
  const data = prepareSplit(train, imageSize, family.normalisation);
  const model = startModel(family, data, classes, tinySettings(), 0);
  const pieces: [number, number][] = [];
  const stream = {
    labels: train.labels, count: train.count,
    read: async (start: number, end: number) => {
      pieces.push([start, end]);
      return { images: train.images.subarray(start * 192, end * 192), labels: train.labels.subarray(start, end), count: end - start };
    },
  };
  const streamed = streamedBatches(stream, imageSize, family.normalisation);
  expect(await evaluateStitches(model, streamed, { batchSize: 20 })).toEqual(await evaluateStitches(model, heldBatches(data), { batchSize: 20 }));
  expect(pieces).toEqual([[0, 20], [20, 40], [40, 48]]);
  const damaged = { ...stream, read: async () => Promise.reject(new UsageError("test.jpg: damaged")) };
  await expect(evaluateStitches(model, streamedBatches(damaged, imageSize, family.normalisation))).rejects.toThrow("test.jpg: damaged");
});
