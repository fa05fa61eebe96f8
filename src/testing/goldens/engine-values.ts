/**
 * @file Carries stored tensors into the engine and results out of it.
 */
import type { StoredTensor } from "../../anchors/safetensors.js";
import { UsageError } from "../../checks.js";
import { tf, type Tensor } from "../../tensor/index.js";

/** Values of a float tensor. @throws {UsageError} when the tensor holds whole numbers. */
export function floatsOf({ dtype, data }: StoredTensor): Float32Array {
  if (!(data instanceof Float32Array)) throw new UsageError(`goldens: a tensor of ${dtype} arrived, expected floating-point numbers; the folder is of another format.`);
  return data;
}

/** Bytes of a U8 tensor. @throws {UsageError} when the tensor holds something else. */
export function bytesOf({ dtype, data }: StoredTensor): Uint8Array {
  if (!(data instanceof Uint8Array)) throw new UsageError(`goldens: a tensor of ${dtype} arrived, expected bytes; the folder is of another format.`);
  return data;
}

/** A float32 tensor of the engine, a copy of the stored one. The caller disposes it. */
export function toTensor(stored: StoredTensor): Tensor {
  return tf.tensor(floatsOf(stored).slice(), [...stored.shape], "float32");
}

/** Runs `compute`, reads its tensors out and frees everything that it made. */
export function valuesOf<Names extends string>(compute: () => Record<Names, Tensor>): Record<Names, Float32Array> {
  const values: [string, Float32Array][] = [];
  tf.tidy(() => {
    for (const [name, tensor] of Object.entries<Tensor>(compute())) values.push([name, Float32Array.from(tensor.dataSync())]);
  });
  return Object.fromEntries(values) as Record<Names, Float32Array>;
}
