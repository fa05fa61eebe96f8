/**
 * @file Whether a device of its own (a CUDA card, a WebGPU device) trains faster than the processor: a short step is measured, not guessed.
 */
import { existsSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { attention } from "./attention.js";
import { biasGelu } from "./bias-gelu.js";
import { biasResidual } from "./bias-residual.js";
import { differentiate } from "./differentiate.js";
import { layerNorm } from "./layer-norm.js";
import { linear } from "./linear.js";

/** Sizes of the step that a probe measures: those of the family at hand. */
export interface ProbeShape {
  /** Features of a token, of the largest anchor; a multiple of 16. */
  readonly width: number;
  readonly tokens: number;
  readonly batch: number;
}

/** The mini family's largest anchor at its finest patches. */
export const defaultProbe: ProbeShape = { width: 192, tokens: 65, batch: 32 };

/** Whether the system shows a graphics device at all; without one nothing is loaded only to find that out. */
export function mayHaveDevice(platform: string = process.platform, exists: (path: string) => boolean = existsSync): boolean {
  return platform !== "linux" || exists("/dev/nvidiactl") || exists("/dev/dri");
}

/** Best of three times of a block's training step on the current backend, seconds; two steps before them warm up. */
export function probeSeconds({ width, tokens, batch }: ProbeShape): number {
  const filled = (shape: number[], factor: number): tf.Tensor => tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) => factor * Math.sin(index + 1)), shape);
  const small = 1 / Math.sqrt(width);
  const [x, gain, bias, wide] = [filled([batch, tokens, width], 1), filled([width], 1), filled([width], 0.1), filled([4 * width], 0.1)];
  const [qkv, proj, fc1, fc2] = [filled([3 * width, width], small), filled([width, width], small), filled([4 * width, width], small), filled([width, 4 * width], small / 2)];
  const heads = width / 16;
  const step = (): void => tf.tidy(() => {
    const { value, gradients } = differentiate(() => {
      const mixed = biasResidual(linear(attention(linear(layerNorm(x, gain, bias, 1e-6), qkv), heads), proj), bias, x);
      return tf.mean(biasResidual(linear(biasGelu(linear(mixed, fc1), wide), fc2), bias, mixed));
    }, [gain, bias, wide]);
    // Reading waits for a device to be done.
    gradients[0]!.dataSync();
    tf.dispose([value, ...gradients.filter((gradient) => gradient !== undefined)]);
  });
  step();
  step();
  const times = [0, 1, 2].map(() => {
    const started = performance.now();
    step();
    return (performance.now() - started) / 1000;
  });
  tf.dispose([x, gain, bias, wide, qkv, proj, fc1, fc2]);
  return Math.min(...times);
}

/** A backend on a device, to be tried against the processor. */
export interface DeviceCandidate<Name extends string> {
  readonly backend: Name;
  /** Starts it and makes it the current one; false where it is absent or a software device. */
  readonly start: () => Promise<boolean>;
}

/** What the probe found. */
export interface ProbeResult<Name extends string> {
  readonly backend: Name;
  /** What was measured, for people. */
  readonly reason: string;
}

/**
 * Measures the processor's backend, which is current, and each device that starts; the fastest is current afterwards.
 *
 * @param measure - seconds of a step on the current backend.
 * @param use - makes a backend the current one.
 * @returns nothing where no device starts: then nothing was measured.
 */
export async function fastestOf<Name extends string>(own: Name, devices: readonly DeviceCandidate<Name>[], measure: () => number, use: (backend: Name) => Promise<unknown>): Promise<ProbeResult<Name> | undefined> {
  const measured: { readonly backend: Name; readonly seconds: number }[] = [];
  for (const { backend, start } of devices) {
    try {
      if (await start()) measured.push({ backend, seconds: measure() });
    } catch {
      // A device that fails on a small step is no candidate.
    }
  }
  await use(own);
  if (measured.length === 0) return undefined;
  const all = [{ backend: own, seconds: measure() }, ...measured];
  const best = all.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  if (best.backend !== own) await use(best.backend);
  return { backend: best.backend, reason: `measured: ${all.map(({ backend, seconds }) => `${backend} ${(1000 * seconds).toFixed(1)} ms`).join(", ")} a step` };
}
