/**
 * @file The gate of SwiGLU: one branch opens the other.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused } from "./fused.js";
import { expectShape } from "./shape-check.js";

/**
 * Multiplies `up` by the SiLU of `gate`: `gate·σ(gate)·up`, element by element.
 *
 * @returns the shape of `gate`.
 * @throws {UsageError} when the shapes differ.
 *
 * Source: Shazeer, GLU Variants Improve Transformer, 2020.
 */
export function siluGate(gate: tf.Tensor, up: tf.Tensor): tf.Tensor {
  expectShape("siluGate", "up", up.shape, gate.shape, "the gate's");
  if (!hasKernel("EstaSiluGate")) return siluGateComposed(gate, up);
  return runFused("EstaSiluGate", { gate, up });
}

/** The definition of {@link siluGate} in TensorFlow.js operations. */
export function siluGateComposed(gate: tf.Tensor, up: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up));
}
