/**
 * @file Sums, means and softmax on the native backend.
 */
import { util } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { allFloat, product, registerNativeKernel } from "../kernel.js";
import type { Kernel } from "../kernel.js";

/** Replaces tfjs's sums along neighbouring axes, means and softmax of the last axis. */
export function registerReductions(): void {
  registerNativeKernel("Sum", sum(false));
  registerNativeKernel("Mean", sum(true));
  registerNativeKernel("Softmax", ({ inputs, attributes, backend }) => {
    const logits = inputs["logits"]!;
    const rank = logits.shape.length;
    if (!allFloat(logits) || rank === 0 || ((attributes["dim"] as number) + rank) % rank !== rank - 1) return undefined;
    const width = logits.shape[rank - 1]!;
    const { info, values } = backend.output(logits.shape);
    backend.addon.softmax(backend.values(logits), values, product(logits.shape.slice(0, -1)), width);
    return info;
  });
}

function sum(mean: boolean): Kernel {
  return ({ inputs, attributes, backend }) => {
    const x = inputs["x"] as TensorInfo;
    if (!allFloat(x)) return undefined;
    const axes = util.parseAxisParam((attributes["axis"] ?? null) as number | number[], x.shape).sort((left, right) => left - right);
    const first = axes[0];
    if (first === undefined || axes.some((axis, index) => axis !== first + index)) return undefined;
    const end = first + axes.length;
    const middle = product(x.shape.slice(first, end));
    if (mean && middle === 0) return undefined;
    const kept = attributes["keepDims"] === true ? axes.map(() => 1) : [];
    const { info, values } = backend.output([...x.shape.slice(0, first), ...kept, ...x.shape.slice(end)]);
    backend.addon.sum(backend.values(x), values, product(x.shape.slice(0, first)), middle, product(x.shape.slice(end)));
    if (mean) for (let index = 0; index < values.length; index++) values[index]! /= middle;
    return info;
  };
}
