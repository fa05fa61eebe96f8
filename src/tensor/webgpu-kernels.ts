/**
 * @file Kernels that TensorFlow.js lacks on WebGPU, or has with a fault, composed of those that work.
 */
import * as tf from "@tensorflow/tfjs-core";

type Inputs = Readonly<Record<string, tf.Tensor>>;
type Attributes = Readonly<Record<string, unknown>>;
type Composition = (inputs: Inputs, attributes: Attributes) => tf.Tensor;

/** Registers them, once. */
export function registerWebgpuKernels(): void {
  register("LogSoftmax", ({ logits }, { axis }) => {
    const shifted = tf.sub(logits!, tf.max(logits!, axis as number, true));
    return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), axis as number, true)));
  });
  const pad = replace("PadV2");
  register("PadV2", ({ x }, { paddings, constantValue }) => padMerged(x!, paddings as [number, number][], constantValue as number, pad));
}

/** The shader for five and six axes does not compile, so neighbouring axes without padding are taken as one. */
function padMerged(x: tf.Tensor, paddings: readonly [number, number][], constantValue: number, kernel: tf.KernelFunc): tf.Tensor {
  const shape: number[] = [];
  const merged: [number, number][] = [];
  x.shape.forEach((size, axis) => {
    const padding = paddings[axis]!;
    const plain = padding[0] === 0 && padding[1] === 0;
    const previous = merged.at(-1);
    if (plain && previous !== undefined && previous[0] === 0 && previous[1] === 0) shape[shape.length - 1]! *= size;
    else {
      shape.push(size);
      merged.push([...padding]);
    }
  });
  const padded = call(kernel, { x: tf.reshape(x, shape) }, { paddings: merged, constantValue });
  return tf.reshape(padded, x.shape.map((size, axis) => paddings[axis]![0] + size + paddings[axis]![1]));
}

/** Takes a kernel out of the registry and returns its function. */
function replace(kernelName: string): tf.KernelFunc {
  const { kernelFunc } = tf.getKernel(kernelName, "webgpu")!;
  tf.unregisterKernel(kernelName, "webgpu");
  return kernelFunc;
}

function call(kernel: tf.KernelFunc, inputs: tf.NamedTensorMap, attributes: Attributes): tf.Tensor {
  const output = kernel({ inputs, attrs: attributes as tf.NamedAttrMap, backend: tf.backend() }) as tf.TensorInfo;
  return tf.engine().makeTensorFromTensorInfo(output);
}

function register(kernelName: string, compute: Composition): void {
  tf.registerKernel({
    kernelName,
    backendName: "webgpu",
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => compute(inputs as Inputs, (attrs ?? {}) as Attributes)),
  });
}
