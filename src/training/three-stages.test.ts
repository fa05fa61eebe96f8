import { beforeAll, expect, test } from "vitest";
import { flopsBins } from "../sampling/flops-bins.js";
import { useBackend } from "../tensor/index.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { stitchParameters } from "../tuning/merge.js";
import type { TuningMethod } from "../tuning/method.js";
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

test("the last stage draws as one stage alone does, from another start, and validation chooses the best of each FLOPs bin", async () => {
  const result = await adaptInThreeStages(family, task, settings, { seed: 1 });
  const direct = await adapt(family, task, settings, { seed: 1 });
  expect(result.drawn).toEqual(direct.drawn);
  expect(result.losses[0]).not.toBe(direct.losses[0]);
  const { outcomes } = result;
  const validation = outcomes.map(({ validationTop1 }) => validationTop1!);
  const best = flopsBins(result.family.costs.map(({ flops }) => flops), settings.train.sampler.bins).map((members) => {
    const highest = Math.max(...members.map((stitchId) => validation[stitchId]!));
    return Math.min(...members.filter((stitchId) => validation[stitchId] === highest));
  });
  expect(outcomes.flatMap(({ stitchId, selected }) => (selected ? [stitchId] : []))).toEqual([...new Set([0, 1, 2, ...best])].sort((a, b) => a - b));
  // Importance would have chosen otherwise.
  expect(outcomes.map(({ selected }) => selected)).not.toEqual(direct.outcomes.map(({ selected }) => selected));
});

test("stage 1 ends in the anchors that full fine-tuning alone gives", async () => {
  // PST without biases leaves every weight of the anchors as stage 1 left it.
  const last = { ...settings, method: { ...tiny.method, biasScope: "none" } as TuningMethod };
  let started: Readonly<Record<string, Float32Array>> = {};
  await adaptInThreeStages(family, task, last, {
    seed: 1,
    onTrained: ({ frozen }) => void (started = Object.fromEntries(Object.entries(frozen).map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync())]))),
  });
  for (const anchorAlone of [0, 1, 2]) {
    let alone: ReturnType<typeof stitchParameters> = {};
    await adapt(family, task, { ...settings, anchorAlone }, { seed: 1, onTrained: (model) => void (alone = stitchParameters(model, anchorAlone)) });
    const body = Object.entries(alone).filter(([name]) => !name.includes(".head."));
    expect(body.length).toBeGreaterThan(20);
    for (const [name, { data }] of body) expect(started[name], name).toEqual(data);
    expect(alone[`anchors.${anchorAlone}.blocks.0.mlp.fc1.weight`]!.data).not.toEqual(family.anchors[anchorAlone]!.parameters["blocks.0.mlp.fc1.weight"]!.data);
  }
});

test("a refit is refused before any work: it would leave nothing to choose by", async () => {
  const told: string[] = [];
  await expect(adaptInThreeStages(family, task, { ...settings, refit: true }, { seed: 1, onProgress: ({ label }) => void told.push(label) })).rejects.toThrow(
    "adaptInThreeStages: refit is true, expected false: validation accuracy chooses what is deployed, and refit trains on the validation images.",
  );
  expect(told).toEqual([]);
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
