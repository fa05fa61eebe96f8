/**
 * @file Matrix products as the composed definitions and gradients call them.
 */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Multiplies two matrices, or batches of them, each optionally transposed.
 *
 * The WebAssembly kernel is ten times slower on transposed arguments than on a transposed copy, so there the copy is made.
 */
export function matrixProduct(a: tf.Tensor, b: tf.Tensor, turnA: boolean, turnB: boolean): tf.Tensor {
  if (tf.getBackend() !== "wasm") return tf.matMul(a, b, turnA, turnB);
  return tf.tidy(() => tf.matMul(turnA ? turned(a) : a, turnB ? turned(b) : b));
}

function turned(matrices: tf.Tensor): tf.Tensor {
  const axes = matrices.shape.map((_, axis) => axis);
  return tf.transpose(matrices, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}
