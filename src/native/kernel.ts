/**
 * @file How a kernel of the native backend is written down and registered.
 */
import * as tf from "@tensorflow/tfjs-core";
import { NativeBackend } from "./native-backend.js";

/** What a kernel sees. */
export interface KernelCall {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attributes: Attributes;
  readonly backend: NativeBackend;
}

/** A kernel; it returns nothing when it does not cover a case and tfjs's JavaScript kernel should run. */
export type Kernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[] | undefined;

/** Registers a kernel, in place of one copied from backend `cpu` where there is one, which serves what it does not cover. */
export function registerNativeKernel(kernelName: string, kernel: Kernel): void {
  const fallback = tf.getKernel(kernelName, "cpu")?.kernelFunc;
  if (tf.getKernel(kernelName, "native") !== undefined) tf.unregisterKernel(kernelName, "native");
  tf.registerKernel({
    kernelName,
    backendName: "native",
    kernelFunc: (params) => {
      const { inputs, attrs, backend } = params as { inputs: tf.NamedTensorInfoMap; attrs?: tf.NamedAttrMap; backend: object };
      const call: KernelCall = { inputs: inputs as Record<string, tf.TensorInfo>, attributes: attrs ?? {}, backend: backend as NativeBackend };
      const result = kernel(call);
      if (result !== undefined) return result;
      if (fallback === undefined) throw new Error(`${kernelName}: this case has no kernel on the native backend.`);
      return fallback(params);
    },
  });
}

/** Attributes of an operation by name. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Runs a kernel of one output. */
export function run(name: string, inputs: Record<string, tf.Tensor>, attributes: Attributes = {}): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
}

/** Runs a kernel of several outputs. */
export function runMany(name: string, inputs: Record<string, tf.Tensor>, attributes: Attributes = {}): tf.Tensor[] {
  return tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
}

/** Registers a gradient; `closures` sees the output's gradient, the saved inputs in the order named, and the attributes. */
export function registerGradient(kernelName: string, inputsToSave: string[], closures: (dy: tf.Tensor, saved: tf.Tensor[], attributes: Attributes) => Record<string, () => tf.Tensor>): void {
  tf.registerGradient({
    kernelName,
    inputsToSave,
    gradFunc: (dy, saved, attributes) => closures(dy as tf.Tensor, saved, attributes as unknown as Attributes),
  });
}

/**
 * Registers the gradient of a kernel that returns `[y, notes for the way back]`: the kernel `<name>Gradient` on what was saved, `kept` and `dy`
 * returns the gradient by `x`, then those by the inputs named.
 */
export function registerNotedGradient(kernelName: string, inputsToSave: string[], slopeNames: readonly string[]): void {
  tf.registerGradient({
    kernelName,
    inputsToSave,
    outputsToSave: [false, true],
    gradFunc: (dys, saved, attributes) => {
      const inputs = Object.fromEntries(inputsToSave.map((input, place) => [input, saved[place]!]));
      const [dx, ...slopes] = runMany(`${kernelName}Gradient`, { ...inputs, kept: saved[inputsToSave.length]!, dy: (dys as tf.Tensor[])[0]! }, attributes);
      return { x: () => dx!, ...Object.fromEntries(slopeNames.map((name, place) => [name, () => slopes[place]!])) };
    },
  });
}

/** Whether all of these are float32. */
export function allFloat(...inputs: readonly tf.TensorInfo[]): boolean {
  return inputs.every((input) => input.dtype === "float32");
}

/** The product of some sizes. */
export function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

/** An absent argument of the library. */
export const NONE = new Float32Array(0);
