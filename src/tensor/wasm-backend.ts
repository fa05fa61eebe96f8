/**
 * @file TensorFlow.js's WebAssembly backend, if it can run the kit's operations.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";

/** Whether the backend runs, and with how many threads; or why not. */
export type WasmState = { readonly kind: "ready"; readonly threads: number } | { readonly kind: "absent"; readonly reason: string };

/** Selects the backend and tries a small training step on it; on failure the backend `cpu` is selected again. */
export async function registerWasmBackend(threads: number): Promise<WasmState> {
  try {
    const wasm = await import("@tensorflow/tfjs-backend-wasm");
    const folder = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
    wasm.setWasmPaths(join(folder, "/"));
    wasm.setThreadsCount(threads);
    if (!(await tf.setBackend("wasm"))) throw new Error("it does not start");
    await tryTraining();
    return { kind: "ready", threads: wasm.getThreadsCount() };
  } catch (error) {
    await tf.setBackend("cpu");
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { kind: "absent", reason: `wasm does not run here (${message})` };
  }
}

/** One step of everything: fails when the backend lacks a kernel that the composed operations or their gradients need. */
async function tryTraining(): Promise<void> {
  const { trainingProbe } = await import("./training-probe.js");
  trainingProbe();
}
