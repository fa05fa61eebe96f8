/**
 * @file The choice of the engine's backend.
 */
import { availableParallelism } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { UsageError, choiceProblem, throwProblems, wholeNumberProblem } from "../checks.js";
import { registerNativeBackend } from "../native/register.js";
import { registerCpuBackend } from "./cpu-backend.js";
import { defaultProbe, fastestOf, mayHaveDevice, probeSeconds, type ProbeShape } from "./device-probe.js";
import { registerTensorflowBackend } from "./tensorflow-backend.js";
import { registerWasmBackend } from "./wasm-backend.js";
import { registerWebgpuBackend } from "./webgpu-backend.js";

const backendNames = ["native", "wasm", "cpu", "tensorflow", "webgpu"] as const;

/** The backends of the engine. */
export type BackendName = (typeof backendNames)[number];

/** Whether a backend computes on the processor's cores, which several processes can share. */
export function computesOnProcessor(backend: BackendName): boolean {
  return ["native", "wasm", "cpu"].includes(backend);
}

/** What a caller may ask for: `auto` takes the fastest one present; a graphics device only where a measured step is faster on it. */
export type BackendChoice = "auto" | BackendName;

/** Options of {@link useBackend}. */
export interface BackendOptions {
  /** Threads of the backend; default: all cores. Backends with one thread ignore it. */
  readonly threads?: number;
  /** Sizes of the step by which `auto` compares a graphics device with the processor. */
  readonly probe?: ProbeShape;
}

/** The backend that runs from now on. */
export interface BackendInUse {
  readonly backend: BackendName;
  /** Why this one, in a sentence without a full stop. */
  readonly reason: string;
  readonly threads: number;
}

/** A backend that was tried: it runs, or why it does not. */
type Trial = { readonly kind: "ready"; readonly threads: number; readonly about: string; /** Whether it runs on a graphics device, no software one. */ readonly device?: boolean } | { readonly kind: "absent"; readonly reason: string };

const trials: Readonly<Record<BackendName, (threads: number) => Promise<Trial>>> = {
  async native(threads) {
    const state = registerNativeBackend(threads);
    if (state.kind === "absent") return state;
    await tf.setBackend("native");
    return { kind: "ready", threads: state.threads, about: `Rust kernels, ${state.simd}` };
  },
  async wasm(threads) {
    const state = await registerWasmBackend(threads);
    if (state.kind === "absent") return state;
    return { kind: "ready", threads: state.threads, about: "WebAssembly kernels" };
  },
  async tensorflow(threads) {
    const state = await registerTensorflowBackend(threads);
    if (state.kind === "absent") return state;
    if (!(await tf.setBackend("tensorflow"))) return { kind: "absent", reason: "tensorflow does not start" };
    return { kind: "ready", threads: state.threads, about: `TensorFlow ${state.version} on ${state.device === "gpu" ? "an NVIDIA card" : "the processor"}`, device: state.device === "gpu" };
  },
  async webgpu() {
    const state = await registerWebgpuBackend();
    if (state.kind === "absent") return state;
    await tf.setBackend("webgpu");
    return { kind: "ready", threads: 1, about: `WebGPU kernels on ${state.adapter}`, device: !state.software };
  },
  async cpu() {
    await tf.setBackend("cpu");
    return { kind: "ready", threads: 1, about: "JavaScript kernels" };
  },
};

/**
 * Selects the backend for everything that follows and waits until it is ready.
 *
 * @param name - `auto` takes the first present of native, wasm, cpu, or a graphics device that a measured step shows to be faster; the environment variable `ESTA_BACKEND` stands in for `auto`.
 * @returns the backend in use, and in its reason which ones were passed over and why.
 * @throws {UsageError} when a backend asked for by name is not present, or an option is wrong.
 */
export async function useBackend(name: BackendChoice = "auto", options: BackendOptions = {}): Promise<BackendInUse> {
  const fromEnvironment = process.env["ESTA_BACKEND"];
  const byEnvironment = name === "auto" && fromEnvironment !== undefined && fromEnvironment !== "";
  const asked = byEnvironment ? fromEnvironment : name;
  const threads = options.threads ?? availableParallelism();
  throwProblems([
    ...choiceProblem("useBackend", byEnvironment ? "ESTA_BACKEND" : "backend", asked, ["auto", ...backendNames]),
    ...wholeNumberProblem("useBackend", "threads", threads, 1, 256),
  ]);
  registerCpuBackend();
  const candidates = backendNames.filter((candidate) => asked === "auto" || asked === candidate);
  const absent: string[] = [];
  for (const backend of candidates) {
    const trial = await trials[backend](threads);
    if (trial.kind === "absent") {
      absent.push(trial.reason);
      continue;
    }
    if (asked === "auto" && mayHaveDevice()) {
      const probed = await probeDevices(backend, options);
      if (probed !== undefined) return probed;
    }
    const why = asked === "auto" ? (absent.length === 0 ? "the fastest here" : absent.join("; ")) : byEnvironment ? "set by ESTA_BACKEND" : "asked for";
    return { backend, reason: `${trial.about}; ${why}`, threads: trial.threads };
  }
  throw new UsageError(`useBackend: backend ${asked} is not usable (${absent.join("; ")}). Mend that, or use "auto".`);
}

/** Tries the graphics devices against the backend that is current; nothing where there is none. */
async function probeDevices(own: BackendName, { threads = availableParallelism(), probe = defaultProbe }: BackendOptions): Promise<BackendInUse | undefined> {
  const ready = new Map<BackendName, { readonly threads: number; readonly about: string }>();
  const devices = (["tensorflow", "webgpu"] as const).map((backend) => ({
    backend,
    start: async () => {
      const trial = await trials[backend](threads);
      if (trial.kind === "absent" || trial.device !== true) return false;
      ready.set(backend, trial);
      return true;
    },
  }));
  const result = await fastestOf<BackendName>(own, devices, () => probeSeconds(probe), (backend) => tf.setBackend(backend));
  if (result === undefined) return undefined;
  const chosen = ready.get(result.backend) ?? (await trials[result.backend](threads));
  if ("kind" in chosen && chosen.kind === "absent") return undefined;
  const { about, threads: used } = chosen as { readonly threads: number; readonly about: string };
  return { backend: result.backend, reason: `${about}; ${result.reason}`, threads: used };
}
