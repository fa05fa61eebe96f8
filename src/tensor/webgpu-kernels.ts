/**
 * @file Kernels that TensorFlow.js lacks on WebGPU, or has with a fault.
 */
import * as tf from "@tensorflow/tfjs-core";

type Inputs = Readonly<Record<string, tf.Tensor>>;
type Attributes = Readonly<Record<string, unknown>>;
type Composition = (inputs: Inputs, attributes: Attributes) => tf.Tensor;

/** Registers them; to be called once, when TensorFlow.js's own are registered. */
export function registerWebgpuKernels(): void {
  register("LogSoftmax", ({ logits }, { axis }) => {
    const shifted = tf.sub(logits!, tf.max(logits!, axis as number, true));
    return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), axis as number, true)));
  });
  for (const [kernelName, quarter] of [["Sin", 0], ["Cos", 1]] as const) {
    tf.unregisterKernel(kernelName, "webgpu");
    tf.registerKernel({ kernelName, backendName: "webgpu", kernelFunc: ({ inputs, backend }) => runElementwise(backend, inputs["x"]!, `esta${kernelName}`, sineAhead(quarter)) });
  }
  const product = replace("BatchMatMul");
  register("BatchMatMul", ({ a, b }, attributes) => productInOneSum(a!, b!, attributes, product));
  const pad = replace("PadV2");
  register("PadV2", ({ x }, { paddings, constantValue }) => padMerged(x!, paddings as [number, number][], constantValue as number, pad));
}

/** A shader as TensorFlow.js's class runs it, for one input named A. */
interface Program {
  readonly variableNames: readonly ["A"];
  readonly size: true;
  readonly workgroupSize: readonly [number, number, number];
  readonly outputShape: number[];
  readonly dispatchLayout: { readonly x: number[] };
  dispatch: [number, number, number];
  readonly shaderKey: string;
  getUserCode(): string;
}

const GROUP = 128;

/** Runs WGSL statements that return the result of `a`, on every element. */
function runElementwise(backend: unknown, x: tf.TensorInfo, shaderKey: string, statements: string): tf.TensorInfo {
  const program: Program = {
    variableNames: ["A"],
    size: true,
    workgroupSize: [GROUP, 1, 1],
    outputShape: x.shape,
    dispatchLayout: { x: x.shape.map((_, axis) => axis) },
    dispatch: [Math.ceil(tf.util.sizeFromShape(x.shape) / GROUP), 1, 1],
    shaderKey,
    getUserCode: () => `
      fn resultOf(a: f32) -> f32 { ${statements} }
      fn main(index: i32) { if (index < uniforms.size) { setOutputAtIndex(index, resultOf(getAByOutputIndex(index))); } }`,
  };
  return (backend as { runWebGPUProgram(program: Program, inputs: tf.TensorInfo[], dtype: tf.DataType): tf.TensorInfo }).runWebGPUProgram(program, [x], x.dtype);
}

/**
 * The sine some quarters of a turn ahead: WGSL's own may be off by 5e-4. Within 1e-6 up to a thousand turns or so.
 *
 * The nearest multiple of π/2 is taken off in three parts, the first two of which multiply without rounding; what is left, at most π/4,
 * goes through Taylor's series.
 */
function sineAhead(quarters: number): string {
  return `
    let k = round(a * ${2 / Math.PI});
    let r = ((a - k * 1.5703125) - k * 4.837512969970703e-4) - k * ${Math.PI / 2 - 1.5703125 - 4.837512969970703e-4};
    let z = r * r;
    let s = r * (1.0 + z * (-1.0 / 6.0 + z * (1.0 / 120.0 + z * (-1.0 / 5040.0 + z * (1.0 / 362880.0)))));
    let c = 1.0 + z * (-0.5 + z * (1.0 / 24.0 + z * (-1.0 / 720.0 + z * (1.0 / 40320.0 - z * (1.0 / 3628800.0)))));
    let quarter = (i32(k) + ${quarters}) & 3;
    let size = select(s, c, (quarter & 1) == 1);
    return select(size, -size, quarter > 1);`;
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
