/**
 * @file Mean cross-entropy of the next token over a vocabulary, straight from the features, without all logits at once.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { hasKernel, runFused } from "./fused.js";
import { linear } from "./linear.js";
import { matrixProduct } from "./matrix-product.js";
import { expectRank, expectShape } from "./shape-check.js";

/** Label of a row that does not count. */
export const NO_LABEL = -1;

/** Logits in memory at once, about 8 MB of float32. */
const LOGITS_AT_ONCE = 1 << 21;

/** What of {@link tokenCrossEntropy} will be differentiated by. */
export type MovingOperands = "features" | "features and weight";

/**
 * Returns the mean of `−log softmax(x·Wᵀ)[label]` over the rows that have a label.
 *
 * Rows without a label are never multiplied, the others in portions of some two million logits. The gradients of a portion are
 * taken while its logits are there, so the way back multiplies nothing.
 *
 * @param features - x, shape `[R, D]`.
 * @param weight - W, shape `[V, D]`.
 * @param labels - length R, each from 0 to V − 1, or {@link NO_LABEL}.
 * @param moving - whether the weight gets a gradient too; with `"features"` (the default) it has none.
 * @returns a scalar.
 * @throws {UsageError} when a label is not in the vocabulary or no row has one.
 */
export function tokenCrossEntropy(features: tf.Tensor, weight: tf.Tensor, labels: Int32Array, moving: MovingOperands = "features"): tf.Tensor {
  expectRank("tokenCrossEntropy", "features", features.shape, 2, "[R, D]");
  const [rows, width] = features.shape as [number, number];
  expectRank("tokenCrossEntropy", "weight", weight.shape, 2, "[V, D]");
  const vocabulary = weight.shape[0]!;
  expectShape("tokenCrossEntropy", "weight", weight.shape, [vocabulary, width], `features have width ${width}`);
  expectShape("tokenCrossEntropy", "labels", [labels.length], [rows], `features are [${rows}, ${width}]`);
  const counted = countedRows(labels, vocabulary);
  const withWeight = moving === "features and weight";
  const loss = tf.customGrad((...operands) => {
    const [x, w, save] = (withWeight ? operands : [operands[0], weight, operands[1]]) as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const { value, slopes } = lossAndGradients(x, w, labels, counted, withWeight);
    save(slopes);
    return { value, gradFunc: (dy, saved) => saved.map((slope) => tf.mul(slope, dy as tf.Tensor)) };
  });
  return withWeight ? loss(features, weight) : loss(features);
}

function countedRows(labels: Int32Array, vocabulary: number): Int32Array {
  labels.forEach((label, row) => {
    if (label !== NO_LABEL && !(label >= 0 && label < vocabulary)) {
      throw new UsageError(`tokenCrossEntropy: label ${label} of row ${row} is not a token, expected 0 to ${vocabulary - 1}, or ${NO_LABEL} where nothing counts.`);
    }
  });
  const counted = Int32Array.from([...labels.keys()].filter((row) => labels[row] !== NO_LABEL));
  if (counted.length === 0) throw new UsageError("tokenCrossEntropy: no row has a label, expected at least one token of a response. Check the mask and the length of the context.");
  return counted;
}

/** The loss and its gradients: by the features, and by the weight where asked. */
function lossAndGradients(x: tf.Tensor, weight: tf.Tensor, labels: Int32Array, counted: Int32Array, withWeight: boolean): { value: tf.Tensor; slopes: tf.Tensor[] } {
  const [rows, width] = x.shape as [number, number];
  const vocabulary = weight.shape[0]!;
  const portion = Math.max(1, Math.floor(LOGITS_AT_ONCE / vocabulary));
  const losses: tf.Tensor[] = [];
  const slopes: tf.Tensor[] = [];
  let dw: tf.Tensor | undefined;
  const chosen = tf.gather(x, tf.tensor1d(counted, "int32"));
  for (let start = 0; start < counted.length; start += portion) {
    const size = Math.min(portion, counted.length - start);
    const wanted = counted.subarray(start, start + size).map((row) => labels[row]!);
    const [loss, slope, weightSlope] = tf.tidy((): [tf.Tensor, tf.Tensor, tf.Tensor] | [tf.Tensor, tf.Tensor] => {
      const part = tf.slice(chosen, [start, 0], [size, width]);
      const { loss: portionLoss, dLogits } = lossOfLogits(linear(part, weight), tf.tensor1d(wanted, "int32"), 1 / counted.length);
      const dPart = hasKernel("EstaLinearGradientX") ? runFused("EstaLinearGradientX", { dy: dLogits, weight }, { scaling: 0 }) : tf.matMul(dLogits, weight);
      if (!withWeight) return [portionLoss, dPart];
      const own = matrixProduct(dLogits, part, true, false);
      return [portionLoss, dPart, dw === undefined ? own : tf.add(dw, own)];
    });
    losses.push(loss);
    slopes.push(slope);
    if (weightSlope !== undefined) {
      dw?.dispose();
      dw = weightSlope;
    }
  }
  const places = tf.tensor2d(counted, [counted.length, 1], "int32");
  const dx = tf.scatterND(places, tf.concat(slopes, 0), [rows, width]);
  return { value: tf.addN(losses), slopes: dw === undefined ? [dx] : [dx, dw] };
}

/** The rows' cross-entropies, added up and times `scale`, and the gradient of that by the logits. */
function lossOfLogits(logits: tf.Tensor, labels: tf.Tensor1D, scale: number): { loss: tf.Tensor; dLogits: tf.Tensor } {
  if (hasKernel("EstaTokenLoss")) {
    const [loss, dLogits] = tf.engine().runKernel("EstaTokenLoss", { logits, labels }, { scale }) as unknown as [tf.Tensor, tf.Tensor];
    return { loss, dLogits };
  }
  const logProbabilities = tf.logSoftmax(logits);
  const hot = tf.cast(tf.oneHot(labels, logits.shape[1]!), "float32");
  return { loss: tf.mul(tf.sum(tf.mul(logProbabilities, hot)), -scale), dLogits: tf.mul(tf.sub(tf.exp(logProbabilities), hot), scale) };
}
