/**
 * @file The linear layer, with its bias and low-rank update folded into one operation.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused } from "./fused.js";
import { matrixProduct } from "./matrix-product.js";
import { expectRank, expectShape, lastAxis } from "./shape-check.js";

/** A low-rank update of a weight `[out, in]`: the weight becomes `W + scaling · loraB · loraA`. */
export interface LoraFactors {
  /** A, shape `[r, in]`. */
  readonly loraA: tf.Tensor;
  /** B, shape `[out, r]`. */
  readonly loraB: tf.Tensor;
  /** alpha / r. */
  readonly scaling: number;
}

/**
 * Applies a linear layer: `y = x·Wᵀ + b + scaling·(x·Aᵀ)·Bᵀ`.
 *
 * @param x - shape `[..., in]`.
 * @param weight - W, shape `[out, in]` as PyTorch stores it.
 * @param bias - b, shape `[out]`, or none.
 * @param lora - low-rank update of the weight, or none.
 * @returns shape `[..., out]`.
 * @throws {UsageError} when widths do not agree.
 */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor, lora?: LoraFactors): tf.Tensor {
  checkLinear(x, weight, bias, lora);
  if (!hasKernel("EstaLinear")) return linearComposed(x, weight, bias, lora);
  if (lora === undefined) return runFused("EstaLinear", { x, weight, bias }, { scaling: 0 });
  return runFused("EstaLoraLinear", { x, weight, bias, loraA: lora.loraA, loraB: lora.loraB }, { scaling: lora.scaling });
}

/** The definition of {@link linear} in TensorFlow.js operations. */
export function linearComposed(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor, lora?: LoraFactors): tf.Tensor {
  const [out, width] = weight.shape as [number, number];
  return tf.tidy(() => {
    const rows = tf.reshape(x, [rowCount(x), width]);
    let y = matrixProduct(rows, weight, false, true);
    if (lora !== undefined) {
      const low = matrixProduct(rows, lora.loraA, false, true);
      y = tf.add(y, tf.mul(matrixProduct(low, lora.loraB, false, true), lora.scaling));
    }
    if (bias !== undefined) y = tf.add(y, bias);
    return tf.reshape(y, [...x.shape.slice(0, -1), out]);
  });
}

function rowCount(x: tf.Tensor): number {
  return x.shape.slice(0, -1).reduce((total, size) => total * size, 1);
}

function checkLinear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | undefined, lora: LoraFactors | undefined): void {
  expectRank("linear", "weight", weight.shape, 2, "[out, in]");
  const [out, width] = weight.shape as [number, number];
  const found = lastAxis("linear", "x", x.shape);
  if (found !== width) expectShape("linear", "x", x.shape, [...x.shape.slice(0, -1), width], `weight is [${out}, ${width}]`);
  if (bias !== undefined) expectShape("linear", "bias", bias.shape, [out], `weight is [${out}, ${width}]`);
  if (lora === undefined) return;
  const rank = lora.loraA.shape[0] ?? 0;
  expectShape("linear", "loraA", lora.loraA.shape, [rank, width], `weight is [${out}, ${width}]`);
  expectShape("linear", "loraB", lora.loraB.shape, [out, rank], `weight is [${out}, ${width}], loraA has rank ${rank}`);
}
