/**
 * @file Elementwise arithmetic on the native backend.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { BinaryOperation, UnaryOperation } from "../addon.js";
import { allFloat, product, registerNativeKernel } from "../kernel.js";
import type { Kernel } from "../kernel.js";

/** tfjs's names, our operation, and the operation with its arguments exchanged. */
const binaryKernels: readonly (readonly [string, BinaryOperation, BinaryOperation])[] = [
  ["Add", "add", "add"],
  ["Sub", "subtract", "subtractFrom"],
  ["Multiply", "multiply", "multiply"],
  ["RealDiv", "divide", "divideInto"],
  ["Maximum", "maximum", "maximum"],
  ["Minimum", "minimum", "minimum"],
];

const unaryKernels: readonly (readonly [string, UnaryOperation])[] = [
  ["Neg", "negate"],
  ["Square", "square"],
  ["Sqrt", "squareRoot"],
  ["Rsqrt", "reciprocalSquareRoot"],
  ["Reciprocal", "reciprocal"],
  ["Abs", "absolute"],
  ["Relu", "relu"],
  ["Exp", "exp"],
  ["Log", "log"],
  ["Erf", "erf"],
  ["Sigmoid", "sigmoid"],
  ["Tanh", "tanh"],
];

/** Replaces tfjs's elementwise kernels for float32. */
export function registerArithmetic(): void {
  for (const [name, operation, exchanged] of binaryKernels) registerNativeKernel(name, binary(operation, exchanged));
  for (const [name, operation] of unaryKernels) registerNativeKernel(name, unary(operation));
}

function binary(operation: BinaryOperation, exchanged: BinaryOperation): Kernel {
  return ({ inputs, backend }) => {
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    if (!allFloat(a, b)) return undefined;
    const run = repetition(a.shape, b.shape);
    if (run !== undefined) {
      const { info, values } = backend.output(a.shape);
      backend.addon.binary(operation, backend.values(a), backend.values(b), run, values);
      return info;
    }
    const otherRun = repetition(b.shape, a.shape);
    if (otherRun === undefined) return undefined;
    const { info, values } = backend.output(b.shape);
    backend.addon.binary(exchanged, backend.values(b), backend.values(a), otherRun, values);
    return info;
  };
}

/**
 * How the smaller shape fills the larger: each of its numbers repeated so many times, all of that again and again. Nothing when the
 * broadcast has another form, or when the result would not have the larger one's shape.
 */
function repetition(large: readonly number[], small: readonly number[]): number | undefined {
  if (small.length > large.length || product(large) === 0) return undefined;
  const aligned = [...Array<number>(large.length - small.length).fill(1), ...small];
  let end = large.length;
  while (end > 0 && aligned[end - 1] === 1) end--;
  let start = end;
  while (start > 0 && aligned[start - 1] === large[start - 1]) start--;
  if (aligned.slice(0, start).some((size) => size !== 1)) return undefined;
  // Trailing axes of length 1 in both shapes belong to the numbers themselves.
  return end === 0 ? 1 : product(large.slice(end));
}

function unary(operation: UnaryOperation): Kernel {
  return ({ inputs, backend }) => {
    const x = inputs["x"]!;
    if (!allFloat(x)) return undefined;
    const { info, values } = backend.output(x.shape);
    backend.addon.unary(operation, backend.values(x), values);
    return info;
  };
}
