/**
 * @file Kernels that only move numbers: transposes, slices, concatenations, paddings, repetitions and patches.
 */
import { util } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { allFloat, product, registerNativeKernel } from "../kernel.js";
import type { NativeBackend } from "../native-backend.js";

const MOST_AXES = 8;

/** Replaces tfjs's kernels that move float32 numbers, up to eight axes. */
export function registerLayout(): void {
  registerNativeKernel("Transpose", ({ inputs, attributes, backend }) => {
    const x = inputs["x"]!;
    const order = attributes["perm"] as number[];
    if (!allFloat(x) || order.length > MOST_AXES) return undefined;
    const shape = order.map((axis) => x.shape[axis]!);
    const strides = stridesOf(x.shape);
    const { info, values } = backend.output(shape);
    move(backend, backend.values(x), 0, order.map((axis) => strides[axis]!), values, 0, stridesOf(shape), shape);
    return info;
  });

  registerNativeKernel("Slice", ({ inputs, attributes, backend }) => {
    const x = inputs["x"]!;
    if (!allFloat(x) || x.shape.length > MOST_AXES) return undefined;
    const begins = attributes["begin"] as number | number[];
    const sizes = attributes["size"] as number | number[] | undefined;
    const begin = x.shape.map((_, axis) => (typeof begins === "number" ? (axis === 0 ? begins : 0) : (begins[axis] ?? 0)));
    const asked = x.shape.map((_, axis) => (sizes === undefined ? -1 : typeof sizes === "number" ? (axis === 0 ? sizes : -1) : (sizes[axis] ?? -1)));
    const shape = x.shape.map((length, axis) => (asked[axis]! >= 0 ? asked[axis]! : length - begin[axis]!));
    if (shape.some((size, axis) => size < 0 || begin[axis]! < 0 || begin[axis]! + size > x.shape[axis]!)) return undefined;
    const strides = stridesOf(x.shape);
    const { info, values } = backend.output(shape);
    move(backend, backend.values(x), offsetOf(begin, strides), strides, values, 0, stridesOf(shape), shape);
    return info;
  });

  registerNativeKernel("Concat", ({ inputs, attributes, backend }) => {
    const parts = Object.values(inputs);
    const first = parts[0];
    if (first === undefined || !allFloat(...parts) || first.shape.length > MOST_AXES) return undefined;
    const axis = util.parseAxisParam(attributes["axis"] as number, first.shape)[0]!;
    const shape = [...first.shape];
    shape[axis] = parts.reduce((total, part) => total + part.shape[axis]!, 0);
    if (parts.some((part) => part.shape.length !== shape.length || part.shape.some((size, other) => other !== axis && size !== shape[other]))) return undefined;
    const strides = stridesOf(shape);
    const { info, values } = backend.output(shape);
    let start = 0;
    for (const part of parts) {
      move(backend, backend.values(part), 0, stridesOf(part.shape), values, start * strides[axis]!, strides, part.shape);
      start += part.shape[axis]!;
    }
    return info;
  });

  registerNativeKernel("PadV2", ({ inputs, attributes, backend }) => {
    const x = inputs["x"]!;
    const paddings = attributes["paddings"] as [number, number][];
    if (!allFloat(x) || x.shape.length > MOST_AXES) return undefined;
    const shape = x.shape.map((size, axis) => paddings[axis]![0] + size + paddings[axis]![1]);
    const strides = stridesOf(shape);
    const { info, values } = backend.output(shape);
    values.fill((attributes["constantValue"] as number | undefined) ?? 0);
    move(backend, backend.values(x), 0, stridesOf(x.shape), values, offsetOf(paddings.map(([before]) => before), strides), strides, x.shape);
    return info;
  });

  registerNativeKernel("Tile", ({ inputs, attributes, backend }) => {
    const x = inputs["x"]!;
    const repeats = attributes["reps"] as number[];
    // Each repeated axis becomes two: the repetition with stride 0, and the axis itself.
    const split = x.shape.flatMap((size, axis) => (repeats[axis] === 1 ? [size] : [repeats[axis]!, size]));
    if (!allFloat(x) || repeats.length !== x.shape.length || split.length > MOST_AXES) return undefined;
    const strides = stridesOf(x.shape);
    const from = x.shape.flatMap((_, axis) => (repeats[axis] === 1 ? [strides[axis]!] : [0, strides[axis]!]));
    const { info, values } = backend.output(x.shape.map((size, axis) => size * repeats[axis]!));
    move(backend, backend.values(x), 0, from, values, 0, stridesOf(split), split);
    return info;
  });

  registerNativeKernel("EstaPatchify", ({ inputs, attributes, backend }) => {
    const images = inputs["images"]!;
    const size = attributes["patchSize"] as number;
    const [batch, channels, height, width] = images.shape as [number, number, number, number];
    const { info, values } = backend.output([batch, (height / size) * (width / size), channels * size * size]);
    const { shape, image, patch } = patchLayout(batch, channels, height, width, size);
    move(backend, backend.values(images), 0, image, values, 0, patch, shape);
    return info;
  });

  registerNativeKernel("EstaPatchifyGradient", ({ inputs, attributes, backend }) => {
    const dy = inputs["dy"]!;
    const size = attributes["patchSize"] as number;
    const [batch, channels, height, width] = attributes["shape"] as [number, number, number, number];
    const { info, values } = backend.output([batch, channels, height, width]);
    const { shape, image, patch } = patchLayout(batch, channels, height, width, size);
    move(backend, backend.values(dy), 0, patch, values, 0, image, shape);
    return info;
  });
}

/** Strides of a shape stored row by row. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

function offsetOf(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((total, position, axis) => total + position * strides[axis]!, 0);
}

/** Strides of images and of their patches for the index image, patch row, patch column, channel, row, column. */
function patchLayout(batch: number, channels: number, height: number, width: number, size: number): { shape: number[]; image: number[]; patch: number[] } {
  const shape = [batch, height / size, width / size, channels, size, size];
  return { shape, image: [channels * height * width, size * width, size, height * width, width, 1], patch: stridesOf(shape) };
}

/** Copies with strides; neighbouring axes that lie behind one another in both arrays are joined first. */
export function move(
  backend: NativeBackend,
  from: Float32Array,
  fromOffset: number,
  fromStrides: readonly number[],
  to: Float32Array,
  toOffset: number,
  toStrides: readonly number[],
  shape: readonly number[],
): void {
  const joined: { size: number; from: number; to: number }[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis]!;
    if (size === 1) continue;
    const last = joined[joined.length - 1];
    if (last !== undefined && last.from === fromStrides[axis]! * size && last.to === toStrides[axis]! * size) {
      last.size *= size;
      last.from = fromStrides[axis]!;
      last.to = toStrides[axis]!;
    } else {
      joined.push({ size, from: fromStrides[axis]!, to: toStrides[axis]! });
    }
  }
  if (product(shape) === 0) return;
  const layout = [...joined.map((axis) => axis.size), ...joined.map((axis) => axis.from), ...joined.map((axis) => axis.to)];
  backend.addon.copy(from, fromOffset, to, toOffset, layout);
}

/** Shape of a tensor as outer rows and a last axis. */
export function rowsOf(info: TensorInfo): { rows: number; width: number } {
  const width = info.shape[info.shape.length - 1]!;
  return { rows: product(info.shape.slice(0, -1)), width };
}
