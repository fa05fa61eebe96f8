/**
 * @file The whole layer of a decoder of `src/tensor` on the native backend, with its gradient.
 */
import * as tf from "@tensorflow/tfjs-core";
import { NONE, registerNativeKernel, registerNotedGradient, type KernelCall } from "../kernel.js";

/** The layer's parameters in the library's order. */
const parameterNames = [
  "inputNorm", "query", "queryBias", "queryA", "queryB", "key", "keyBias", "value", "valueBias", "valueA", "valueB", "output", "outputBias",
  "postNorm", "gate", "gateBias", "up", "upBias", "down", "downBias",
];
const saved = ["x", ...parameterNames];

/** Registers the kernel and its gradient. What a layer lacks of biases and low-rank factors is an empty tensor. */
export function registerDecoderLayer(): void {
  registerNativeKernel("EstaDecoderLayer", (call) => {
    const { backend, attributes } = call;
    const { x, parameters, sizes, kept, numbers } = layerCall(call);
    const y = backend.output(x.shape);
    const notes = backend.output(attributes["keep"] === true ? kept : [0]);
    backend.addon.decoderLayer(backend.values(x), parameters, y.values, notes.values, sizes, ...numbers);
    return [y.info, notes.info];
  });
  registerNativeKernel("EstaDecoderLayerGradient", (call) => {
    const { backend, inputs, attributes } = call;
    const { x, parameters, sizes, slopes, numbers } = layerCall(call);
    const dx = backend.output(attributes["keepX"] === true ? x.shape : [0]);
    const all = backend.pool.take(slopes.reduce((sum, { length }) => sum + length, 0));
    backend.addon.decoderLayerBackward(backend.values(x), parameters, backend.values(inputs["kept"]!), backend.values(inputs["dy"]!), dx.values, all, sizes, ...numbers);
    let start = 0;
    const made = slopes.map(({ name, length }) => {
      const { shape } = inputs[name]!;
      const absent = tf.util.sizeFromShape(shape) === 0;
      const { info, values } = backend.output(shape);
      if (!absent) values.set(all.subarray(start, start + length));
      start += length;
      return info;
    });
    backend.pool.give(all);
    return [dx.info, ...made];
  });
  registerNotedGradient("EstaDecoderLayer", saved, slopeNames);
}

/** What has gradients, in the order in which the library writes them. */
const slopeNames = ["inputNorm", "postNorm", "queryBias", "keyBias", "valueBias", "outputBias", "gateBias", "upBias", "downBias", "queryA", "queryB", "valueA", "valueB"];

function layerCall({ inputs, attributes, backend }: KernelCall): {
  x: tf.TensorInfo;
  parameters: Float32Array[];
  sizes: number[];
  /** Shape of what the way back reads. */
  kept: number[];
  /** Every gradient's length in the library's sum, which has one of what a layer lacks too. */
  slopes: { name: string; length: number }[];
  numbers: [interleaved: boolean, theta: number, epsilon: number, scaling: number];
} {
  const { heads, keyValueHeads, interleaved, theta, epsilon, scaling } = attributes as { heads: number; keyValueHeads: number; interleaved: boolean; theta: number; epsilon: number; scaling: number };
  const x = inputs["x"]!;
  const [batch, tokens, width] = x.shape as [number, number, number];
  const [hidden, narrow] = [inputs["gate"]!.shape[0]!, inputs["key"]!.shape[0]!];
  const [queryRank, valueRank] = [inputs["queryA"]!.shape, inputs["valueA"]!.shape].map((shape) => (shape.length === 2 ? shape[0]! : 0)) as [number, number];
  const lengths = [width, width, width, narrow, narrow, width, hidden, hidden, width, queryRank * width, width * queryRank, valueRank * width, narrow * valueRank];
  return {
    x,
    parameters: parameterNames.map((name) => (tf.util.sizeFromShape(inputs[name]!.shape) === 0 ? NONE : backend.values(inputs[name]!))),
    sizes: [batch, tokens, heads, keyValueHeads, width, hidden, queryRank, valueRank],
    kept: [batch, tokens, 2 * (width + narrow + hidden)],
    slopes: slopeNames.map((name, place) => ({ name, length: lengths[place]! })),
    numbers: [interleaved, theta, epsilon, scaling],
  };
}
