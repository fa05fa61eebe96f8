import { beforeAll, expect, test } from "vitest";
import { toHost } from "../anchors/parameters.js";
import { vitConfig } from "../anchors/vit-shape.js";
import { vitLogits } from "../anchors/vit.js";
import { treeView, toTree } from "../anchors/parameters.js";
import { createRng } from "../rng.js";
import { stitchFamily } from "../stitching/family.js";
import { tf, useBackend, type Tensor } from "../tensor/index.js";
import { slopesOf } from "../testing/slopes.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { startModel, structureOf } from "../training/adapt.js";
import { batchOf, prepareSplit } from "../training/batches.js";
import { disposeGradients, stitchGradients } from "../training/gradients.js";
import { mergeModel, stitchParameters } from "./merge.js";
import { defaultPst, methodProblems, stitchTrainables, trainableElements, type BiasScope, type TuningMethod } from "./method.js";
import { modelLogits, trainableCount, type TunedModel } from "./tuned-model.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

const family = tinyFamily();
const task = tinyTask();
const data = prepareSplit(task.train, task.imageSize, family.normalisation);
const modelOf = (method: Partial<TuningMethod> = {}): TunedModel => startModel(family, data, task.classes, { ...tinySettings(), method: { ...tinySettings().method, ...method } as TuningMethod }, 0);
const numbers = (tensor: Tensor): number[] => [...tensor.dataSync()];
const largestDifference = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));

/** Sets every B to noise, so that low-rank branches matter. */
function stir(model: TunedModel): void {
  const stream = createRng(9).stream("stir");
  for (const [name, variable] of Object.entries(model.trainable)) {
    if (name.endsWith("lora_B")) variable.assign(tf.tensor(Float32Array.from({ length: variable.size }, () => 0.3 * stream.normal()), variable.shape));
  }
}

test("at rank 8 the three real anchors have the paper's counts", () => {
  const sizes = [192, 384, 768].map((width, index) => vitConfig({ width, depth: 12, heads: [3, 6, 12][index]!, imageSize: 224, patchSize: 16, classes: 1000 }));
  const real = stitchFamily(sizes);
  const all = (method: TuningMethod, role?: string) => trainableElements(real.modules.flatMap((modules, id) => stitchTrainables(method, id, modules)).filter((one) => role === undefined || one.role === role));
  expect(all(defaultPst, "lora")).toBe(516_096 + 152_064);
  expect(all(defaultPst, "bias")).toBe(4_478_784);
  expect(all({ ...defaultPst, biasScope: "linear" }, "bias")).toBe(3_621_312);
  expect(all(defaultPst, "head")).toBe(1_347 * 1000);
  expect(all({ kind: "full" })).toBe(118_403_448);
  expect(all({ ...defaultPst, loraTargets: "q+v" }, "lora")).toBe((516_096 * 2 * 4) / 8 + 152_064);
});

test("with B at zero an anchor gives its pretrained logits exactly", () => {
  const model = modelOf();
  const { images } = batchOf(data, [0, 1, 2]);
  const anchor = toTree({ ...family.anchors[1]!.parameters, "head.weight": toHost(model.trainable)["anchors.1.head.weight"]!, "head.bias": toHost(model.trainable)["anchors.1.head.bias"]! });
  expect(largestDifference(numbers(modelLogits(model, 1, images)), numbers(vitLogits(model.family.configs[1]!, treeView(anchor), images)))).toBeLessThan(1e-6);
});

test("A starts uniform in ±1/√in and B at zero", () => {
  const model = modelOf({ rank: 8 });
  for (const module of ["anchors.2.blocks.0.attn.qkv", "stitching_layers.0"]) {
    const loraA = model.trainable[`${module}.lora_A`]!;
    const bound = 1 / Math.sqrt(loraA.shape[1]!);
    const largest = Math.max(...numbers(loraA).map(Math.abs));
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.9 * bound);
    expect(numbers(model.trainable[`${module}.lora_B`]!).every((value) => value === 0)).toBe(true);
  }
});

test.each(["qkv", "q+v", "qkv+proj"] as const)("merging LoRA on %s leaves the output unchanged", (loraTargets) => {
  const model = modelOf({ loraTargets, scaling: 0.7 });
  stir(model);
  const { images } = batchOf(data, [0, 1, 2]);
  const merged = mergeModel(model);
  for (const stitchId of [0, 4, 7]) {
    const before = numbers(modelLogits(model, stitchId, images));
    expect(largestDifference(before, numbers(modelLogits(merged, stitchId, images)))).toBeLessThan(2e-5);
    const deployed = toTree(stitchParameters(model, stitchId));
    const alone = { ...model, trainable: {}, frozen: deployed };
    expect(largestDifference(before, numbers(modelLogits(alone, stitchId, images)))).toBeLessThan(2e-5);
  }
  expect(largestDifference(numbers(modelLogits(model, 4, images)), numbers(modelLogits(modelOf({ loraTargets, scaling: 0.7 }), 4, images)))).toBeGreaterThan(1e-3);
});

test("merging that replaces gives the same logits and frees every weight that it folds into", () => {
  const [model, other] = [0, 1].map(() => {
    const one = modelOf({ scaling: 0.7 });
    stir(one);
    return one;
  }) as [ReturnType<typeof modelOf>, ReturnType<typeof modelOf>];
  const { images } = batchOf(data, [0, 1, 2]);
  const kept = mergeModel(other);
  const before = tf.memory();
  const replaced = mergeModel(model, { replace: true });
  const after = tf.memory();
  expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
  for (const stitchId of [0, 4, 7]) expect(numbers(modelLogits(replaced, stitchId, images))).toEqual(numbers(modelLogits(kept, stitchId, images)));
});

test("q+v leaves the keys' third of qkv alone", () => {
  const model = modelOf({ loraTargets: "q+v" });
  stir(model);
  const merged = numbers(mergeModel(model).frozen["anchors.0.blocks.0.attn.qkv.weight"]!);
  const start = [...family.anchors[0]!.parameters["blocks.0.attn.qkv.weight"]!.data];
  const third = start.length / 3;
  expect(merged.slice(third, 2 * third)).toEqual(start.slice(third, 2 * third));
  expect(largestDifference(merged.slice(0, third), start.slice(0, third))).toBeGreaterThan(1e-3);
});

test.each<[BiasScope, (name: string) => boolean]>([
  ["all", (name) => name.startsWith("stitches.4.") && name.endsWith(".bias")],
  ["linear", (name) => name.startsWith("stitches.4.") && /(qkv|proj|fc1|fc2|stitching_layers\.\d+)\.bias$/.test(name) && !name.includes("patch_embed")],
  ["attention", (name) => name.startsWith("stitches.4.") && /attn\.(qkv|proj)\.bias$/.test(name)],
  ["shared", (name) => !name.startsWith("stitches.") && name.endsWith(".bias")],
  ["none", () => false],
])("bias scope %s trains those biases, the low-rank updates and the head, and nothing else", (biasScope, expected) => {
  const model = modelOf({ biasScope });
  const names = model.partition[4]!.map(({ name }) => name);
  for (const name of names) expect(expected(name) || name.includes(".lora_") || name.includes(".head."), name).toBe(true);
  if (biasScope !== "none") expect(names.filter(expected).length).toBeGreaterThan(2);
  const batch = batchOf(data, [0, 1, 2, 3]);
  const result = stitchGradients(model, 4, batch);
  expect(Object.keys(result.gradients).sort()).toEqual(names.sort());
  disposeGradients(result);
});

const pst = tinySettings().method;
test.each<TuningMethod>([pst, { ...pst, loraTargets: "q+v", scaling: 0.7 } as TuningMethod, { ...pst, loraTargets: "qkv+proj", biasScope: "shared" } as TuningMethod, { kind: "full" }])("gradients of a stitch agree with finite differences of its loss, tensor by tensor: %o", (method) => {
  const model = startModel(family, data, task.classes, { ...tinySettings(), method }, 0);
  stir(model);
  const slopes = slopesOf(model, 4, batchOf(data, [0, 1, 2, 3, 4, 5, 6, 7]));
  expect(slopes.map(({ name }) => name).sort()).toEqual(model.partition[4]!.map(({ name }) => name).sort());
  for (const { name, gradient, difference } of slopes) {
    expect(gradient, name).toBeGreaterThan(5e-4);
    expect(Math.abs(difference - gradient), name).toBeLessThan(5e-3 * gradient + 1e-5);
  }
});

test("an anchor alone trains only itself", () => {
  const model = startModel(family, data, task.classes, { ...tinySettings(), anchorAlone: 2 }, 0);
  expect(model.partition.map((trainables) => trainables.length > 0)).toEqual(model.partition.map((_, id) => id === 2));
  expect(Object.keys(model.trainable).every((name) => name.includes("anchors.2."))).toBe(true);
  expect(trainableCount(model)).toBeLessThan(trainableCount(modelOf()));
});

test("a rank above the smallest width and an unknown scope are refused with their bounds", () => {
  const narrowest = structureOf(family, 3).configs[0]!.width;
  expect(methodProblems("adapt", { ...defaultPst, rank: 9, biasScope: "some" as BiasScope }, narrowest)).toEqual([
    "adapt: rank is 9, expected a whole number from 1 to 8 (the smallest anchor's width).",
    'adapt: biasScope is "some", expected one of all, linear, attention, shared, none.',
  ]);
});
