import { beforeAll, expect, test } from "vitest";
import { tf, useBackend } from "../tensor/index.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { modelLogits } from "../tuning/tuned-model.js";
import { startModel } from "./adapt.js";
import { batchOf, eachBatch, prepareSplit } from "./batches.js";
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

test("every image counts once, however they are batched", async () => {
  const family = tinyFamily();
  const task = tinyTask();
  const data = prepareSplit(task.train, task.imageSize, family.normalisation);
  const model = startModel(family, data, task.classes, tinySettings(), 0);
  const all = batchOf(data, Array.from({ length: data.count }, (_, index) => index));
  const expected = countCorrect(tf.tidy(() => modelLogits(model, 5, all.images).dataSync()) as Float32Array, data.labels) / data.count;
  for (const batchSize of [7, 48, 500]) expect((await evaluateStitches(model, data, { stitchIds: [5], batchSize })).get(5)).toBe(expected);
  expect([...eachBatch(data, 7)]).toHaveLength(7);
});
