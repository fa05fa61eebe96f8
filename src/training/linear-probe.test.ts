import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { disposeModel, type TunedModel } from "../tuning/tuned-model.js";
import { adapt, adaptProblems, startModel } from "./adapt.js";
import { heldBatches, prepareSplit } from "./batches.js";
import { evaluateStitches } from "./evaluate.js";
import { linearProbe } from "./linear-probe.js";

const family = tinyFamily();
const task = tinyTask();
const data = prepareSplit(task.train, task.imageSize, family.normalisation);
const headsOf = ({ trainable }: TunedModel): string[] => Object.keys(trainable).filter((name) => name.includes("head."));

test("the probe's classifier reads plain features as it read standardised ones: it tells more than half of a learnable task's images, of three classes, apart", () => {
  const shuffled = { ...data, labels: Int32Array.from(createRng(0).stream("labels").shuffle([...data.labels])) };
  for (const anchor of family.anchors) {
    expect(linearProbe(anchor, data, data, 3)).toBeGreaterThan(0.55);
    expect(linearProbe(anchor, data, shuffled, 3)).toBeLessThan(0.5);
  }
});

test("heads that start from probes let every anchor predict before any step; random ones do not", async () => {
  const settings = { ...tinySettings(), headStart: "probe" as const };
  const model = startModel(family, data, task.classes, settings, 0);
  const random = startModel(family, data, task.classes, tinySettings(), 0);
  const probed = await evaluateStitches(model, heldBatches(data));
  const guessed = await evaluateStitches(random, heldBatches(data));
  const anchors = model.family.space.stitches.filter(({ kind }) => kind === "anchor").map(({ stitchId }) => stitchId);
  expect(anchors).toHaveLength(3);
  for (const stitchId of anchors) expect(probed.get(stitchId), `anchor ${stitchId}`).toBeGreaterThan(0.5);
  expect(anchors.filter((stitchId) => guessed.get(stitchId)! > 0.5)).toEqual([]);
  // Everything else starts alike.
  for (const [name, variable] of Object.entries(random.trainable)) if (!headsOf(random).includes(name)) expect(model.trainable[name]!.dataSync(), name).toEqual(variable.dataSync());
  for (const one of [model, random]) disposeModel(one);
});

test("an anchor alone has its own probe for a start", () => {
  const settings = { ...tinySettings(), headStart: "probe" as const };
  const [alone, all] = [startModel(family, data, task.classes, { ...settings, anchorAlone: 1 }, 0), startModel(family, data, task.classes, settings, 0)];
  expect(headsOf(alone)).toHaveLength(2);
  for (const name of headsOf(alone)) expect(alone.trainable[name]!.dataSync()).toEqual(all.trainable[name]!.dataSync());
  for (const one of [alone, all]) disposeModel(one);
});

test("a probed head that is known is not taken for other images, labels, classes or another normalisation", () => {
  const { train, imageSize } = task;
  const settings = { ...tinySettings(), headStart: "probe" as const, anchorAlone: 1 };
  const headOf = (own: typeof family, split: typeof train, classes: number): Float32Array => {
    const model = startModel(own, prepareSplit(split, imageSize, own.normalisation), classes, settings, 0);
    const weight = Float32Array.from(model.trainable["anchors.1.head.weight"]!.dataSync());
    disposeModel(model);
    return weight;
  };
  /** Anchors of which no head is known. */
  const copied = (own: typeof family): typeof family => ({ ...own, anchors: own.anchors.map((anchor) => ({ ...anchor, parameters: { ...anchor.parameters } })) });
  const darker: typeof train = { ...train, images: train.images.map((byte, at) => (at % 7 === 0 ? 0 : byte)) };
  const relabelled: typeof train = { ...train, labels: train.labels.map((label) => (label + 1) % 3) };
  const scaled = { ...family, normalisation: { mean: [0, 0, 0], std: [1, 0.5, 1] } as const };
  const first = headOf(family, train, 3);
  for (const [own, split, classes] of [[family, train, 3], [family, darker, 3], [family, relabelled, 3], [family, train, 4], [scaled, train, 3], [family, train, 3]] as const) {
    expect(headOf(own, split, classes)).toEqual(headOf(copied(own), split, classes));
  }
  for (const other of [headOf(family, darker, 3), headOf(family, relabelled, 3), headOf(scaled, train, 3)]) expect(other).not.toEqual(first);
});

test("another start of the heads is refused by name", async () => {
  const settings = { ...tinySettings(), headStart: "zero" as "random" };
  const problem = 'headStart is "zero", expected one of random, probe.';
  expect(adaptProblems("here", family, settings)).toEqual([`here: ${problem}`]);
  await expect(adapt(family, task, settings, { seed: 0 })).rejects.toThrow(`adapt: ${problem}`);
});
