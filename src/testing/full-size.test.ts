import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { familyParameters, loadFamily } from "../anchors/load-weights.js";
import { parameterShapes } from "../anchors/parameters.js";
import { familyOf } from "../anchors/registry.js";
import { writeSafetensors } from "../anchors/safetensors.js";
import { vitModules } from "../anchors/vit-shape.js";
import { matmulRate } from "../cli/matmul-rate.js";
import { createRng } from "../rng.js";
import { structureOf } from "../training/adapt.js";
import { disposeGradients, stitchGradients } from "../training/gradients.js";
import { adamWStep, createAdamWState, tf, useBackend } from "../tensor/index.js";
import { defaultPst } from "../tuning/method.js";
import { createTunedModel, disposeModel, trainableCount } from "../tuning/tuned-model.js";

const folder = mkdtempSync(join(tmpdir(), "esta-full-size-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Values between −0.05 and 0.05, quickly. */
function noise(count: number, seed: number): Float32Array {
  const values = new Float32Array(count);
  let state = seed;
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[index] = state / 2 ** 32 / 10 - 0.05;
  }
  return values;
}

await useBackend("auto");
const rate = matmulRate().median;
const slow = rate < 15e9;
if (slow) console.log(`skipped: ViT-S and B at full size, which take over a minute at ${(rate / 1e9).toFixed(1)} GFLOP/s`);

test.skipIf(slow)("weights in timm's shapes of ViT-S and B load at full size, and PST takes a step on a stitch between them at 224 pixels", { timeout: 180_000 }, () => {
  const entry = familyOf("vit-s-b");
  for (const [index, { file, config }] of entry.anchors.entries()) {
    const shapes = [...parameterShapes(vitModules(config))].filter(([name]) => !name.startsWith("head."));
    writeSafetensors(join(folder, file), Object.fromEntries(shapes.map(([name, shape], place) => [name, { shape, data: noise(shape.reduce((product, size) => product * size, 1), 1000 * index + place + 1) }])), { dtype: "F16" });
  }
  const anchors = loadFamily(entry, [folder]);
  // Without heads: 21,665,664 and 85,798,656 parameters, as timm counts them.
  expect(anchors.map(({ parameters }) => Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0))).toEqual([21_665_664, 85_798_656]);

  const family = structureOf({ anchors }, 5);
  const stitch = family.space.stitches.find((one) => one.kind === "stitch" && one.frontBlock === 5 && one.endBlock === 6)!;
  if (stitch.kind !== "stitch") throw new Error("the stitch is an anchor");
  const layer = `stitching_layers.${stitch.stitchingLayerId}`;
  const stitching = { [`${layer}.weight`]: { shape: [768, 384], data: noise(768 * 384, 7) }, [`${layer}.bias`]: { shape: [768], data: new Float32Array(768) } };
  const model = createTunedModel(family, { ...familyParameters(anchors), ...stitching }, defaultPst, createRng(0), { stitchIds: [stitch.stitchId] });
  // Low-rank updates of 6 + 6 blocks and the stitching layer, the stitch's biases, and a head of five classes.
  const lora = 8 * (6 * 4 * 384 + 6 * 4 * 768 + 384 + 768);
  expect(trainableCount(model)).toBe(lora + 11 * 384 * 6 + 11 * 768 * 6 + 384 + 2 * 768 + 769 * 5);
  const batch = { images: tf.tensor(noise(2 * 3 * 224 * 224, 3), [2, 3, 224, 224]), labels: tf.tensor1d([1, 4], "int32") };
  const state = createAdamWState();
  const losses = [0, 1].map(() => {
    const result = stitchGradients(model, stitch.stitchId, batch);
    expect(Object.keys(result.gradients)).toHaveLength(Object.keys(model.trainable).length);
    adamWStep(model.trainable, result.gradients, state, { learningRate: 1e-3, weightDecay: 1e-4 });
    disposeGradients(result);
    return result.loss;
  });
  expect(losses[1]).toBeLessThan(losses[0]!);
  disposeModel(model);
});
