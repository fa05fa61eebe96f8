/**
 * @file AdamW over many tensors at once, each with its own step count.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { NativeBackend } from "../native/native-backend.js";
import { readTogether } from "./read-together.js";
import { expectShape } from "./shape-check.js";

/** The optimizer's memory of one tensor. Plain arrays: readable, copied into checkpoints and restored by assignment. */
export interface Moments {
  /** Updates this tensor has had. */
  steps: number;
  /** Moving average of the gradient. */
  readonly firstMoment: Float32Array;
  /** Moving average of the squared gradient. */
  readonly secondMoment: Float32Array;
}

/** The optimizer's memory by parameter name; a tensor appears with its first update. */
export type AdamWState = Map<string, Moments>;

/** Settings of one step. */
export interface AdamWSettings {
  readonly learningRate: number;
  /** Decoupled decay of tensors with two or more axes; vectors and scalars are not decayed. */
  readonly weightDecay: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Added to √v̂; default 1e-8. */
  readonly epsilon?: number;
}

/** Makes the memory of an optimizer that has not stepped. */
export function createAdamWState(): AdamWState {
  return new Map();
}

/**
 * Updates in place the parameters that have a gradient, and leaves every other one alone entirely.
 *
 * With t the tensor's own step count: `p ← p·(1 − lr·wd)` for matrices, `m ← β1·m + (1 − β1)·g`, `v ← β2·v + (1 − β2)·g²`,
 * `p ← p − lr·(m/(1 − β1ᵗ)) / (√(v/(1 − β2ᵗ)) + epsilon)`.
 *
 * @param parameters - variables by name.
 * @param gradients - gradients by name, of the parameters' shapes; not disposed.
 * @param state - moments by name; changed in place.
 * @throws {UsageError} when a gradient has no parameter or another shape; nothing is updated then.
 *
 * Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization; order of operations as in PyTorch.
 */
export function adamWStep(
  parameters: Readonly<Record<string, tf.Variable>>,
  gradients: Readonly<Record<string, tf.Tensor>>,
  state: AdamWState,
  settings: AdamWSettings,
): void {
  const { learningRate, weightDecay, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = settings;
  const names = Object.keys(gradients);
  for (const name of names) checkPair(name, parameters[name], gradients[name]!, state.get(name));
  const backend: unknown = tf.backend();
  // In one trip where the tensors lie on a device of their own.
  const read = backend instanceof NativeBackend ? [] : readTogether([...names.map((name) => parameters[name]!), ...names.map((name) => gradients[name]!)]);
  for (const [position, name] of names.entries()) {
    const parameter = parameters[name]!;
    const moments = momentsOf(state, name, parameter.size);
    moments.steps++;
    const keep = parameter.rank >= 2 ? 1 - learningRate * weightDecay : 1;
    const rate = learningRate / (1 - beta1 ** moments.steps);
    const scale = 1 / Math.sqrt(1 - beta2 ** moments.steps);
    if (backend instanceof NativeBackend) {
      backend.updateAdamW(parameter, gradients[name]!, moments.firstMoment, moments.secondMoment, { keep, rate, scale, beta1, beta2, epsilon });
      continue;
    }
    const values = Float32Array.from(read[position]!);
    const gradient = read[names.length + position]!;
    const { firstMoment, secondMoment } = moments;
    for (let index = 0; index < values.length; index++) {
      const slope = gradient[index]!;
      const first = beta1 * firstMoment[index]! + (1 - beta1) * slope;
      const second = beta2 * secondMoment[index]! + (1 - beta2) * slope * slope;
      firstMoment[index] = first;
      secondMoment[index] = second;
      values[index] = values[index]! * keep - (rate * first) / (Math.sqrt(second) * scale + epsilon);
    }
    const updated = tf.tensor(values, parameter.shape, "float32");
    parameter.assign(updated);
    updated.dispose();
  }
}

function momentsOf(state: AdamWState, name: string, size: number): Moments {
  let moments = state.get(name);
  if (moments === undefined) {
    moments = { steps: 0, firstMoment: new Float32Array(size), secondMoment: new Float32Array(size) };
    state.set(name, moments);
  }
  return moments;
}

function checkPair(name: string, parameter: tf.Variable | undefined, gradient: tf.Tensor, moments: Moments | undefined): void {
  if (parameter === undefined) throw new UsageError(`adamWStep: a gradient named ${name} arrived, expected the name of a parameter.`);
  expectShape("adamWStep", `the gradient of ${name}`, gradient.shape, parameter.shape, "the shape of the parameter");
  if (moments === undefined) return;
  expectShape("adamWStep", `the first moment of ${name}`, [moments.firstMoment.length], [parameter.size], "the size of the parameter");
  expectShape("adamWStep", `the second moment of ${name}`, [moments.secondMoment.length], [parameter.size], "the size of the parameter");
}
