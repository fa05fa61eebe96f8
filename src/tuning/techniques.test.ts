import { beforeAll, expect, test } from "vitest";
import { treeView, toTree, type ParameterView } from "../anchors/parameters.js";
import { withPrompts } from "../anchors/visual-prompts.js";
import { vitConfig } from "../anchors/vit-shape.js";
import { vitBlock, vitClassToken, vitEmbed, vitHead, vitNorm } from "../anchors/vit.js";
import { createRng } from "../rng.js";
import { stitchFamily } from "../stitching/family.js";
import { stitchFeatures } from "../stitching/forward.js";
import { tf, useBackend, type Tensor } from "../tensor/index.js";
import { slopesOf } from "../testing/slopes.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { adapt, startModel } from "../training/adapt.js";
import { batchOf, prepareSplit } from "../training/batches.js";
import { adapterHooks, type AdapterMethod } from "./bottleneck.js";
import { mergeModel, stitchParameters } from "./merge.js";
import { defaultPst, isMergeable, methodProblems, stitchTrainables, trainableElements, type AddedMethod, type TuningMethod } from "./method.js";
import { modelLogits, stitchView, type TunedModel } from "./tuned-model.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

const family = tinyFamily();
const task = tinyTask();
const data = prepareSplit(task.train, task.imageSize, family.normalisation);
const modelOf = (method: TuningMethod): TunedModel => startModel(family, data, task.classes, { ...tinySettings(), method }, 0);
const numbers = (tensor: Tensor): number[] => [...tensor.dataSync()];
const largestDifference = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));
const TOKENS = 5;

const rest = { biasScope: "all", stitchingRank: 2 } as const;
const techniques: Readonly<Record<string, AddedMethod>> = {
  houlsby: { kind: "adapter", placement: "houlsby", width: 3, scaling: 1, ...rest },
  pfeiffer: { kind: "adapter", placement: "pfeiffer", width: 3, scaling: 1, ...rest },
  adaptformer: { kind: "adapter", placement: "parallel", width: 3, scaling: 0.1, ...rest },
  prefix: { kind: "prefix", length: 2, ...rest },
  "vpt-shallow": { kind: "prompt", depth: "shallow", length: 2, ...rest },
  "vpt-deep": { kind: "prompt", depth: "deep", length: 2, ...rest },
};
const named = Object.entries(techniques);

/** Moves everything that starts at zero, so that every branch matters whatever its scaling; units behind a ReLU are far on or far off, so that no small step meets its kink. */
function stir(model: TunedModel): void {
  const stream = createRng(9).stream("stir");
  const { placement, scaling } = model.method.kind === "adapter" ? model.method : { placement: undefined, scaling: 1 };
  for (const [name, variable] of Object.entries(model.trainable)) {
    const mean = (at: number): number => (placement === "parallel" && name.endsWith("adapter.down.bias") ? [4, 4, -4][at % 3]! : 0);
    const deviation = name.includes("adapter.up") ? 0.3 / scaling : 0.3;
    if (/lora_B|adapter|prefix|prompt/.test(name)) variable.assign(tf.tensor(Float32Array.from({ length: variable.size }, (_, at) => mean(at) + deviation * stream.normal()), variable.shape));
  }
}

test.each(["houlsby", "pfeiffer", "adaptformer"])("%s starts at zero: the logits of every stitch are unchanged, to the bit", (name) => {
  const { images } = batchOf(data, [0, 1, 2]);
  const [bare, added] = [modelOf({ ...defaultPst, loraTargets: "none", biasScope: "all" }), modelOf({ ...techniques[name]!, stitchingRank: 0 })];
  for (const stitchId of [0, 2, 4, 7]) expect(numbers(modelLogits(added, stitchId, images))).toEqual(numbers(modelLogits(bare, stitchId, images)));
  stir(added);
  expect(largestDifference(numbers(modelLogits(added, 4, images)), numbers(modelLogits(bare, 4, images)))).toBeGreaterThan(1e-3);
});

test("a bottleneck behind a branch reads its output through GELU, one beside the MLP its input through ReLU", () => {
  const tensors: Record<string, Tensor> = { "m.adapter.down.weight": tf.tensor([[1, 2], [-1, 0]]), "m.adapter.down.bias": tf.tensor([0.5, 1]), "m.adapter.up.weight": tf.tensor([[1, 3], [0, 2]]), "m.adapter.up.bias": tf.tensor([0.25, 0]) };
  const add = (method: AddedMethod) => adapterHooks(method as AdapterMethod, "m", (name) => tensors[name])!.add!;
  const [y, normed] = [tf.tensor([[[2, -1]]]), tf.tensor([[[-3, 1]]])];
  const gelu = [0.5, -1].map((x) => x * { "0.5": 0.6914624613, "-1": 0.1586552539 }[String(x)]!);
  expect(largestDifference(numbers(add(techniques["pfeiffer"]!)(y, normed)), [gelu[0]! + 3 * gelu[1]! + 0.25, 2 * gelu[1]!])).toBeLessThan(1e-6);
  expect(largestDifference(numbers(add(techniques["adaptformer"]!)(y, normed)), [0.1 * (0 + 3 * 4 + 0.25), 0.1 * 8])).toBeLessThan(1e-6);
});

test("prompts stand behind the class token, take the place of older ones, and can be left behind", () => {
  const x = tf.tensor([[[1], [2], [3]]]);
  const two = withPrompts(x, 3, tf.tensor([[8], [9]]));
  expect(numbers(two)).toEqual([1, 8, 9, 2, 3]);
  expect(numbers(withPrompts(two, 3, tf.tensor([[7]])))).toEqual([1, 7, 2, 3]);
  expect(numbers(withPrompts(two, 3))).toEqual([1, 2, 3]);
  expect(withPrompts(x, 3)).toBe(x);
});

/** Concatenates without the function under test: class token, prompts, patches. */
function joined(x: Tensor, prompts: Tensor): Tensor {
  const [batch, , width] = x.shape as [number, number, number];
  const patches = tf.slice(x, [0, x.shape[1]! - (TOKENS - 1), 0], [batch, TOKENS - 1, width]);
  return tf.concat([tf.slice(x, [0, 0, 0], [batch, 1, width]), tf.stack(Array.from({ length: batch }, () => prompts), 0), patches], 1);
}

test.each(["shallow", "deep"] as const)("%s prompts give the logits of a plain network that is fed them as tokens: once, or before each block", (depth) => {
  const model = modelOf({ ...techniques[`vpt-${depth}`]!, biasScope: "none" });
  stir(model);
  const config = model.family.configs[1]!;
  const plain = treeView(toTree({ ...family.anchors[1]!.parameters, "head.weight": hostOf(model, "anchors.1.head.weight"), "head.bias": hostOf(model, "anchors.1.head.bias") }));
  const { images } = batchOf(data, [0, 1, 2]);
  let x = vitEmbed(config, plain, images);
  for (let block = 0; block < config.depth; block++) {
    const prompt = model.trainable[depth === "deep" ? `anchors.1.blocks.${block}.norm1.prompt` : "anchors.1.pos_embed.prompt"]!;
    if (depth === "deep" || block === 0) x = joined(x, prompt);
    expect(x.shape[1]).toBe(TOKENS + 2);
    x = vitBlock(config, plain, block, x);
  }
  const expected = numbers(vitHead(plain, vitNorm(config, plain, vitClassToken(x))));
  expect(largestDifference(numbers(modelLogits(model, 1, images)), expected)).toBeLessThan(1e-5);
  expect(stitchFeatures(model.family.configs, model.family.routes[4]!, stitchView(model, 4), images).shape.slice(1)).toEqual([TOKENS, 12]);
});

const hostOf = (model: TunedModel, name: string) => ({ shape: model.trainable[name]!.shape, data: Float32Array.from(model.trainable[name]!.dataSync()) });

test.each<[string, number]>([["vpt-shallow", TOKENS + 2], ["vpt-deep", TOKENS + 2], ["prefix", TOKENS]])("%s runs the blocks and the stitching layer of a stitch on that many tokens", (name, expected) => {
  const model = modelOf(techniques[name]!);
  const view = stitchView(model, 4);
  const seen: number[] = [];
  const watched: ParameterView = { ...view, hooks: (module) => {
    const hooks = view.hooks!(module);
    if (!module.endsWith("norm1") && !module.endsWith("mlp.fc2")) return hooks;
    return { ...hooks, add: (y) => (seen.push(y.shape[1]!), tf.zerosLike(y)) };
  } };
  stitchFeatures(model.family.configs, model.family.routes[4]!, watched, batchOf(data, [0]).images);
  const blocks = model.family.routes[4]!.filter(({ kind }) => kind === "block").length;
  expect(seen).toEqual(new Array(blocks).fill(expected));
});

test("at the real sizes each technique's trained elements are those of its formula", () => {
  const widths = [192, 384, 768];
  const real = stitchFamily(widths.map((width, index) => vitConfig({ width, depth: 12, heads: [3, 6, 12][index]!, imageSize: 224, patchSize: 16, classes: 10 })));
  const all = (method: TuningMethod, role?: string) => trainableElements(real.modules.flatMap((modules, id) => stitchTrainables(method, id, modules)).filter((one) => role === undefined || one.role === role));
  const added = (method: AddedMethod) => all({ ...method, biasScope: "shared" } as AddedMethod, "added");
  const sum = widths.reduce((total, width) => total + width, 0);
  const bottlenecks = (count: number, w: number) => widths.reduce((total, width) => total + count * 12 * (2 * width * w + w + width), 0);
  expect(added({ ...techniques["houlsby"]!, width: 8 } as AddedMethod)).toBe(bottlenecks(2, 8));
  expect(added({ ...techniques["pfeiffer"]!, width: 64 } as AddedMethod)).toBe(bottlenecks(1, 64));
  expect(added({ ...techniques["adaptformer"]!, width: 64 } as AddedMethod)).toBe(bottlenecks(1, 64));
  expect(added({ ...techniques["prefix"]!, length: 10 } as AddedMethod)).toBe(12 * 2 * 10 * sum);
  expect(added({ ...techniques["vpt-shallow"]!, length: 50 } as AddedMethod)).toBe(50 * sum);
  expect(added({ ...techniques["vpt-deep"]!, length: 10 } as AddedMethod)).toBe(12 * 10 * sum);
  for (const [, method] of named) {
    expect(all({ ...method, stitchingRank: 8 }, "lora")).toBe(152_064);
    expect(all(method, "bias")).toBe(4_478_784);
    expect(all(method, "head")).toBe(1_344 * 10 + 30);
  }
  // A bottleneck's own biases: 8 + D behind each of 71 stitches' MLPs.
  const own = real.routes.reduce((total, route) => total + route.reduce((blocks, step) => blocks + (step.kind === "block" ? 8 + widths[step.anchor]! : 0), 0), 0);
  expect(all({ ...techniques["pfeiffer"]!, width: 8 } as AddedMethod, "added")).toBe(12 * 2 * 8 * sum + own);
});

test.each(named)("gradients of %s agree with finite differences of the loss, tensor by tensor, and nothing else has any", (_, method) => {
  const model = modelOf(method);
  stir(model);
  const slopes = slopesOf(model, 4, batchOf(data, [0, 1, 2, 3, 4, 5, 6, 7]));
  expect(slopes.map(({ name }) => name).sort()).toEqual(model.partition[4]!.map(({ name }) => name).sort());
  expect(model.partition[4]!.filter(({ role }) => role === "added").length).toBeGreaterThan(0);
  for (const { name, gradient, difference } of slopes) {
    expect(gradient, name).toBeGreaterThan(5e-4);
    expect(Math.abs(difference - gradient), name).toBeLessThan(5e-3 * gradient + 1e-5);
  }
});

test.each(named)("%s: folding the stitching layers' updates leaves the logits unchanged; the rest cannot be folded", (name, method) => {
  const model = modelOf(method);
  stir(model);
  const { images } = batchOf(data, [0, 1, 2]);
  const before = numbers(modelLogits(model, 4, images));
  expect(largestDifference(before, numbers(modelLogits(mergeModel(model), 4, images)))).toBeLessThan(2e-5);
  expect(isMergeable(method)).toBe(false);
  expect(() => stitchParameters(model, 4), name).toThrow(`stitchParameters: method is "${method.kind}", expected pst or full`);
});

test.each(named)("%s adapts an anchor: the loss falls", async (_, method) => {
  const settings = tinySettings(80);
  const { losses, outcomes } = await adapt(family, task, { ...settings, method, anchorAlone: 2 }, { seed: 0 });
  const mean = (part: readonly number[]): number => part.reduce((sum, loss) => sum + loss, 0) / part.length;
  expect(mean(losses.slice(-12))).toBeLessThan(0.95 * mean(losses.slice(0, 12)));
  expect(outcomes).toHaveLength(1);
});

test("a bottleneck wider than the tokens, no prompts and an unknown kind are refused", () => {
  expect(methodProblems("adapt", { ...techniques["houlsby"]!, width: 9, stitchingRank: -1 } as AddedMethod, 8)).toEqual([
    "adapt: width is 9, expected a whole number from 1 to 8 (the smallest anchor's width).",
    "adapt: stitchingRank is -1, expected a whole number from 0 to 8 (the smallest anchor's width).",
  ]);
  expect(methodProblems("adapt", { ...techniques["vpt-deep"]!, length: 0 } as AddedMethod, 8)).toEqual(["adapt: length is 0, expected a whole number of at least 1."]);
  expect(methodProblems("adapt", { kind: "other" } as unknown as TuningMethod, 8)).toEqual(['adapt: method is "other", expected one of pst, full, adapter, prefix, prompt, own.']);
});
