/**
 * @file Frozen weights that stay in 16 bits.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Halves } from "../native/addon.js";
import { NativeBackend } from "../native/native-backend.js";
import { widenBfloat16, widenFloat16 } from "./float16.js";

/**
 * Makes a float32 tensor from numbers in 16 bits, exactly.
 *
 * On the backend `native` they stay where they are, in 16 bits: products, gathers and their gradients by the other operand widen them piece
 * by piece, every other operation widens a copy; nobody may write the array while the tensor lives. Other backends take a widened copy.
 */
export function halfTensor(halves: Halves, shape: readonly number[]): tf.Tensor {
  const backend: unknown = tf.backend();
  return backend instanceof NativeBackend ? tf.engine().makeTensorFromTensorInfo(backend.halfTensor(halves, shape)) : tf.tensor(widenHalves(halves), [...shape], "float32");
}

/** Whether the current backend holds the tensor's numbers in 16 bits. */
export function isHalf(tensor: tf.Tensor): boolean {
  const backend: unknown = tf.backend();
  return backend instanceof NativeBackend && backend.holdsHalves(tensor);
}

/** Widens 16-bit numbers to float32. Exact. */
export function widenHalves(halves: Halves): Float32Array {
  if (halves instanceof Uint16Array) return widenFloat16(halves);
  return widenBfloat16(new Uint16Array(halves.buffer, halves.byteOffset, halves.length));
}
