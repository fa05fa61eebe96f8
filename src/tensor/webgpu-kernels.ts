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
  const product = replace("BatchMatMul");
  register("BatchMatMul", ({ a, b }, attributes) => productInOneSum(a!, b!, attributes, product));
  const pad = replace("PadV2");
  register("PadV2", ({ x }, { paddings, constantValue }) => padMerged(x!, paddings as [number, number][], constantValue as number, pad));
}

/** Numbers of TensorFlow.js's flag for the kind of product: its own choice, one group of threads a result, small tiles. */
const PRODUCT_FLAG = "WEBGPU_MATMUL_PROGRAM_TYPE";
const OWN_CHOICE = -1;
const GROUP_PER_RESULT = 0;
const SMALL_TILES = 2;
/** From this inner length on, and up to this many tiles of 32 by 32 results, it may choose the kind that is avoided. */
const LONG = 2000;
const FEW_TILES = 32;

/**
 * Long products with few results are split into partial sums, which are added in no fixed order and, when the right matrix is
 * transposed, come out wrong: they are taken in one sum instead.
 */
function productInOneSum(a: tf.Tensor, b: tf.Tensor, attributes: Attributes, kernel: tf.KernelFunc): tf.Tensor {
  const [m, k] = attributes["transposeA"] === true ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const n = attributes["transposeB"] === true ? b.shape.at(-2)! : b.shape.at(-1)!;
  if (k < LONG || Math.ceil(m / 32) * Math.ceil(n / 32) > FEW_TILES) return call(kernel, { a, b }, attributes);
  tf.env().set(PRODUCT_FLAG, m * n <= 128 ? GROUP_PER_RESULT : SMALL_TILES);
  try {
    return call(kernel, { a, b }, attributes);
  } finally {
    tf.env().set(PRODUCT_FLAG, OWN_CHOICE);
  }
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
