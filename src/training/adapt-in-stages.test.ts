import { beforeAll, expect, test } from "vitest";
import { useBackend } from "../tensor/index.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { adapt } from "./adapt.js";
import { adaptInStages, type StageResult } from "./adapt-in-stages.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

const family = tinyFamily();
const task = tinyTask();

test("an adaptation that is watched ends exactly as one that is not", async () => {
  const stages: StageResult[] = [];
  const watched = await adaptInStages(family, task, tinySettings(14), { seed: 3, stages: 3, stageImages: 10, onStage: (stage) => void stages.push(stage) });
  const plain = await adapt(family, task, tinySettings(14), { seed: 3 });
  expect({ ...watched, seconds: null, family: null }).toEqual({ ...plain, seconds: null, family: null });
  expect(stages.map(({ step }) => step)).toEqual([5, 9, 14]);
  expect(stages.map(({ outcomes }) => outcomes.length)).toEqual([11, 11, 11]);
  expect(stages[1]?.drawn).toEqual(plain.drawn.slice(0, 9));
});

test("the stages' accuracies are those of the model at that step, on the stage's images", async () => {
  const { val } = task;
  const few = { ...task, val: { images: val.images.subarray(0, 10 * 192), labels: val.labels.subarray(0, 10), count: 10 } };
  let last: StageResult | undefined;
  const final = await adaptInStages(family, few, tinySettings(6), { seed: 3, stages: 1, stageImages: 10, onStage: (stage) => void (last = stage) });
  expect(last?.outcomes.map(({ top1 }) => top1)).toEqual(final.outcomes.map(({ validationTop1 }) => validationTop1));
});

test("a refit cannot be watched on the images that it trains on", async () => {
  const watched = adaptInStages(family, task, { ...tinySettings(4), refit: true }, { seed: 0, stages: 1, stageImages: 10, onStage: () => undefined });
  await expect(watched).rejects.toThrow(/^adaptInStages: refit is true, expected false: the stages are measured on validation images, which refit trains on\.$/);
});

test("wrong numbers of stages and images are named together", async () => {
  const options = { seed: 0, stages: 0, stageImages: 99, onStage: () => undefined };
  await expect(adaptInStages(family, task, tinySettings(4), options)).rejects.toThrow(
    "adaptInStages: stages is 0, expected a whole number from 1 to 4 (the number of steps).\nadaptInStages: stageImages is 99, expected a whole number from 1 to 24 (the validation images).",
  );
});
