/**
 * @file The fused operations of `src/tensor` on the native backend, with their gradients.
 *
 * A gradient that several inputs share is computed once, when the operation is reached on the way back; gradients of weights are
 * computed only when asked for.
 */
import * as tf from "@tensorflow/tfjs-core";
import { NONE, product, registerGradient, registerNativeKernel, run, runMany, type Attributes } from "../kernel.js";
import type { NativeBackend } from "../native-backend.js";
import { move, rowsOf, stridesOf } from "./layout.js";

/** The gradient of a term that was added: the same numbers in a tensor of its own, which the engine may dispose. */
function passOn(dy: tf.Tensor): () => tf.Tensor {
  return () => tf.clone(dy);
}

function columnSums(dy: tf.Tensor): tf.Tensor {
  const width = dy.shape[dy.shape.length - 1]!;
  return tf.sum(asRows(dy, width), 0);
}

function asRows(x: tf.Tensor, width: number): tf.Tensor {
  return tf.reshape(x, [product(x.shape.slice(0, -1)), width]);
}

/** Registers kernels and gradients of all fused operations. */
export function registerTransformer(): void {
  registerLinear();
  registerLayerNorm();
  registerBiasGelu();
  registerAttention();
  registerTokens();
  registerLoss();
  registerGradient("EstaPatchify", ["images"], (dy, [images], { patchSize }) => ({
    images: () => run("EstaPatchifyGradient", { dy }, { patchSize, shape: images!.shape }),
  }));
}

/** Sizes and arrays of a linear layer, from whichever of its kernels. */
function linearSizes(backend: NativeBackend, inputs: Readonly<Record<string, tf.TensorInfo>>): {
  outputs: number;
  width: number;
  rank: number;
  loraA: Float32Array;
  loraB: Float32Array;
} {
  const [outputs, width] = inputs["weight"]!.shape as [number, number];
  const { loraA, loraB } = inputs;
  return {
    outputs,
    width,
    rank: loraA?.shape[0] ?? 0,
    loraA: loraA === undefined ? NONE : backend.values(loraA),
    loraB: loraB === undefined ? NONE : backend.values(loraB),
  };
}

function registerLinear(): void {
  for (const name of ["EstaLinear", "EstaLoraLinear"]) {
    registerNativeKernel(name, ({ inputs, attributes, backend }) => {
      const { x, weight, bias } = inputs as Record<"x" | "weight", tf.TensorInfo> & { bias?: tf.TensorInfo };
      const { outputs, width, rank, loraA, loraB } = linearSizes(backend, inputs);
      const rows = product(x.shape.slice(0, -1));
      const { info, values } = backend.output([...x.shape.slice(0, -1), outputs]);
      const biasValues = bias === undefined ? NONE : backend.values(bias);
      backend.addon.linear(backend.values(x), backend.weight(weight), biasValues, loraA, loraB, attributes["scaling"] as number, values, rows, width, outputs, rank);
      return info;
    });
  }
  registerNativeKernel("EstaLinearGradientX", ({ inputs, attributes, backend }) => {
    const { dy, weight } = inputs as Record<"dy" | "weight", tf.TensorInfo>;
    const { outputs, width, rank, loraA, loraB } = linearSizes(backend, inputs);
    const { info, values } = backend.output([...dy.shape.slice(0, -1), width]);
    const rows = product(dy.shape.slice(0, -1));
    backend.addon.linearBackwardX(backend.values(dy), backend.weight(weight), loraA, loraB, attributes["scaling"] as number, values, rows, width, outputs, rank);
    return info;
  });
  registerNativeKernel("EstaLoraGradient", ({ inputs, attributes, backend }) => {
    const { x, dy, loraA, loraB } = inputs as Record<"x" | "dy" | "loraA" | "loraB", tf.TensorInfo>;
    const [rank, width] = loraA.shape as [number, number];
    const outputs = loraB.shape[0]!;
    const ofA = attributes["factor"] === "a";
    const { info, values } = backend.output(ofA ? loraA.shape : loraB.shape);
    backend.addon.linearBackwardLora(
      backend.values(x),
      backend.values(dy),
      backend.values(loraA),
      backend.values(loraB),
      attributes["scaling"] as number,
      ofA ? values : NONE,
      ofA ? NONE : values,
      product(x.shape.slice(0, -1)),
      width,
      outputs,
      rank,
    );
    return info;
  });
  const weightGradient = (x: tf.Tensor, dy: tf.Tensor, [outputs, width]: readonly [number, number]): tf.Tensor =>
    tf.matMul(asRows(dy, outputs), asRows(x, width), true, false);
  registerGradient("EstaLinear", ["x", "weight"], (dy, saved, { scaling }) => {
    const [x, weight] = saved as [tf.Tensor, tf.Tensor];
    return {
      x: () => run("EstaLinearGradientX", { dy, weight }, { scaling }),
      weight: () => weightGradient(x, dy, weight.shape as [number, number]),
      bias: () => columnSums(dy),
    };
  });
  registerGradient("EstaLoraLinear", ["x", "weight", "loraA", "loraB"], (dy, saved, { scaling }) => {
    const [x, weight, loraA, loraB] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    return {
      x: () => run("EstaLinearGradientX", { dy, weight, loraA, loraB }, { scaling }),
      weight: () => weightGradient(x, dy, weight.shape as [number, number]),
      bias: () => columnSums(dy),
      loraA: () => run("EstaLoraGradient", { x, dy, loraA, loraB }, { scaling, factor: "a" }),
      loraB: () => run("EstaLoraGradient", { x, dy, loraA, loraB }, { scaling, factor: "b" }),
    };
  });
}

function registerLayerNorm(): void {
  registerNativeKernel("EstaLayerNorm", ({ inputs, attributes, backend }) => {
    const { x, gain, bias } = inputs as Record<"x" | "gain" | "bias", tf.TensorInfo>;
    const { rows, width } = rowsOf(x);
    const { info, values } = backend.output(x.shape);
    backend.addon.layerNorm(backend.values(x), backend.values(gain), backend.values(bias), attributes["epsilon"] as number, values, rows, width);
    return info;
  });
  registerNativeKernel("EstaLayerNormGradient", ({ inputs, attributes, backend }) => {
    const { x, gain, dy } = inputs as Record<"x" | "gain" | "dy", tf.TensorInfo>;
    const { rows, width } = rowsOf(x);
    const [dx, dgain, dbias] = [backend.output(x.shape), backend.output(gain.shape), backend.output(gain.shape)];
    const epsilon = attributes["epsilon"] as number;
    backend.addon.layerNormBackward(backend.values(x), backend.values(gain), backend.values(dy), epsilon, dx.values, dgain.values, dbias.values, rows, width);
    return [dx.info, dgain.info, dbias.info];
  });
  registerGradient("EstaLayerNorm", ["x", "gain"], (dy, [x, gain], { epsilon }) => {
    const [dx, dgain, dbias] = runMany("EstaLayerNormGradient", { x: x!, gain: gain!, dy }, { epsilon }) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { x: () => dx, gain: () => dgain, bias: () => dbias };
  });
}

function registerBiasGelu(): void {
  registerNativeKernel("EstaBiasGelu", ({ inputs, backend }) => {
    const { x, bias } = inputs as Record<"x" | "bias", tf.TensorInfo>;
    const { rows, width } = rowsOf(x);
    const { info, values } = backend.output(x.shape);
    backend.addon.biasGelu(backend.values(x), backend.values(bias), values, rows, width);
    return info;
  });
  registerNativeKernel("EstaBiasGeluGradient", ({ inputs, backend }) => {
    const { x, bias, dy } = inputs as Record<"x" | "bias" | "dy", tf.TensorInfo>;
    const { rows, width } = rowsOf(x);
    const [dx, dbias] = [backend.output(x.shape), backend.output(bias.shape)];
    backend.addon.biasGeluBackward(backend.values(x), backend.values(bias), backend.values(dy), dx.values, dbias.values, rows, width);
    return [dx.info, dbias.info];
  });
  registerGradient("EstaBiasGelu", ["x", "bias"], (dy, [x, bias]) => {
    const [dx, dbias] = runMany("EstaBiasGeluGradient", { x: x!, bias: bias!, dy }) as [tf.Tensor, tf.Tensor];
    return { x: () => dx, bias: () => dbias };
  });
  registerNativeKernel("EstaBiasResidual", ({ inputs, backend }) => {
    const { x, bias, residual } = inputs as Record<"x" | "bias" | "residual", tf.TensorInfo>;
    const { rows, width } = rowsOf(x);
    const { info, values } = backend.output(x.shape);
    backend.addon.biasResidual(backend.values(x), backend.values(bias), backend.values(residual), values, rows, width);
    return info;
  });
  registerGradient("EstaBiasResidual", [], (dy) => ({ x: passOn(dy), bias: () => columnSums(dy), residual: passOn(dy) }));
}

/** The attention of all tokens, and that of the class token alone. */
function registerAttention(): void {
  registerMixing("EstaAttention", "attention", (batch, tokens, width) => [batch, tokens, width]);
  registerMixing("EstaClassAttention", "classAttention", (batch, _, width) => [batch, width]);
}

/** @param mixed - shape of what comes out, of images, tokens and columns of all heads. */
function registerMixing(name: string, kernel: "attention" | "classAttention", mixed: (batch: number, tokens: number, width: number) => number[]): void {
  registerNativeKernel(name, ({ inputs, attributes, backend }) => {
    const qkv = inputs["qkv"]!;
    const [batch, tokens, heads, width] = headsOf(qkv, attributes);
    const { info, values } = backend.output(mixed(batch, tokens, heads * width));
    backend.addon[kernel](backend.values(qkv), values, batch, tokens, heads, width);
    return info;
  });
  registerNativeKernel(`${name}Gradient`, ({ inputs, attributes, backend }) => {
    const { qkv, dy } = inputs as Record<"qkv" | "dy", tf.TensorInfo>;
    const { info, values } = backend.output(qkv.shape);
    backend.addon[`${kernel}Backward` as const](backend.values(qkv), backend.values(dy), values, ...headsOf(qkv, attributes));
    return info;
  });
  registerGradient(name, ["qkv"], (dy, [qkv], { heads }) => ({ qkv: () => run(`${name}Gradient`, { qkv: qkv!, dy }, { heads }) }));
}

function headsOf(qkv: tf.TensorInfo, { heads }: Attributes): [batch: number, tokens: number, heads: number, width: number] {
  const [batch, tokens, all] = qkv.shape as [number, number, number];
  return [batch, tokens, heads as number, all / 3 / (heads as number)];
}

function registerTokens(): void {
  registerNativeKernel("EstaClassTokens", ({ inputs, backend }) => {
    const { patches, classToken, positions } = inputs as Record<"patches" | "classToken" | "positions", tf.TensorInfo>;
    const [batch, count, width] = patches.shape as [number, number, number];
    const joined = backend.output([batch, count + 1, width]);
    const strides = stridesOf([batch, count + 1, width]);
    move(backend, backend.values(classToken), 0, [0, width, 1], joined.values, 0, strides, [batch, 1, width]);
    move(backend, backend.values(patches), 0, stridesOf(patches.shape), joined.values, width, strides, [batch, count, width]);
    const { info, values } = backend.output([batch, count + 1, width]);
    backend.addon.binary("add", joined.values, backend.values(positions), 1, values);
    backend.disposeData(joined.info.dataId);
    return info;
  });
  registerGradient("EstaClassTokens", [], (dy) => {
    const [batch, tokens, width] = dy.shape as [number, number, number];
    const positions = (): tf.Tensor => tf.reshape(tf.sum(tf.reshape(dy, [batch, tokens * width]), 0), [1, tokens, width]);
    return {
      patches: () => tf.slice(dy, [0, 1, 0], [batch, tokens - 1, width]),
      classToken: () => tf.slice(positions(), [0, 0, 0], [1, 1, width]),
      positions,
    };
  });
  registerNativeKernel("EstaTakeToken", ({ inputs, attributes, backend }) => {
    const x = inputs["x"]!;
    const [batch, tokens, width] = x.shape as [number, number, number];
    const { info, values } = backend.output([batch, width]);
    move(backend, backend.values(x), (attributes["index"] as number) * width, [tokens * width, 1], values, 0, [width, 1], [batch, width]);
    return info;
  });
  registerGradient("EstaTakeToken", ["x"], (dy, [x], { index }) => ({
    x: () => {
      const [batch, tokens, width] = x!.shape as [number, number, number];
      const before = index as number;
      return tf.pad(tf.reshape(dy, [batch, 1, width]), [[0, 0], [before, tokens - 1 - before], [0, 0]]);
    },
  }));
}

function registerLoss(): void {
  registerNativeKernel("EstaSoftmaxCrossEntropy", ({ inputs, backend }) => {
    const { logits, labels } = inputs as Record<"logits" | "labels", tf.TensorInfo>;
    const { info, values } = backend.output([]);
    backend.addon.softmaxCrossEntropy(backend.values(logits), backend.wholeNumbers(labels), values, logits.shape[1]!);
    return info;
  });
  registerNativeKernel("EstaSoftmaxCrossEntropyGradient", ({ inputs, backend }) => {
    const { logits, labels, dy } = inputs as Record<"logits" | "labels" | "dy", tf.TensorInfo>;
    const { info, values } = backend.output(logits.shape);
    backend.addon.softmaxCrossEntropyBackward(backend.values(logits), backend.wholeNumbers(labels), backend.values(dy)[0]!, values, logits.shape[1]!);
    return info;
  });
  registerGradient("EstaSoftmaxCrossEntropy", ["logits", "labels"], (dy, [logits, labels]) => ({
    logits: () => run("EstaSoftmaxCrossEntropyGradient", { logits: logits!, labels: labels!, dy }),
  }));
}
