/**
 * @file Pretrains one anchor on upstream images, from random weights or on from earlier ones: full training of a plain vision transformer.
 */
import type { LoadedAnchor } from "../anchors/load-weights.js";
import { elements, isToken, weightName, type ModuleShape } from "../anchors/module-shape.js";
import { treeView, toHost, type HostTensor, type ParameterView } from "../anchors/parameters.js";
import { vitFeatures } from "../anchors/vit.js";
import { vitHeadShape, vitModules, type VitConfig } from "../anchors/vit-shape.js";
import { throwProblems, wholeNumberProblem } from "../checks.js";
import type { Normalisation } from "../datasets/dataset.js";
import { prefetchUpstream } from "../datasets/upstream-prefetch.js";
import type { UpstreamBatch, UpstreamSettings } from "../datasets/upstream.js";
import { createRng, type RandomStream, type Rng } from "../rng.js";
import { computedValues, linear, softmaxCrossEntropy, tf, type Variable } from "../tensor/index.js";
import { eachBatch, prepareSplit } from "./batches.js";
import { countCorrect } from "./evaluate.js";
import { valueAndGradients, type LossAndGradients } from "./gradients.js";
import type { Schedule } from "./schedule.js";
import { networkState, trainNetwork, variablesOf, type NetworkOptions } from "./train-network.js";

/** Settings of a pretraining run. */
export interface PretrainSettings {
  readonly steps: number;
  readonly batchSize: number;
  /** Peak learning rate; warm-up over 5 % of the steps, cosine to a hundredth of it. */
  readonly learningRate: number;
  /** Decoupled decay of matrices. */
  readonly weightDecay: number;
  /** Weight of the two auxiliary losses, where the object lies and how it is turned (our choice). */
  readonly poseWeight: number;
  readonly upstream: UpstreamSettings;
}

/** What the committed anchors were made with. */
export const defaultPretrain: Omit<PretrainSettings, "upstream"> = { steps: 32000, batchSize: 32, learningRate: 1e-3, weightDecay: 0.05, poseWeight: 1 };

export interface PretrainOptions extends Omit<NetworkOptions, "fingerprint"> {
  readonly seed: number;
  readonly normalisation: Normalisation;
  /** Weights to go on from, new heads upon them; random ones unless told. */
  readonly start?: Pick<LoadedAnchor, "parameters" | "sha256">;
  /** Held-out images that the accuracies are measured on; 4,000 by default. */
  readonly validationImages?: number;
}

export interface PretrainResult {
  /** timm names; `head.*` has one row per upstream class. */
  readonly parameters: Readonly<Record<string, HostTensor>>;
  readonly upstreamClasses: number;
  /** Held-out top-1 over formula-driven classes, and over photographs where there were any, 0–1. */
  readonly formulaTop1: number;
  readonly photographTop1: number | null;
  readonly seconds: number;
  readonly stepsDone: number;
}

/** Pose labels with one class more for images whose pose means nothing. */
const poseClasses = 17;

/**
 * Trains an anchor from random weights, or goes on from those of `options.start`: every part but the heads, a schedule of its own.
 *
 * Loss: cross-entropy over formula-driven and photograph classes, plus `poseWeight` times that of two auxiliary heads, which
 * are thrown away afterwards (our choice). Starts: see {@link randomParameters}.
 *
 * @throws {UsageError} when a setting is wrong or the loss is not a number.
 */
export async function pretrain(config: VitConfig, settings: PretrainSettings, options: PretrainOptions): Promise<PretrainResult> {
  throwProblems([...wholeNumberProblem("pretrain", "steps", settings.steps, 1, Infinity), ...wholeNumberProblem("pretrain", "batchSize", settings.batchSize, 1, Infinity)]);
  const { seed, start, validationImages = 4000, normalisation } = options;
  const started = performance.now();
  const run = { ...options, fingerprint: JSON.stringify([config, settings, seed, start?.sha256]) };
  const opened = await prefetchUpstream(settings.upstream, { size: settings.batchSize, workers: 0 });
  const upstream = opened.upstream;
  await opened.close();
  const upstreamConfig = { ...config, classes: upstream.classes };
  const trainable = startParameters(upstreamConfig, start?.parameters ?? {}, createRng(seed));
  const state = networkState(trainable, run);
  const source = await prefetchUpstream(settings.upstream, { size: settings.batchSize, firstStep: state.step, workers: 1 });
  const schedule: Schedule = { length: settings.steps, warmup: Math.ceil(0.05 * settings.steps), base: settings.learningRate, warmupStart: 1e-6, minimum: settings.learningRate / 100 };
  try {
    const gradients = (): LossAndGradients => upstreamGradients(upstreamConfig, trainable, source.next(), settings.poseWeight, normalisation);
    await trainNetwork("pretrain", trainable, state, gradients, { steps: settings.steps, schedule, weightDecay: settings.weightDecay }, run);
  } finally {
    await source.close();
  }
  const view = treeView(trainable);
  const accuracy = upstreamAccuracy(upstreamConfig, view, upstream.validation(validationImages), upstream.formulaClasses, normalisation);
  const parameters = toHost(Object.fromEntries(Object.entries(trainable).filter(([name]) => !name.startsWith("pose."))));
  for (const variable of Object.values(trainable)) variable.dispose();
  return { parameters, upstreamClasses: upstream.classes, ...accuracy, seconds: (performance.now() - started) / 1000, stepsDone: state.step };
}

/**
 * Random weights of an anchor: matrices from a truncated normal of deviation 1/√in, tokens of 0.02, biases 0, gains 1.
 *
 * A stream is named after its tensor alone: anchors that start from one seed share random numbers, a narrow one's tensor the first of a wide one's.
 *
 * Differs: timm draws matrices with deviation 0.02, which suits widths of several hundred and holds narrow models up (measured).
 */
export function randomParameters(modules: readonly ModuleShape[], rng: Rng): Record<string, HostTensor> {
  const values: Record<string, HostTensor> = {};
  for (const module of modules) {
    const name = weightName(module);
    const data = new Float32Array(elements(module.weight));
    const isNorm = module.role === "norm" || module.role === "final-norm";
    const deviation = isToken(module) ? 0.02 : 1 / Math.sqrt(data.length / module.weight[0]!);
    const stream = rng.stream(`init/${name}`);
    values[name] = { shape: module.weight, data: isNorm ? data.fill(1) : data.map(() => deviation * truncatedNormal(stream)) };
    if (!isToken(module)) values[`${module.name}.bias`] = { shape: [module.bias], data: new Float32Array(module.bias) };
  }
  return values;
}

/** Standard normal, redrawn outside two deviations. */
function truncatedNormal(stream: RandomStream): number {
  let drawn = stream.normal();
  while (Math.abs(drawn) > 2) drawn = stream.normal();
  return drawn;
}

function startParameters(config: VitConfig, earlier: LoadedAnchor["parameters"], rng: Rng): Record<string, Variable> {
  const pose = ["pose.location", "pose.orientation"].map((name): ModuleShape => ({ ...vitHeadShape({ ...config, classes: poseClasses }).modules[0]!, name }));
  const body = Object.fromEntries(Object.entries(earlier).filter(([name]) => !name.startsWith("head.")));
  return variablesOf({ ...randomParameters([...vitModules(config), ...pose], rng), ...body });
}

function upstreamGradients(config: VitConfig, trainable: Readonly<Record<string, Variable>>, { images, labels, location, orientation }: UpstreamBatch, poseWeight: number, normalisation: Normalisation): LossAndGradients {
  const view = treeView(trainable);
  const prepared = prepareSplit({ images, labels, count: labels.length }, config.imageSize, normalisation);
  return tf.tidy(() => {
    const batch = tf.tensor(prepared.pixels, [labels.length, 3, config.imageSize, config.imageSize], "float32");
    const targets = [labels, location, orientation].map((values) => tf.tensor(values.map((value) => (value < 0 ? poseClasses - 1 : value)), [labels.length], "int32"));
    return valueAndGradients(() => {
      const features = vitFeatures(config, view, batch);
      const losses = ["head", "pose.location", "pose.orientation"].map((head, index) => softmaxCrossEntropy(linear(features, view.get(`${head}.weight`), view.get(`${head}.bias`)), targets[index]!));
      return tf.add(losses[0]!, tf.mul(tf.add(losses[1]!, losses[2]!), poseWeight));
    }, trainable);
  });
}

function upstreamAccuracy(config: VitConfig, view: ParameterView, { images, labels }: UpstreamBatch, formulaClasses: number, normalisation: Normalisation): Pick<PretrainResult, "formulaTop1" | "photographTop1"> {
  const split = prepareSplit({ images, labels, count: labels.length }, config.imageSize, normalisation);
  const isFormula = (label: number): boolean => label < formulaClasses;
  const correct = { formula: 0, photograph: 0 };
  for (const batch of eachBatch(split, 200)) {
    const logits = computedValues(() => linear(vitFeatures(config, view, batch.images), view.get("head.weight"), view.get("head.bias")));
    const batchLabels = batch.labels.dataSync();
    correct.formula += countCorrect(logits, batchLabels, isFormula);
    correct.photograph += countCorrect(logits, batchLabels, (label) => !isFormula(label));
  }
  const formulaCount = labels.filter(isFormula).length;
  const photographCount = labels.length - formulaCount;
  return { formulaTop1: correct.formula / formulaCount, photographTop1: photographCount === 0 ? null : correct.photograph / photographCount };
}
