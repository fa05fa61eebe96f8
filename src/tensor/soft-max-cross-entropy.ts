/**
 * @file Mean cross-entropy of logits against whole-number labels.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { hasKernel, runFused } from "./fused.js";
import { expectRank, expectShape } from "./shape-check.js";

/**
 * Returns the mean over the batch of `−log softmax(logits)[label]`.
 *
 * @param logits - shape `[B, C]`.
 * @param labels - shape `[B]`, int32, each from 0 to C − 1.
 * @returns a scalar; only the logits get a gradient.
 * @throws {UsageError} when a label is not one of the C classes.
 */
export function softmaxCrossEntropy(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  expectRank("softmaxCrossEntropy", "logits", logits.shape, 2, "[B, C]");
  const [batch, classes] = logits.shape as [number, number];
  expectShape("softmaxCrossEntropy", "labels", labels.shape, [batch], `logits are [${batch}, ${classes}]`);
  if (labels.dtype !== "int32") throw new UsageError(`softmaxCrossEntropy: labels are ${labels.dtype}, expected int32.`);
  checkLabels(labels, classes);
  if (!hasKernel("EstaSoftmaxCrossEntropy")) return softmaxCrossEntropyComposed(logits, labels);
  return runFused("EstaSoftmaxCrossEntropy", { logits, labels });
}

/** The definition of {@link softmaxCrossEntropy} in TensorFlow.js operations. */
export function softmaxCrossEntropyComposed(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  const [batch, classes] = logits.shape as [number, number];
  return tf.tidy(() => {
    const chosen = tf.oneHot(labels as tf.Tensor1D, classes);
    return tf.mul(tf.sum(tf.mul(tf.logSoftmax(logits), chosen)), -1 / batch);
  });
}

/** A label outside the classes would silently count as a loss of 0, so the labels are read (B numbers). */
function checkLabels(labels: tf.Tensor, classes: number): void {
  const values = labels.dataSync();
  for (let row = 0; row < values.length; row++) {
    const label = values[row]!;
    if (label < 0 || label >= classes) {
      throw new UsageError(`softmaxCrossEntropy: label ${label} of row ${row} is not one of ${classes} classes, expected 0 to ${classes - 1}.`);
    }
  }
}
