/**
 * @file A stitchable family small enough for tests: three anchors of two blocks with random weights, and a task of random images.
 */
import type { LoadedAnchor } from "../anchors/load-weights.js";
import { vitConfig, vitModules } from "../anchors/vit-shape.js";
import type { Dataset, ImageSplit } from "../datasets/dataset.js";
import { createRng } from "../rng.js";
import { defaultSampler } from "../sampling/sampler.js";
import type { AdaptSettings, AnchorFamily } from "../training/adapt.js";
import { randomParameters } from "../training/pretrain.js";
import { defaultPst } from "../tuning/method.js";

/** Widths 8/12/16, heads 1/2/2, two blocks, 8×8 images, patch 4 (5 tokens). Biases, gains and tokens are far from their usual starts. */
export function tinyFamily(seed = 0, depth = 2): AnchorFamily {
  const anchors = [8, 12, 16].map((width, index): LoadedAnchor => {
    const config = vitConfig({ width, depth, heads: index === 0 ? 1 : 2, imageSize: 8, patchSize: 4, classes: 3 });
    const stream = createRng(seed).stream(`tiny/${index}`);
    const start = randomParameters(vitModules(config), createRng(seed + index));
    const parameters = Object.fromEntries(Object.entries(start).map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value + 0.2 * stream.normal()) }]));
    return { anchorId: `tiny-${index}`, config, parameters, sha256: "" };
  });
  return { familyId: "tiny", anchors, labels: ["Ti", "S", "B"], normalisation: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } };
}

/** Images whose brightest corner is their class: learnable in a few steps. */
export function tinyTask(seed = 0, classes = 3): Dataset {
  const split = (name: string, count: number): ImageSplit => {
    const stream = createRng(seed).stream(name);
    const labels = Int32Array.from({ length: count }, () => stream.integer(classes));
    const images = new Uint8Array(count * 192);
    for (let image = 0; image < count; image++) {
      for (let pixel = 0; pixel < 64; pixel++) {
        const corner = (pixel % 8 >= 4 ? 1 : 0) + (pixel >= 32 ? 2 : 0);
        for (let channel = 0; channel < 3; channel++) images[image * 192 + pixel * 3 + channel] = stream.integer(100) + (corner === labels[image] ? 150 : 0);
      }
    }
    return { images, labels, count };
  };
  return { name: "corners", classes, imageSize: 8, group: "structured", train: split("train", 48), val: split("val", 24), test: split("test", 36), source: "made by the tests", sha256: "" };
}

/** Settings that adapt the tiny family in a second. */
export function tinySettings(steps = 12): AdaptSettings {
  return {
    method: { ...defaultPst, rank: 2 },
    train: { steps, batchSize: 8, schedule: { length: steps, warmup: 2, base: 0.01, warmupStart: 1e-6, minimum: 1e-4 }, scheduleUnit: "step", weightDecay: 1e-4, sampler: { ...defaultSampler, bins: 3 }, importance: "trainable" },
    initialImages: 10,
  };
}
