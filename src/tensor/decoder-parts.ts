/**
 * @file The parameters of a decoder's layer, as the operations on sequences and on single tokens take them.
 */
import type * as tf from "@tensorflow/tfjs-core";
import type { LoraFactors } from "./linear.js";

/** A linear layer without its input, perhaps with a bias and a low-rank update: see `linear`. */
export interface DecoderLinear {
  readonly weight: tf.Tensor;
  readonly bias?: tf.Tensor | undefined;
  readonly lora?: LoraFactors | undefined;
}

/** The parameters of a layer of width D. */
export interface DecoderParts {
  /** `[D]`. */
  readonly inputNorm: tf.Tensor;
  readonly query: DecoderLinear;
  readonly key: DecoderLinear;
  readonly value: DecoderLinear;
  readonly output: DecoderLinear;
  /** `[D]`. */
  readonly postNorm: tf.Tensor;
  readonly gate: DecoderLinear;
  readonly up: DecoderLinear;
  readonly down: DecoderLinear;
}

/** Whether low-rank updates hang below q and v alone: what the kernels of whole layers take. */
export function updatesQueryValueAlone({ key, output, gate, up, down }: DecoderParts): boolean {
  return [key, output, gate, up, down].every(({ lora }) => lora === undefined);
}

/** A layer's tensors by the names that kernels know them by; low-rank updates of q and v alone. */
export function kernelInputs({ inputNorm, query, key, value, output, postNorm, gate, up, down }: DecoderParts) {
  return {
    inputNorm, query: query.weight, queryBias: query.bias, queryA: query.lora?.loraA, queryB: query.lora?.loraB, key: key.weight, keyBias: key.bias,
    value: value.weight, valueBias: value.bias, valueA: value.lora?.loraA, valueB: value.lora?.loraB, output: output.weight, outputBias: output.bias,
    postNorm, gate: gate.weight, gateBias: gate.bias, up: up.weight, upBias: up.bias, down: down.weight, downBias: down.bias,
  };
}

/** The one scaling of the updates of q and v. */
export function updateScaling({ query, value }: DecoderParts): number {
  return query.lora?.scaling ?? value.lora?.scaling ?? 0;
}
