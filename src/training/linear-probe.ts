/**
 * @file How good frozen features are: a logistic regression on an anchor's class token.
 */
import type { LoadedAnchor } from "../anchors/load-weights.js";
import { disposeTree, toTree, treeView } from "../anchors/parameters.js";
import { vitFeatures } from "../anchors/vit.js";
import { adamWStep, computedValues, createAdamWState, linear, softmaxCrossEntropy, tf } from "../tensor/index.js";
import { eachBatch, type PreparedSplit } from "./batches.js";
import { countCorrect } from "./evaluate.js";
import { disposeGradients, valueAndGradients } from "./gradients.js";

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

/**
 * Test accuracy, 0–1, of a linear classifier on frozen features.
 *
 * Features are standardised by the training split; the classifier starts at zero and takes 300 full-batch AdamW steps at
 * learning rate 0.01 with weight decay 0.01 (our choice).
 */
export function linearProbe(anchor: Pick<LoadedAnchor, "config" | "parameters">, trainSplit: PreparedSplit, testSplit: PreparedSplit, classes: number): number {
  const { width } = anchor.config;
  const train = extractFeatures(anchor, trainSplit);
  const test = extractFeatures(anchor, testSplit);
  standardise(train, test, width);
  return tf.tidy(() => {
    const x = tf.tensor(train, [trainSplit.count, width], "float32");
    const labels = tf.tensor(trainSplit.labels, [trainSplit.count], "int32");
    const classifier = { weight: tf.variable(tf.zeros([classes, width])), bias: tf.variable(tf.zeros([classes])) };
    const state = createAdamWState();
    for (let step = 0; step < 300; step++) {
      const result = valueAndGradients(() => softmaxCrossEntropy(linear(x, classifier.weight, classifier.bias), labels), classifier);
      adamWStep(classifier, result.gradients, state, { learningRate: 0.01, weightDecay: 0.01 });
      disposeGradients(result);
    }
    const logits = linear(tf.tensor(test, [testSplit.count, width], "float32"), classifier.weight, classifier.bias).dataSync() as Float32Array;
    for (const variable of Object.values(classifier)) variable.dispose();
    return countCorrect(logits, testSplit.labels) / testSplit.count;
  });
}

/** Brings every column of the training features to mean 0 and deviation 1, and the test features by the same map. */
function standardise(train: Float32Array, test: Float32Array, width: number): void {
  const rows = train.length / width;
  for (let column = 0; column < width; column++) {
    let mean = 0;
    let square = 0;
    for (let row = 0; row < rows; row++) {
      const value = train[row * width + column]!;
      mean += value / rows;
      square += (value * value) / rows;
    }
    const deviation = Math.sqrt(Math.max(square - mean * mean, 0)) + 1e-6;
    for (const values of [train, test]) for (let at = column; at < values.length; at += width) values[at] = (values[at]! - mean) / deviation;
  }
}
