import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { useBackend } from "../tensor/index.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { defaultPst, type TuningMethod } from "../tuning/method.js";
import type { TunedModel } from "../tuning/tuned-model.js";
import { adapt, adaptProblems, startModel } from "./adapt.js";
import { prepareSplit, trainingOrder } from "./batches.js";
import { learningRate, vtabSchedule } from "./schedule.js";
import { train } from "./train.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

const family = tinyFamily();
const task = tinyTask();
const data = prepareSplit(task.train, task.imageSize, family.normalisation);
const folder = (): string => mkdtempSync(join(tmpdir(), "esta-train-"));
const valuesOf = ({ trainable }: TunedModel): Record<string, Float32Array> => Object.fromEntries(Object.entries(trainable).map(([name, variable]) => [name, Float32Array.from(variable.dataSync())]));

test("adaptation learns the task", async () => {
  const short = tinySettings(150);
  const settings = { ...short, method: { kind: "full" } as const, train: { ...short.train, batchSize: 24, schedule: { ...short.train.schedule, base: 0.003 } } };
  const { outcomes, losses, trainable } = await adapt(family, task, settings, { seed: 1 });
  expect(outcomes).toHaveLength(11);
  expect(losses.slice(-10).reduce((a, b) => a + b, 0) / 10).toBeLessThan(0.6 * losses.slice(0, 5).reduce((a, b) => a + b, 0) / 5);
  expect(Math.max(...outcomes.map(({ top1 }) => top1))).toBeGreaterThan(0.7);
  expect(outcomes.filter(({ stitchId, selected }) => stitchId < 3 && selected)).toHaveLength(3);
  expect(outcomes.reduce((sum, { visits }) => sum + visits, 0)).toBe(150);
  expect(trainable).toBeGreaterThan(1000);
}, 60_000);

test("each stitch's visits and scores are its own", async () => {
  const { outcomes, drawn } = await adapt(family, task, tinySettings(9), { seed: 2 });
  for (const { stitchId, visits } of outcomes) expect(visits, `stitch ${stitchId}`).toBe(drawn.filter((one) => one === stitchId).length);
  const scores = outcomes.map(({ importance }) => importance);
  const visited = outcomes.filter(({ visits }) => visits > 0).map(({ importance }) => importance);
  const mean = visited.reduce((sum, score) => sum + score, 0) / visited.length;
  expect(new Set(visited).size).toBe(visited.length);
  for (const [index, { visits }] of outcomes.entries()) if (visits === 0) expect(scores[index]).toBeCloseTo(mean, 12);
});

test("weight decay shrinks the matrices that are touched, by learning rate times decay, and no vector", async () => {
  const { train: settings, ...rest } = tinySettings(1);
  const schedule = { ...settings.schedule, warmup: 0 };
  const stepWith = async (weightDecay: number) => {
    const model = startModel(family, data, task.classes, { ...rest, train: settings }, 5);
    const start = valuesOf(model);
    const { drawn } = await train(model, data, { ...settings, weightDecay, schedule }, { rng: createRng(5) });
    return { start, end: valuesOf(model), trained: model.partition[drawn[0]!]! };
  };
  const [plain, { start, end, trained }] = [await stepWith(0), await stepWith(0.5)];
  const shrunk = learningRate(0, schedule) * 0.5;
  expect(shrunk).toBeGreaterThan(1e-3);
  const touched = new Set(trained.map(({ name }) => name));
  const matrices = new Set(trained.filter(({ shape }) => shape.length > 1).map(({ name }) => name));
  for (const [name, values] of Object.entries(end)) {
    if (!touched.has(name)) expect(values, name).toEqual(start[name]);
    else if (!matrices.has(name)) expect(values, name).toEqual(plain.end[name]);
    else values.forEach((value, index) => expect(value, name).toBeCloseTo(plain.end[name]![index]! - shrunk * start[name]![index]!, 6));
    // With B at zero, A's gradient is zero at the first step: only the decay moves it.
    if (touched.has(name) && name.endsWith("lora_A")) values.forEach((value, index) => expect(value, name).toBeCloseTo(start[name]![index]! * (1 - shrunk), 6));
  }
  expect(matrices.size).toBeGreaterThan(2);
  expect(touched.size - matrices.size).toBeGreaterThan(2);
});

test("the same seed gives the same results, another seed others", async () => {
  const run = async (seed: number) => (await adapt(family, task, tinySettings(), { seed })).losses;
  expect(await run(1)).toEqual(await run(1));
  expect(await run(1)).not.toEqual(await run(2));
});

test("interrupted and resumed equals uninterrupted, byte for byte", async () => {
  const settings = tinySettings(14);
  const run = async (checkpoint: string, stopAt?: number) => {
    const model = startModel(family, data, task.classes, settings, 5);
    const controller = new AbortController();
    return train(model, data, settings.train, {
      rng: createRng(5),
      checkpoint,
      checkpointEvery: 4,
      fingerprint: "same",
      signal: controller.signal,
      onProgress: ({ done }) => done === stopAt && controller.abort(),
    });
  };
  const whole = join(folder(), "whole.safetensors");
  const parts = join(folder(), "parts.safetensors");
  await run(whole);
  expect((await run(parts, 6)).step).toBe(6);
  expect((await run(parts)).step).toBe(14);
  expect(readFileSync(parts).equals(readFileSync(whole))).toBe(true);
});

test("another run's checkpoint is not taken up", async () => {
  const settings = tinySettings(3);
  const checkpoint = join(folder(), "checkpoint.safetensors");
  const run = (fingerprint: string) => train(startModel(family, data, task.classes, settings, 5), data, settings.train, { rng: createRng(5), checkpoint, fingerprint });
  const first = await run("one");
  expect((await run("two")).losses).toEqual(first.losses);
});

test("only what a stitch owns or shares moves when it trains", async () => {
  const settings = tinySettings(1);
  const model = startModel(family, data, task.classes, settings, 5);
  const before = valuesOf(model);
  const frozen = Object.fromEntries(Object.entries(model.frozen).map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync())]));
  const state = await train(model, data, settings.train, { rng: createRng(5) });
  const drawn = state.drawn[0]!;
  const touched = new Set(model.partition[drawn]!.map(({ name }) => name));
  for (const [name, variable] of Object.entries(model.trainable)) {
    const moved = Float32Array.from(variable.dataSync()).some((value, index) => value !== before[name]![index]);
    if (!touched.has(name)) expect(moved, name).toBe(false);
    // With B at zero, A's gradient is zero at the first step, and a vector is not decayed.
    else if (!name.endsWith("lora_A")) expect(moved, name).toBe(true);
  }
  for (const [name, tensor] of Object.entries(model.frozen)) expect(Float32Array.from(tensor.dataSync()), name).toEqual(frozen[name]);
});

test("a NaN loss stops the run, naming step, stitch, seed and learning rate", async () => {
  const settings = tinySettings(8);
  const wild = { ...settings, train: { ...settings.train, schedule: { ...settings.train.schedule, warmup: 0, base: 1e30 } } };
  await expect(adapt(family, task, wild, { seed: 3 })).rejects.toThrow(
    /^train: loss is NaN at step \d+ \(stitch \d+, seed 3, learning rate 1e\+30\), expected a finite number: lower the learning rate\. No checkpoint was asked for\.$/,
  );
});

test("a NaN loss names a checkpoint only where this run has written one", async () => {
  const settings = tinySettings(8);
  const calm = settings.train;
  const wild = { ...calm, schedule: { ...calm.schedule, warmup: 0, base: 1e30 } };
  const checkpoint = join(folder(), "kept.safetensors");
  const run = (runSettings: typeof calm, checkpointEvery: number, stopAt?: number) => {
    const controller = new AbortController();
    const onProgress = ({ done }: { readonly done: number }): void => void (done === stopAt && controller.abort());
    return train(startModel(family, data, task.classes, settings, 5), data, runSettings, { rng: createRng(5), checkpoint, checkpointEvery, fingerprint: "same", signal: controller.signal, onProgress });
  };
  const messageOf = async (failing: Promise<unknown>): Promise<string> => {
    const message = await failing.then(() => "it did not fail", (error: Error) => error.message);
    return message.replace(/step \d+ \(stitch \d+/, "step N (stitch N");
  };
  const problem = "train: loss is NaN at step N (stitch N, seed 5, learning rate 1e+30), expected a finite number: lower the learning rate.";
  expect(await messageOf(run(wild, 100))).toBe(`${problem} No checkpoint was written yet.`);
  expect(existsSync(checkpoint)).toBe(false);
  expect(await messageOf(run(wild, 1))).toMatch(new RegExp(`^${problem.replace(/[()+]/g, "\\$&")} The last checkpoint, after [1-7] steps, is ${checkpoint}\\.$`));
  rmSync(checkpoint);
  // Taken up from a checkpoint, a run has one although it writes none itself.
  await run(calm, 100, 3);
  expect(await messageOf(run(wild, 100))).toBe(`${problem} The last checkpoint, after 3 steps, is ${checkpoint}.`);
});

test("a refit trains on training images, then validation images, and leaves nothing to validate on", async () => {
  const { train: first, val: second } = task;
  const joined = { images: Uint8Array.of(...first.images, ...second.images), labels: Int32Array.of(...first.labels, ...second.labels), count: first.count + second.count };
  const refit = await adapt(family, task, { ...tinySettings(14), refit: true }, { seed: 3 });
  const byHand = await adapt(family, { ...task, train: joined }, tinySettings(14), { seed: 3 });
  expect(refit.losses).toEqual(byHand.losses);
  expect(refit.losses).not.toEqual((await adapt(family, task, tinySettings(14), { seed: 3 })).losses);
  expect(refit.outcomes).toEqual(byHand.outcomes.map((outcome) => ({ ...outcome, validationTop1: null })));
});

test("bad settings are listed at once, before any work", async () => {
  const settings = tinySettings();
  const wrong = { ...settings, initialImages: 0, method: { ...settings.method, rank: 99 }, train: { ...settings.train, steps: 0, batchSize: 2.5, weightDecay: -1 } } as typeof settings;
  await expect(adapt(family, { ...task, imageSize: 16 }, wrong, { seed: 0 })).rejects.toThrow(
    [
      "adapt: task corners has images of 16 pixels, expected 8 as family tiny reads: load it with imageSize 8.",
      "adapt: rank is 99, expected a whole number from 1 to 8 (the smallest anchor's width).",
      "adapt: steps is 0, expected a whole number of at least 1.",
      "adapt: batchSize is 2.5, expected a whole number of at least 1.",
      "adapt: weightDecay is -1, expected a number of at least 0.",
      "adapt: initialImages is 0, expected a whole number of at least 1.",
    ].join("\n"),
  );
});

test("a score of merged weights is refused where no low-rank update is merged into every stitch", async () => {
  const settings = tinySettings();
  const merged = (method: TuningMethod) => ({ ...settings, method, train: { ...settings.train, importance: "merged" as const } });
  const refused: readonly TuningMethod[] = [{ kind: "full" }, { ...defaultPst, rank: 2, loraTargets: "none" }, { kind: "prefix", length: 2, biasScope: "all", stitchingRank: 2 }];
  for (const method of refused) {
    const model = startModel(family, data, task.classes, { ...settings, method }, 0);
    await expect(train(model, data, merged(method).train, { rng: createRng(0) }), method.kind).rejects.toThrow(
      'train: importance is "merged", expected another score: it is of weights that low-rank updates are folded into, and only method pst with loraTargets other than "none" puts one into every stitch.',
    );
    expect(adaptProblems("adapt", family, merged(method))).toHaveLength(1);
  }
  expect(adaptProblems("adapt", family, merged(settings.method))).toEqual([]);
  const { outcomes } = await adapt(family, task, merged(settings.method), { seed: 0 });
  expect(Math.min(...outcomes.map(({ importance }) => importance))).toBeGreaterThan(0);
});

test("every epoch is a new order of all images, found again by step", () => {
  const order = trainingOrder(10, 3, createRng(1));
  const epoch = (start: number): number[] => [0, 1, 2].flatMap((step) => [...order(start + step)]);
  expect(new Set(epoch(0)).size).toBe(9);
  expect(epoch(0)).not.toEqual(epoch(3));
  expect(order(1)).toEqual(trainingOrder(10, 3, createRng(1))(1));
});

test("the schedule warms up linearly and falls along a cosine that began at zero", () => {
  expect(learningRate(0, vtabSchedule)).toBe(1e-6);
  expect(learningRate(5, vtabSchedule)).toBeCloseTo(1e-6 + 5 * 9.99e-5, 12);
  expect(learningRate(10, vtabSchedule)).toBeCloseTo(1e-5 + 0.5 * 9.9e-4 * (1 + Math.cos(Math.PI / 10)), 12);
  expect(learningRate(99, vtabSchedule)).toBeGreaterThan(1e-5);
});

test("past its length a schedule stays at its minimum", () => {
  for (const t of [100, 101, 150, 200]) expect(learningRate(t, vtabSchedule)).toBe(1e-5);
});
