/**
 * @file Where an operation meets a backend's own kernel: a fused kernel when the current backend has one, else the composed definition.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Whether the current backend offers a kernel of this name. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Runs a kernel that has one output. Inputs that are undefined are left out. */
export function runFused(name: string, inputs: Record<string, tf.Tensor | undefined>, attributes: Record<string, number | string | boolean> = {}): tf.Tensor {
  const present: tf.NamedTensorMap = {};
  for (const key in inputs) {
    const input = inputs[key];
    if (input !== undefined) present[key] = input;
  }
  return tf.engine().runKernel(name, present, attributes);
}
