/**
 * @file Gradients of the TensorFlow.js kernels that the kit composes its operations from.
 *
 * The Node build of tfjs-core carries no gradients (they sit in modules that Node cannot load), so those in use are defined here.
 * An operation outside this list still runs forward; differentiating it fails with tfjs's "gradient function not found".
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused } from "./fused.js";
import { matrixProduct } from "./matrix-product.js";

type Closures = Record<string, () => tf.Tensor>;
type Attributes = Readonly<Record<string, unknown>>;

/** Registers a gradient whose function sees the outputs' gradient, the saved tensors (inputs first) and the attributes. */
function gradient(
  kernelName: string,
  saved: { inputs?: string[]; allInputs?: true; output?: true },
  closures: (dy: tf.Tensor, saved: tf.Tensor[], attributes: Attributes) => Closures,
): void {
  tf.registerGradient({
    kernelName,
    ...(saved.inputs === undefined ? {} : { inputsToSave: saved.inputs }),
    ...(saved.allInputs === undefined ? {} : { saveAllInputs: true }),
    ...(saved.output === undefined ? {} : { outputsToSave: [true] }),
    gradFunc: (dy, tensors, attributes) => closures(dy as tf.Tensor, tensors, attributes as unknown as Attributes),
  });
}

/** Sums `dy` over the axes along which an input of this shape was broadcast. */
function unbroadcast(dy: tf.Tensor, shape: number[]): tf.Tensor {
  const extra = dy.rank - shape.length;
  const axes = dy.shape.flatMap((size, axis) => (axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : []));
  return tf.reshape(axes.length === 0 ? dy : tf.sum(dy, axes), shape);
}

/** Puts the reduced axes back with length 1. */
function keepAxes(reduced: tf.Tensor, shape: readonly number[], axis: unknown): tf.Tensor {
  const axes = tf.util.parseAxisParam((axis ?? null) as number | number[], [...shape]);
  return tf.reshape(reduced, shape.map((size, index) => (axes.includes(index) ? 1 : size)));
}

/** Elementwise functions whose derivative is known from the input. */
const fromInput: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  Abs: (x) => tf.sign(x),
  Cos: (x) => tf.neg(tf.sin(x)),
  Erf: (x) => tf.mul(tf.exp(tf.neg(tf.square(x))), 2 / Math.sqrt(Math.PI)),
  Log: (x) => tf.reciprocal(x),
  Neg: (x) => tf.fill(x.shape, -1),
  Relu: (x) => tf.step(x),
  Rsqrt: (x) => tf.mul(tf.div(tf.rsqrt(x), x), -0.5),
  Sin: (x) => tf.cos(x),
  Square: (x) => tf.mul(x, 2),
};

/** Elementwise functions whose derivative is known from the output. */
const fromOutput: Readonly<Record<string, (y: tf.Tensor) => tf.Tensor>> = {
  Exp: (y) => y,
  Reciprocal: (y) => tf.neg(tf.square(y)),
  Sigmoid: (y) => tf.mul(y, tf.sub(1, y)),
  Sqrt: (y) => tf.div(0.5, y),
  Tanh: (y) => tf.sub(1, tf.square(y)),
};

for (const [name, derivative] of Object.entries(fromInput)) {
  gradient(name, { inputs: ["x"] }, (dy, [x]) => ({ x: () => tf.mul(dy, derivative(x!)) }));
}
for (const [name, derivative] of Object.entries(fromOutput)) {
  gradient(name, { output: true }, (dy, [y]) => ({ x: () => tf.mul(dy, derivative(y!)) }));
}

gradient("Add", { inputs: ["a", "b"] }, (dy, [a, b]) => ({ a: () => unbroadcast(dy, a!.shape), b: () => unbroadcast(dy, b!.shape) }));
gradient("Sub", { inputs: ["a", "b"] }, (dy, [a, b]) => ({ a: () => unbroadcast(dy, a!.shape), b: () => unbroadcast(tf.neg(dy), b!.shape) }));
gradient("Multiply", { inputs: ["a", "b"] }, (dy, [a, b]) => ({
  a: () => unbroadcast(tf.mul(dy, tf.cast(b!, "float32")), a!.shape),
  b: () => unbroadcast(tf.mul(dy, tf.cast(a!, "float32")), b!.shape),
}));
gradient("RealDiv", { inputs: ["a", "b"] }, (dy, [a, b]) => ({
  a: () => unbroadcast(tf.div(dy, tf.cast(b!, "float32")), a!.shape),
  b: () => unbroadcast(tf.neg(tf.div(tf.mul(dy, tf.cast(a!, "float32")), tf.square(tf.cast(b!, "float32")))), b!.shape),
}));
gradient("Maximum", { inputs: ["a", "b"] }, (dy, [a, b]) => ({
  a: () => unbroadcast(tf.mul(dy, tf.cast(tf.greaterEqual(a!, b!), "float32")), a!.shape),
  b: () => unbroadcast(tf.mul(dy, tf.cast(tf.less(a!, b!), "float32")), b!.shape),
}));
gradient("Minimum", { inputs: ["a", "b"] }, (dy, [a, b]) => ({
  a: () => unbroadcast(tf.mul(dy, tf.cast(tf.lessEqual(a!, b!), "float32")), a!.shape),
  b: () => unbroadcast(tf.mul(dy, tf.cast(tf.greater(a!, b!), "float32")), b!.shape),
}));
tf.registerGradient({
  kernelName: "AddN",
  saveAllInputs: true,
  gradFunc: (dy, saved) => Object.fromEntries(saved.map((_, index) => [String(index), () => tf.clone(dy as tf.Tensor)])),
});

gradient("Identity", {}, (dy) => ({ x: () => tf.clone(dy) }));
gradient("Cast", {}, (dy) => ({ x: () => tf.clone(dy) }));
gradient("Reshape", { inputs: ["x"] }, (dy, [x]) => ({ x: () => tf.reshape(dy, x!.shape) }));
gradient("ExpandDims", { inputs: ["input"] }, (dy, [input]) => ({ input: () => tf.reshape(dy, input!.shape) }));
gradient("BroadcastTo", { inputs: ["x"] }, (dy, [x]) => ({ x: () => unbroadcast(dy, x!.shape) }));
gradient("Tile", { inputs: ["x"] }, (dy, [x], { reps }) => ({
  x: () => {
    const repeats = reps as number[];
    const split = x!.shape.flatMap((size, axis) => (repeats[axis] === 1 ? [size] : [repeats[axis]!, size]));
    const axes: number[] = [];
    let position = 0;
    for (const repeat of repeats) {
      if (repeat !== 1) axes.push(position++);
      position++;
    }
    return axes.length === 0 ? tf.clone(dy) : tf.sum(tf.reshape(dy, split), axes);
  },
}));
gradient("Transpose", {}, (dy, _, { perm }) => ({
  x: () => {
    const inverse: number[] = [];
    (perm as number[]).forEach((from, to) => (inverse[from] = to));
    return tf.transpose(dy, inverse);
  },
}));
gradient("Slice", { inputs: ["x"] }, (dy, [x], { begin }) => ({
  x: () => {
    const starts = typeof begin === "number" ? [begin] : (begin as number[]);
    const before = x!.shape.map((_, axis) => starts[axis] ?? 0);
    return tf.pad(dy, x!.shape.map((size, axis): [number, number] => [before[axis]!, size - before[axis]! - dy.shape[axis]!]));
  },
}));
gradient("PadV2", { inputs: ["x"] }, (dy, [x], { paddings }) => ({
  x: () => tf.slice(dy, (paddings as [number, number][]).map(([before]) => before), x!.shape),
}));
tf.registerGradient({
  kernelName: "Concat",
  saveAllInputs: true,
  gradFunc: (dy, saved, attributes) => {
    const axis = tf.util.parseAxisParam((attributes as unknown as { axis: number }).axis, saved[0]!.shape)[0]!;
    let start = 0;
    const entries = saved.map((input, index): [string, () => tf.Tensor] => {
      const begin = input.shape.map((_, other) => (other === axis ? start : 0));
      start += input.shape[axis]!;
      return [String(index), () => tf.slice(dy as tf.Tensor, begin, input.shape)];
    });
    return Object.fromEntries(entries);
  },
});
tf.registerGradient({
  kernelName: "Pack",
  saveAllInputs: true,
  gradFunc: (dy, saved, attributes) => {
    const { axis } = attributes as unknown as { axis: number };
    const { shape } = dy as tf.Tensor;
    return Object.fromEntries(
      saved.map((input, index) => [
        String(index),
        () => {
          const begin = shape.map((_, other) => (other === axis ? index : 0));
          const size = shape.map((length, other) => (other === axis ? 1 : length));
          return tf.reshape(tf.slice(dy as tf.Tensor, begin, size), input.shape);
        },
      ]),
    );
  },
});
tf.registerGradient({
  kernelName: "Unpack",
  gradFunc: (dy, _, attributes) => ({ value: () => tf.stack(dy as unknown as tf.Tensor[], (attributes as unknown as { axis: number }).axis) }),
});
tf.registerGradient({
  kernelName: "SplitV",
  gradFunc: (dy, _, attributes) => ({ x: () => tf.concat(dy as unknown as tf.Tensor[], (attributes as unknown as { axis: number }).axis) }),
});
gradient("GatherV2", { inputs: ["x", "indices"] }, (dy, [x, indices], { axis, batchDims }) => ({
  x: () => {
    if (((axis ?? 0) as number) !== 0 || ((batchDims ?? 0) as number) !== 0) throw new Error("The gradient of tf.gather is defined along axis 0 only.");
    if (hasKernel("EstaScatterRows")) return tf.reshape(runFused("EstaScatterRows", { rows: dy, indices: indices! }, { count: x!.shape[0]! }), x!.shape);
    const flat = tf.reshape(indices!, [indices!.size]) as tf.Tensor1D;
    const rows = tf.reshape(dy, [flat.size, x!.size / x!.shape[0]!]) as tf.Tensor2D;
    const chosen = tf.cast(tf.oneHot(flat, x!.shape[0]!), "float32");
    return tf.reshape(matrixProduct(chosen, rows, true, false), x!.shape);
  },
  indices: () => tf.zerosLike(indices!),
}));

gradient("Sum", { inputs: ["x"] }, (dy, [x], { axis }) => ({ x: () => tf.broadcastTo(keepAxes(dy, x!.shape, axis), x!.shape) }));
gradient("Mean", { inputs: ["x"] }, (dy, [x], { axis }) => ({
  x: () => tf.mul(tf.broadcastTo(keepAxes(dy, x!.shape, axis), x!.shape), dy.size / x!.size),
}));
tf.registerGradient({
  kernelName: "Max",
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, [x, y], attributes) => ({
    x: () => {
      const { reductionIndices } = attributes as unknown as { reductionIndices: number | number[] };
      const chosen = tf.cast(tf.equal(x!, keepAxes(y!, x!.shape, reductionIndices)), "float32");
      return tf.mul(chosen, keepAxes(dy as tf.Tensor, x!.shape, reductionIndices));
    },
  }),
});
gradient("Softmax", { output: true }, (dy, [y], { dim }) => ({
  logits: () => {
    const weighted = tf.mul(dy, y!);
    return tf.sub(weighted, tf.mul(tf.sum(weighted, dim as number, true), y!));
  },
}));
gradient("LogSoftmax", { output: true }, (dy, [y], { axis }) => ({
  logits: () => tf.sub(dy, tf.mul(tf.sum(dy, axis as number, true), tf.exp(y!))),
}));
gradient("Select", { inputs: ["condition"] }, (dy, [condition]) => ({
  condition: () => tf.zerosLike(condition!),
  t: () => tf.mul(dy, tf.cast(condition!, "float32")),
  e: () => tf.mul(dy, tf.cast(tf.logicalNot(condition!), "float32")),
}));

gradient("BatchMatMul", { inputs: ["a", "b"] }, (dy, [a, b], { transposeA, transposeB }) => {
  const product = (left: tf.Tensor, right: tf.Tensor, leftTurned: boolean, rightTurned: boolean, shape: number[]): tf.Tensor =>
    unbroadcast(matrixProduct(left, right, leftTurned, rightTurned), shape);
  const turnedA = transposeA === true;
  const turnedB = transposeB === true;
  return {
    a: () => (turnedA ? product(b!, dy, turnedB, true, a!.shape) : product(dy, b!, false, !turnedB, a!.shape)),
    b: () => (turnedB ? product(dy, a!, true, turnedA, b!.shape) : product(a!, dy, !turnedA, false, b!.shape)),
  };
});
