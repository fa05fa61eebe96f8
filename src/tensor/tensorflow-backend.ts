/**
 * @file The optional backend `tensorflow`: TensorFlow's own kernels, on an NVIDIA card where there is one.
 *
 * `npm run setup:tensorflow` puts the library into engines/tensorflow; nothing here needs it before {@link registerTensorflowBackend} is called.
 * The kit's fused operations run by their composed definitions.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Whether the backend is registered, and what runs it; or why not. */
export type TensorflowState =
  | {
      readonly kind: "ready";
      /** TensorFlow's version, as in "2.21.0". */
      readonly version: string;
      /** Where it computes: the processor, or the first card. */
      readonly device: "cpu" | "gpu";
      /** Threads of one operation on the processor. */
      readonly threads: number;
    }
  | { readonly kind: "absent"; readonly reason: string };

/** What engines/tensorflow/load.cjs exports. */
interface Loader {
  registerTensorflow(threads: number): { readonly version: string; readonly device: "cpu" | "gpu" };
}

// The same paths from src/tensor and from dist/tensor.
const loaderPath = fileURLToPath(new URL("../../engines/tensorflow/load.cjs", import.meta.url));
const recordPath = fileURLToPath(new URL("../../engines/tensorflow/built/engine.json", import.meta.url));

/** What the backend was set up for, without loading it; undefined when it is not set up. A card that it was set up for may be gone. */
export function tensorflowSetUpFor(): "cpu" | "gpu" | undefined {
  if (!existsSync(recordPath)) return undefined;
  return readFileSync(recordPath, "utf8").includes("tfjs-node-gpu") ? "gpu" : "cpu";
}

let registered: TensorflowState | undefined;

/**
 * Registers the backend, once. TensorFlow reads its threads while it loads, so a later call keeps those of the first.
 *
 * @param threads - threads of one operation on the processor.
 */
export async function registerTensorflowBackend(threads: number): Promise<TensorflowState> {
  registered ??= register(threads);
  return registered;
}

function register(threads: number): TensorflowState {
  if (!existsSync(loaderPath)) return { kind: "absent", reason: "tensorflow is not part of this installation" };
  try {
    const loader = createRequire(import.meta.url)(loaderPath) as Loader;
    return { kind: "ready", ...loader.registerTensorflow(threads), threads };
  } catch (error) {
    const message = error instanceof Error ? error.message.split("\n", 1)[0]! : String(error);
    return { kind: "absent", reason: message.startsWith("tensorflow ") ? message : `tensorflow does not run here (${message}): run npm run setup:tensorflow` };
  }
}
