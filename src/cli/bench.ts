/**
 * @file Times the kit's own hot paths on random weights and random images.
 */
import { familyParameters } from "../anchors/load-weights.js";
import type { HostTensor } from "../anchors/parameters.js";
import { vitConfig, vitModules } from "../anchors/vit-shape.js";
import { createRng } from "../rng.js";
import { stitchFamily, type StitchFamily } from "../stitching/family.js";
import { adamWStep, createAdamWState, tf } from "../tensor/index.js";
import type { PreparedSplit } from "../training/batches.js";
import { batchOf, disposeBatch } from "../training/batches.js";
import { disposeGradients, importanceScore, stitchGradients } from "../training/gradients.js";
import { randomParameters } from "../training/pretrain.js";
import { disposeMerged, mergeModel } from "../tuning/merge.js";
import { defaultPst } from "../tuning/method.js";
import { createTunedModel, disposeModel, modelLogits, type TunedModel } from "../tuning/tuned-model.js";
import { matmulRate } from "./matmul-rate.js";

/** What is measured. */
export interface BenchSettings {
  /** Widths of the anchors; 16 features a head. */
  readonly widths: readonly number[];
  /** 17 or 65. */
  readonly tokens: number;
  readonly batch: number;
  /** Timed steps. */
  readonly steps: number;
  readonly backend: string;
  readonly threads: number;
}

/** One line of the benchmark; names as scripts read them. */
export interface Measurement {
  readonly bench: "train-step" | "inference" | "matmul";
  readonly backend: string;
  readonly family: string;
  readonly tokens: number;
  readonly batch: number;
  readonly threads: number;
  readonly images_per_second_best: number | null;
  readonly images_per_second_median: number | null;
  /** 10⁹ floating-point operations a second, a multiply–add counted as two; of the median step, of the best product. */
  readonly gflops_rate: number;
  readonly fraction_of_matmul_rate: number;
  readonly peak_rss_bytes: number;
}

/** Steps before the clock counts. */
const WARM_UP = 3;

/** Best rate of square products of 1024. */
export function measureMatmul(settings: BenchSettings): Measurement {
  const gflops = matmulRate(1024, 1).best / 1e9;
  return measurement(settings, "matmul", { images_per_second_best: null, images_per_second_median: null, gflops_rate: gflops, fraction_of_matmul_rate: 1 });
}

/**
 * PST's training step as training runs it: draw a stitch uniformly, gradients, importance, AdamW.
 *
 * Operations are counted as two forward passes: with frozen weights the backward pass multiplies once for the inputs.
 */
export function measureTrainStep(settings: BenchSettings, matmulGflops: number): Measurement {
  return withModel(settings, (model, split) => {
    const stream = createRng(0).stream("bench");
    const state = createAdamWState();
    return timeSteps(settings, matmulGflops, "train-step", 4, model.family, () => {
      const stitchId = stream.integer(model.family.space.stitches.length);
      const batch = batchOf(split, randomIndices(split, settings.batch, stream.integer));
      const result = stitchGradients(model, stitchId, batch);
      importanceScore("trainable", model, stitchId, batch, result, () => 0);
      adamWStep(model.trainable, result.gradients, state, { learningRate: 1e-4, weightDecay: 1e-4 });
      disposeGradients(result);
      disposeBatch(batch);
      return stitchId;
    });
  });
}

/** Logits of a random stitch, low-rank updates merged. */
export function measureInference(settings: BenchSettings, matmulGflops: number): Measurement {
  return withModel(settings, (model, split) => {
    const stream = createRng(0).stream("bench");
    const merged = mergeModel(model);
    const line = timeSteps(settings, matmulGflops, "inference", 2, model.family, () => {
      const stitchId = stream.integer(model.family.space.stitches.length);
      const batch = batchOf(split, randomIndices(split, settings.batch, stream.integer));
      const logits = tf.tidy(() => modelLogits(merged, stitchId, batch.images));
      logits.dataSync();
      logits.dispose();
      disposeBatch(batch);
      return stitchId;
    });
    disposeMerged(merged);
    return line;
  });
}

function withModel(settings: BenchSettings, measure: (model: TunedModel, split: PreparedSplit) => Measurement): Measurement {
  const model = randomModel(settings);
  try {
    return measure(model, randomSplit(256));
  } finally {
    disposeModel(model);
  }
}

/** A family of random anchors and stitching layers under PST with the paper's rank. */
function randomModel({ widths, tokens }: BenchSettings): TunedModel {
  const rng = createRng(0);
  const configs = widths.map((width) => vitConfig({ width, depth: 12, heads: width / 16, imageSize: 32, patchSize: tokens === 65 ? 4 : 8, classes: 10 }));
  const family = stitchFamily(configs);
  const anchors = familyParameters(configs.map((config) => ({ parameters: randomParameters(vitModules(config), rng) })));
  const layers = Object.fromEntries(
    family.space.stitchingLayers.flatMap(({ stitchingLayerId, front, end }): [string, HostTensor][] => {
      const [inner, outer] = [configs[front]!.width, configs[end]!.width];
      const stream = rng.stream(`stitching/${stitchingLayerId}`);
      return [
        [`stitching_layers.${stitchingLayerId}.weight`, { shape: [outer, inner], data: Float32Array.from({ length: outer * inner }, () => stream.normal() / Math.sqrt(inner)) }],
        [`stitching_layers.${stitchingLayerId}.bias`, { shape: [outer], data: new Float32Array(outer) }],
      ];
    }),
  );
  return createTunedModel(family, { ...anchors, ...layers }, defaultPst, rng);
}

function randomSplit(count: number): PreparedSplit {
  const stream = createRng(0).stream("images");
  return { pixels: Float32Array.from({ length: count * 3 * 32 * 32 }, () => stream.normal()), labels: Int32Array.from({ length: count }, () => stream.integer(10)), count, imageSize: 32 };
}

function randomIndices({ count }: PreparedSplit, size: number, integer: (below: number) => number): number[] {
  return Array.from({ length: size }, () => integer(count));
}

/** Times steps; each answers with the stitch it ran, whose cost counts. @param operationsPerMac - floating-point operations for each multiply–accumulate of the forward pass. */
function timeSteps(settings: BenchSettings, matmulGflops: number, bench: Measurement["bench"], operationsPerMac: number, family: StitchFamily, step: () => number): Measurement {
  const { batch, steps } = settings;
  const imageRates: number[] = [];
  let operations = 0;
  let seconds = 0;
  for (let index = -WARM_UP; index < steps; index++) {
    const started = performance.now();
    const stitchId = step();
    const elapsed = (performance.now() - started) / 1000;
    if (index < 0) continue;
    // A cheap stitch is no faster engine: rates are those of a stitch of mean cost.
    const flops = family.costs[stitchId]!.flops;
    imageRates.push((batch / elapsed) * (flops / meanFlops(family)));
    operations += operationsPerMac * flops * batch;
    seconds += elapsed;
  }
  imageRates.sort((a, b) => b - a);
  const gflops = operations / seconds / 1e9;
  return measurement(settings, bench, {
    images_per_second_best: imageRates[0]!,
    images_per_second_median: imageRates[Math.floor(imageRates.length / 2)]!,
    gflops_rate: gflops,
    fraction_of_matmul_rate: gflops / matmulGflops,
  });
}

function meanFlops({ costs }: StitchFamily): number {
  return costs.reduce((sum, { flops }) => sum + flops, 0) / costs.length;
}

function measurement({ widths, tokens, batch, threads, backend }: BenchSettings, bench: Measurement["bench"], rates: Pick<Measurement, "images_per_second_best" | "images_per_second_median" | "gflops_rate" | "fraction_of_matmul_rate">): Measurement {
  // maxRSS is in kilobytes, whatever the platform.
  return { bench, backend, family: widths.join(","), tokens, batch, threads, ...rates, peak_rss_bytes: process.resourceUsage().maxRSS * 1024 };
}
