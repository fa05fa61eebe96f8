/**
 * @file TensorFlow.js's plain JavaScript backend, without its advertisement.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";

/** Makes the backend `cpu` usable. Importing its package registers it; here its first-use banner is switched off. */
export function registerCpuBackend(): void {
  const backend: unknown = tf.findBackend("cpu");
  if (typeof backend === "object" && backend !== null && "firstUse" in backend) backend.firstUse = false;
}
registerCpuBackend();
