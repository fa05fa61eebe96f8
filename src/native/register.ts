/**
 * @file Makes the backend `native` known to TensorFlow.js.
 */
import * as tf from "@tensorflow/tfjs-core";
import { loadAddon } from "./addon.js";
import { NativeBackend } from "./native-backend.js";
import { registerArithmetic } from "./kernels/arithmetic.js";
import { registerBlock } from "./kernels/block.js";
import { registerDecoderLayer } from "./kernels/decoder-layer.js";
import { registerDecoders } from "./kernels/decoders.js";
import { registerLayout } from "./kernels/layout.js";
import { registerProducts } from "./kernels/products.js";
import { registerReductions } from "./kernels/reductions.js";
import { registerTransformer } from "./kernels/transformer.js";

/** Whether the backend is usable, and how; or why not. */
export type NativeState =
  | { readonly kind: "ready"; readonly threads: number; readonly simd: string }
  | { readonly kind: "absent"; readonly reason: string };

let registered = false;

/**
 * Registers the backend, once, and sets its threads.
 *
 * Every kernel of backend `cpu`, which must be registered, serves as a fallback.
 */
export function registerNativeBackend(threads: number): NativeState {
  const found = loadAddon();
  if (found.kind === "absent") return found;
  const { addon } = found;
  if (!registered) {
    tf.registerBackend("native", () => new NativeBackend(addon), 3);
    tf.copyRegisteredKernels("cpu", "native");
    registerProducts();
    registerArithmetic();
    registerReductions();
    registerLayout();
    registerTransformer();
    registerDecoders();
    registerDecoderLayer();
    registerBlock();
    registered = true;
  }
  return { kind: "ready", threads: addon.setThreads(threads), simd: addon.simdLevel() };
}
