/**
 * @file How good frozen features are: a logistic regression on an anchor's class token.
 */
import type { LoadedAnchor } from "../anchors/load-weights.js";
import { disposeTree, toHost, toTree, treeView, type HostTensor } from "../anchors/parameters.js";
import { vitFeatures } from "../anchors/vit.js";
import { adamWStep, computedValues, createAdamWState, linear, softmaxCrossEntropy, tf } from "../tensor/index.js";
import { eachBatch, type PreparedSplit } from "./batches.js";
import { countCorrect } from "./evaluate.js";
import { disposeGradients, valueAndGradients } from "./gradients.js";
import { variablesOf } from "./train-network.js";

/** Class-token features of a split, `[count, D]`, row-major. */
export function extractFeatures({ config, parameters }: Pick<LoadedAnchor, "config" | "parameters">, split: PreparedSplit): Float32Array {
  const tree = toTree(parameters);
  const features = new Float32Array(split.count * config.width);
  let written = 0;
  for (const { images } of eachBatch(split, 100)) {
    const values = computedValues(() => vitFeatures(config, treeView(tree), images));
    features.set(values, written);
    written += values.length;
  }
  disposeTree(tree);
  return features;
}

/** A linear classifier. */
export interface Probe {
  /** `[classes, D]`. */
  readonly weight: HostTensor;
  /** `[classes]`. */
  readonly bias: HostTensor;
}

/**
 * A linear classifier on an anchor's frozen features.
 *
 * Starts at zero on standardised features and takes full-batch AdamW steps at learning rate 0.01 with weight decay 0.01 (our choice).
 */
export function fitProbe(anchor: Pick<LoadedAnchor, "config" | "parameters">, split: PreparedSplit, classes: number, steps = 300): Probe {
  const { width } = anchor.config;
  const features = extractFeatures(anchor, split);
  const scales = columnScales(features, width);
  const standardised = features.map((value, at) => (value - scales.mean[at % width]!) / scales.deviation[at % width]!);
  const classifier = variablesOf({ weight: { shape: [classes, width], data: new Float32Array(classes * width) }, bias: { shape: [classes], data: new Float32Array(classes) } });
  tf.tidy(() => {
    const x = tf.tensor(standardised, [split.count, width], "float32");
    const labels = tf.tensor(split.labels, [split.count], "int32");
    const state = createAdamWState();
    for (let step = 0; step < steps; step++) {
      const result = valueAndGradients(() => softmaxCrossEntropy(linear(x, classifier["weight"]!, classifier["bias"]), labels), classifier);
      adamWStep(classifier, result.gradients, state, { learningRate: 0.01, weightDecay: 0.01 });
      disposeGradients(result);
    }
  });
  const { weight, bias } = toHost(classifier);
  for (const variable of Object.values(classifier)) variable.dispose();
  return onFeatures(weight!.data, bias!.data, scales);
}

/** Test accuracy, 0–1, of {@link fitProbe} on the training split. */
export function linearProbe(anchor: Pick<LoadedAnchor, "config" | "parameters">, trainSplit: PreparedSplit, testSplit: PreparedSplit, classes: number): number {
  const { weight, bias } = fitProbe(anchor, trainSplit, classes);
  const features = extractFeatures(anchor, testSplit);
  const logits = computedValues(() => linear(tf.tensor(features, [testSplit.count, anchor.config.width], "float32"), tf.tensor(weight.data, [...weight.shape], "float32"), tf.tensor(bias.data, [...bias.shape], "float32")));
  return countCorrect(logits, testSplit.labels) / testSplit.count;
}

interface ColumnScales {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** Mean and deviation of every feature. */
function columnScales(values: Float32Array, width: number): ColumnScales {
  const rows = values.length / width;
  const mean = new Float64Array(width);
  const square = new Float64Array(width);
  for (let at = 0; at < values.length; at++) {
    mean[at % width]! += values[at]! / rows;
    square[at % width]! += values[at]! ** 2 / rows;
  }
  return { mean, deviation: square.map((sum, column) => Math.sqrt(Math.max(sum - mean[column]! ** 2, 0)) + 1e-6) };
}

/** The classifier that gives on features what this one gives on standardised features. */
function onFeatures(weight: Float32Array, bias: Float32Array, { mean, deviation }: ColumnScales): Probe {
  const width = mean.length;
  const scaled = weight.map((value, at) => value / deviation[at % width]!);
  const shifted = bias.map((value, row) => value - mean.reduce((sum, middle, column) => sum + middle * scaled[row * width + column]!, 0));
  return { weight: { shape: [bias.length, width], data: scaled }, bias: { shape: [bias.length], data: shifted } };
}
