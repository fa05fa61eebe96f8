/**
 * @file Times the kit's own hot paths on random weights and random images.
 */
import type { AnchorConfig } from "../anchors/anchor.js";
import { familyParameters } from "../anchors/load-weights.js";
import type { HostTensor } from "../anchors/parameters.js";
import { biasName, elements, weightName, type ModuleShape } from "../anchors/module-shape.js";
import { vitConfig, vitModules } from "../anchors/vit-shape.js";
import { createRng, type Rng } from "../rng.js";
import { stitchFamily, type StitchFamily } from "../stitching/family.js";
import { adamWStep, createAdamWState, tf } from "../tensor/index.js";
import type { PreparedSplit } from "../training/batches.js";
import { batchOf, disposeBatch } from "../training/batches.js";
import { disposeGradients, importanceScore, stitchGradients } from "../training/gradients.js";
import { disposeMerged, mergeModel } from "../tuning/merge.js";
import { defaultPst } from "../tuning/method.js";
import { createTunedModel, disposeModel, modelLogits, type TunedModel } from "../tuning/tuned-model.js";
import { processorSeconds } from "../experiments/processor-seconds.js";
import { matmulRate } from "./matmul-rate.js";
import { median } from "./median.js";
import { peakMemoryBytes } from "../experiments/peak-memory.js";

/** What is measured. */
export interface BenchSettings {
  /** Widths of the anchors; 16 features a head, at 197 tokens 64. */
  readonly widths: readonly number[];
  /** A key of {@link benchImages}. */
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
  /** Median processor time of all threads, in milliseconds: what other programs on the machine change least. With several threads it holds their waiting. */
  readonly cpu_ms_per_image: number | null;
  /** 10⁹ floating-point operations a second, a multiply–add counted as two; of the median step, of the best product. */
  readonly gflops_rate: number;
  readonly fraction_of_matmul_rate: number;
  /** Median processor time of the last tenth of the steps over that of the first; null under a hundred steps. */
  readonly late_over_early: number | null;
  readonly peak_rss_bytes: number;
}

/** Steps before the clock counts. */
export const WARM_UP = 3;

/** Images by their number of tokens: pixels on a side, of the image and of a patch, and features of an attention head. */
export const benchImages: Readonly<Record<number, { readonly imageSize: number; readonly patchSize: number; readonly headWidth: number }>> = {
  17: { imageSize: 32, patchSize: 8, headWidth: 16 },
  65: { imageSize: 32, patchSize: 4, headWidth: 16 },
  197: { imageSize: 224, patchSize: 16, headWidth: 64 },
};

/** Stitch of every step, the untimed ones included: drawn uniformly, the same for every engine. */
export function benchStitches({ steps }: Pick<BenchSettings, "steps">, stitches: number): number[] {
  const stream = createRng(0).stream("stitches");
  return Array.from({ length: WARM_UP + steps }, () => stream.integer(stitches));
}

/** Best rate of square products of 1024. */
export function measureMatmul(settings: BenchSettings): Measurement {
  const gflops = matmulRate(1024, 1).best / 1e9;
  return measurement(settings, "matmul", { images_per_second_best: null, images_per_second_median: null, cpu_ms_per_image: null, gflops_rate: gflops, fraction_of_matmul_rate: 1, late_over_early: null });
}

/**
 * PST's training step as training runs it: draw a stitch uniformly, gradients, importance, AdamW.
 *
 * Operations are counted as two forward passes: with frozen weights the backward pass multiplies once for the inputs.
 */
export function measureTrainStep(settings: BenchSettings, matmulGflops: number): Measurement {
  return withTrainStep(settings, (family, step) => timeSteps(settings, matmulGflops, "train-step", 4, family, step));
}

/** Hands a training step of a given stitch to `measure`. */
export function withTrainStep<T>(settings: BenchSettings, measure: (family: StitchFamily, step: (stitchId: number) => void) => T): T {
  return withModel(settings, (model, split) => {
    const stream = createRng(0).stream("bench");
    const state = createAdamWState();
    return measure(model.family, (stitchId) => {
      const batch = batchOf(split, randomIndices(split, settings.batch, stream.integer));
      const result = stitchGradients(model, stitchId, batch);
      importanceScore("trainable", model, stitchId, batch, result, () => 0);
      adamWStep(model.trainable, result.gradients, state, { learningRate: 1e-4, weightDecay: 1e-4 });
      disposeGradients(result);
      disposeBatch(batch);
    });
  });
}

/** Logits of a random stitch, low-rank updates merged. */
export function measureInference(settings: BenchSettings, matmulGflops: number): Measurement {
  return withModel(settings, (model, split) => {
    const stream = createRng(0).stream("bench");
    const merged = mergeModel(model, { replace: true });
    const line = timeSteps(settings, matmulGflops, "inference", 2, model.family, (stitchId) => {
      const batch = batchOf(split, randomIndices(split, settings.batch, stream.integer));
      const logits = tf.tidy(() => modelLogits(merged, stitchId, batch.images));
      logits.dataSync();
      logits.dispose();
      disposeBatch(batch);
    });
    disposeMerged(merged);
    return line;
  });
}

function withModel<T>(settings: BenchSettings, measure: (model: TunedModel, split: PreparedSplit) => T): T {
  const model = benchModel(settings);
  try {
    return measure(model, benchSplit(settings, 64));
  } finally {
    disposeModel(model);
  }
}

/** A family of random anchors and stitching layers under PST with the paper's rank. Weights are drawn one at a time, so that memory holds them once. */
export function benchModel({ widths, tokens }: Pick<BenchSettings, "widths" | "tokens">): TunedModel {
  const { headWidth, ...image } = benchImages[tokens]!;
  return randomModel(stitchFamily(widths.map((width) => vitConfig({ width, depth: 12, heads: width / headWidth, ...image, classes: 10 }))), vitModules);
}

/** Any family with random values, as {@link benchModel}. @param modulesOf - the modules of an anchor. */
export function randomModel<Config extends AnchorConfig>(family: StitchFamily<Config>, modulesOf: (config: Config) => readonly ModuleShape[]): TunedModel<Config> {
  const rng = createRng(0);
  const { configs } = family;
  const anchors = familyParameters(configs.map((config) => ({ parameters: randomValues(modulesOf(config), rng) })));
  const layers = Object.fromEntries(
    family.space.stitchingLayers.flatMap(({ stitchingLayerId, front, end }) => {
      const weight = [configs[end]!.width, configs[front]!.width];
      return Object.entries(randomValues([{ name: `stitching_layers.${stitchingLayerId}`, role: "stitching-layer", weight, bias: weight[0]! }], rng));
    }),
  );
  return createTunedModel(family, { ...anchors, ...layers }, defaultPst, rng);
}

/** Values drawn when they are read: gains one, biases zero, weights uniform with deviation 1/√in. */
function randomValues(modules: readonly ModuleShape[], rng: Rng): Record<string, HostTensor> {
  const values: Record<string, HostTensor> = {};
  for (const module of modules) {
    const size = elements(module.weight);
    const bound = Math.sqrt(3 / (size / module.weight[0]!));
    values[weightName(module)] = {
      shape: module.weight,
      get data() {
        if (module.role === "norm" || module.role === "final-norm") return new Float32Array(size).fill(1);
        const stream = rng.stream(`init/${module.name}`);
        return Float32Array.from({ length: size }, () => bound * (2 * stream.uniform() - 1));
      },
    };
    if (module.bias > 0) values[biasName(module)] = { shape: [module.bias], data: new Float32Array(module.bias) };
  }
  return values;
}

/** Random images with random labels. */
export function benchSplit({ tokens }: Pick<BenchSettings, "tokens">, count: number): PreparedSplit {
  const { imageSize } = benchImages[tokens]!;
  const stream = createRng(0).stream("images");
  const pixels = Float32Array.from({ length: count * 3 * imageSize ** 2 }, () => 2 * stream.uniform() - 1);
  return { pixels, labels: Int32Array.from({ length: count }, () => stream.integer(10)), count, imageSize };
}

function randomIndices({ count }: PreparedSplit, size: number, integer: (below: number) => number): number[] {
  return Array.from({ length: size }, () => integer(count));
}

/** Times steps on the stitches of {@link benchStitches}, whose costs count. @param operationsPerMac - floating-point operations for each multiply–accumulate of the forward pass. */
function timeSteps(settings: BenchSettings, matmulGflops: number, bench: Measurement["bench"], operationsPerMac: number, family: StitchFamily, step: (stitchId: number) => void): Measurement {
  const { batch } = settings;
  const imageRates: number[] = [];
  const cpuTimes: number[] = [];
  let operations = 0;
  let seconds = 0;
  // Every anchor once: an engine prepares for a shape when it first meets it.
  for (let anchor = 0; anchor < family.configs.length; anchor++) step(anchor);
  for (const [index, stitchId] of benchStitches(settings, family.routes.length).entries()) {
    const cpuStarted = process.cpuUsage();
    const started = performance.now();
    step(stitchId);
    const elapsed = (performance.now() - started) / 1000;
    const cpuMilliseconds = 1000 * processorSeconds(cpuStarted);
    if (index < WARM_UP) continue;
    // A cheap stitch is no faster engine: rates are those of a stitch of mean cost.
    const flops = family.costs[stitchId]!.flops;
    const relativeCost = flops / meanFlops(family);
    imageRates.push((batch / elapsed) * relativeCost);
    cpuTimes.push(cpuMilliseconds / batch / relativeCost);
    operations += operationsPerMac * flops * batch;
    seconds += elapsed;
  }
  const tenth = Math.floor(cpuTimes.length / 10);
  const lateOverEarly = tenth < 10 ? null : median(cpuTimes.slice(-tenth)) / median(cpuTimes.slice(0, tenth));
  imageRates.sort((a, b) => b - a);
  const gflops = operations / seconds / 1e9;
  return measurement(settings, bench, {
    images_per_second_best: imageRates[0]!,
    images_per_second_median: imageRates[Math.floor(imageRates.length / 2)]!,
    cpu_ms_per_image: median(cpuTimes),
    gflops_rate: gflops,
    fraction_of_matmul_rate: gflops / matmulGflops,
    late_over_early: lateOverEarly,
  });
}

function meanFlops({ costs }: StitchFamily): number {
  return costs.reduce((sum, { flops }) => sum + flops, 0) / costs.length;
}

function measurement({ widths, tokens, batch, threads, backend }: BenchSettings, bench: Measurement["bench"], rates: Pick<Measurement, "images_per_second_best" | "images_per_second_median" | "cpu_ms_per_image" | "gflops_rate" | "fraction_of_matmul_rate" | "late_over_early">): Measurement {
  return { bench, backend, family: widths.join(","), tokens, batch, threads, ...rates, peak_rss_bytes: peakMemoryBytes() };
}
