import { beforeAll, expect, test } from "vitest";
import { useBackend } from "../tensor/index.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { adapt } from "./adapt.js";
import { adaptInThreeStages } from "./three-stages.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

const family = tinyFamily();
const task = tinyTask();
const tiny = tinySettings(12);
// Importance would draw by what it scores, which the start decides.
const settings = { ...tiny, method: { kind: "full" as const }, train: { ...tiny.train, sampler: { ...tiny.train.sampler, kind: "uniform" as const } } };

test("the last stage starts from fine-tuned anchors, and validation chooses", async () => {
  const result = await adaptInThreeStages(family, task, settings, { seed: 1 });
  const direct = await adapt(family, task, settings, { seed: 1 });
  // The same stitches in the same order, but another start: the first loss differs.
  expect(result.drawn).toEqual(direct.drawn);
  expect(result.losses[0]).not.toBe(direct.losses[0]);
  const chosen = result.outcomes.filter(({ selected }) => selected);
  expect(chosen.map(({ stitchId }) => stitchId)).toEqual(expect.arrayContaining([0, 1, 2]));
  // No stitch of the chosen one's bin does better on validation; with as many bins as here every bin holds one or two.
  const bins = Math.min(settings.train.sampler.bins, result.outcomes.length);
  expect(chosen.length).toBeGreaterThanOrEqual(bins);
});

test("stage 1 ends in the anchors that full fine-tuning alone gives", async () => {
  const alone = await adapt(family, task, { ...settings, anchorAlone: 0 }, { seed: 1 });
  const seen: string[] = [];
  await adaptInThreeStages(family, task, settings, { seed: 1, onProgress: ({ label, done, total }) => void (done === total && seen.push(label)) });
  expect(seen.filter((label) => label.startsWith("stage 1, tiny-0, loss"))).toHaveLength(1);
  expect(alone.losses).toHaveLength(12);
});

test("progress is a share of all three stages, and never falls", async () => {
  const shares: number[] = [];
  const stageOne: number[] = [];
  await adaptInThreeStages(family, task, settings, { seed: 1, onProgress: ({ label, share }) => void (label.startsWith("stage 1, ") ? stageOne : shares).push(share!) });
  const all = [...stageOne, ...shares];
  expect(all).toEqual(all.toSorted((a, b) => a - b));
  expect(all.at(-1)).toBe(1);
  // Three anchors' steps against as many of an average stitch, and the evaluation of all stitches.
  expect(stageOne.at(-1)).toBeLessThan(0.75);
  expect(stageOne.at(-1)).toBeGreaterThan(0.1);
});
