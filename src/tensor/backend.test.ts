/**
 * @file The choice of backend: what is asked for is taken or refused by name, and the reason is told.
 */
import { afterEach, expect, test, vi } from "vitest";
import { UsageError } from "../checks.js";
import { attention, biasGelu, layerNorm, linear, softmaxCrossEntropy, takeToken, tf, useBackend } from "./index.js";
import { trainingProbe } from "./training-probe.js";

afterEach(() => vi.unstubAllEnvs());

test("auto takes one that trains and says why", async () => {
  vi.stubEnv("ESTA_BACKEND", "");
  const { backend, reason, threads } = await useBackend("auto");
  expect(tf.getBackend()).toBe(backend);
  expect(reason).toMatch(backend === "native" ? /^Rust kernels, (baseline|avx2|avx512|avx512 and amx); (the fastest here|measured: .*)$/ : /native/);
  expect(threads).toBeGreaterThanOrEqual(1);
  trainingProbe();
});

test("the environment stands in for auto, not for a name", async () => {
  vi.stubEnv("ESTA_BACKEND", "cpu");
  expect(await useBackend("auto")).toEqual({ backend: "cpu", reason: "JavaScript kernels; set by ESTA_BACKEND", threads: 1 });
  vi.stubEnv("ESTA_BACKEND", "fast");
  expect(await useBackend("cpu")).toEqual({ backend: "cpu", reason: "JavaScript kernels; asked for", threads: 1 });
  await expect(useBackend("auto", { threads: 0 })).rejects.toThrow(
    new UsageError([
      'useBackend: ESTA_BACKEND is "fast", expected one of auto, native, wasm, cpu, tensorflow, webgpu.',
      "useBackend: threads is 0, expected a whole number from 1 to 256.",
    ]),
  );
});

test("an unknown backend is refused with the known ones", async () => {
  await expect(useBackend("gpu" as "cpu")).rejects.toThrow('useBackend: backend is "gpu", expected one of auto, native, wasm, cpu, tensorflow, webgpu.');
});

test("shapes that do not fit are refused by operation, argument and reason", async () => {
  await useBackend("cpu");
  const message = (call: () => unknown): string => {
    try {
      call();
      return "";
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message;
    }
  };
  expect(message(() => linear(tf.zeros([2, 3]), tf.zeros([5, 4])))).toBe("linear: x has shape [2, 3], expected [2, 4] (weight is [5, 4]).");
  expect(message(() => linear(tf.zeros([2, 4]), tf.zeros([5, 4]), undefined, { loraA: tf.zeros([2, 4]), loraB: tf.zeros([5, 3]), scaling: 1 }))).toBe(
    "linear: loraB has shape [5, 3], expected [5, 2] (weight is [5, 4], loraA has rank 2).",
  );
  expect(message(() => layerNorm(tf.zeros([2, 3]), tf.zeros([4]), tf.zeros([3]), 1e-6))).toBe("layerNorm: gain has shape [4], expected [3] (x has width 3).");
  expect(message(() => biasGelu(tf.scalar(1), tf.zeros([1])))).toBe("biasGelu: x is a scalar, expected at least one axis.");
  expect(message(() => attention(tf.zeros([1, 2, 8]), 2))).toBe("attention: qkv has width 8 and heads is 2, expected a width of 3·heads·(columns per head).");
  expect(message(() => takeToken(tf.zeros([1, 2, 3]), 2))).toBe("takeToken: index is 2, expected a whole number from 0 to 1 (the tokens of x).");
  expect(message(() => softmaxCrossEntropy(tf.zeros([2, 3]), tf.tensor1d([0, 3], "int32")))).toBe(
    "softmaxCrossEntropy: label 3 of row 1 is not one of 3 classes, expected 0 to 2.",
  );
});
