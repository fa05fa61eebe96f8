/**
 * @file The whole transformer block of `src/tensor` on the native backend, with its gradient.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { NONE, registerNativeKernel, registerNotedGradient, type KernelCall } from "../kernel.js";

/** The block's parameters in the library's order. */
const parameterNames = ["gain1", "bias1", "qkv", "qkvBias", "loraA", "loraB", "proj", "projBias", "gain2", "bias2", "fc1", "fc1Bias", "fc2", "fc2Bias"];
/** Those that have gradients, in the order in which the library writes them. */
const slopeNames = ["gain1", "bias1", "qkvBias", "projBias", "gain2", "bias2", "fc1Bias", "fc2Bias", "loraA", "loraB"];

/** Registers the kernels with and without a low-rank update, and their gradients. */
export function registerBlock(): void {
  for (const name of ["EstaBlock", "EstaLoraBlock"]) {
    registerNativeKernel(name, (call) => {
      const { backend, attributes } = call;
      const { x, parameters, sizes, kept, epsilon, scaling } = blockCall(call);
      const y = backend.output(x.shape);
      const notes = backend.output(attributes["keep"] === true ? kept : [0]);
      backend.addon.block(backend.values(x), parameters, y.values, notes.values, sizes, epsilon, scaling);
      return [y.info, notes.info];
    });
    registerNativeKernel(`${name}Gradient`, (call) => {
      const { backend, inputs } = call;
      const { x, parameters, sizes, epsilon, scaling } = blockCall(call);
      const slopes = slopeNames.filter((slope) => inputs[slope] !== undefined).map((slope) => backend.output(inputs[slope]!.shape));
      const dx = backend.output(x.shape);
      const all = backend.pool.take(slopes.reduce((sum, { values }) => sum + values.length, 0));
      backend.addon.blockBackward(backend.values(x), parameters, backend.values(inputs["kept"]!), backend.values(inputs["dy"]!), dx.values, all, sizes, epsilon, scaling);
      let start = 0;
      for (const { values } of slopes) values.set(all.subarray(start, (start += values.length)));
      backend.pool.give(all);
      return [dx.info, ...slopes.map(({ info }) => info)];
    });
    const given = (parameter: string): boolean => name === "EstaLoraBlock" || !parameter.startsWith("lora");
    registerNotedGradient(name, ["x", ...parameterNames.filter(given)], slopeNames.filter(given));
  }
}

function blockCall({ inputs, attributes, backend }: KernelCall): {
  x: tf.TensorInfo;
  parameters: Float32Array[];
  sizes: number[];
  /** Shape of what the way back reads. */
  kept: number[];
  epsilon: number;
  scaling: number;
} {
  const x = inputs["x"]!;
  const [batch, tokens, width] = x.shape as [number, number, number];
  const hidden = inputs["fc1"]!.shape[0]!;
  return {
    x,
    parameters: parameterNames.map((name) => (inputs[name] === undefined ? NONE : backend.values(inputs[name]))),
    sizes: [batch, tokens, attributes["heads"] as number, width, hidden, inputs["loraA"]?.shape[0] ?? 0],
    kept: [batch, tokens, 4 * width + hidden],
    epsilon: attributes["epsilon"] as number,
    scaling: attributes["scaling"] as number,
  };
}
