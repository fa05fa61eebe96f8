/**
 * @file The backend `webgpu` where it is set up and a device is found: reads that return at once, the kernels replaced, and what
 * TensorFlow.js's kernels might do otherwise.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { committedGoldens } from "../testing/goldens/places.js";
import { openCase, readIndex } from "../testing/goldens/golden-case.js";
import { GoldenReport } from "../testing/goldens/golden-report.js";
import { runOps } from "../testing/goldens/ops.js";
import { adamWStep, createAdamWState, linear, softmaxCrossEntropy, tf, useBackend } from "./index.js";
import { readTogether } from "./read-together.js";
import { trainingProbe } from "./training-probe.js";
import { registerWebgpuBackend } from "./webgpu-backend.js";

const state = await registerWebgpuBackend();
if (state.kind === "absent") console.log(`skipped: ${state.reason}`);

describe.skipIf(state.kind === "absent")("webgpu", () => {
  beforeAll(async () => void (await tf.setBackend("webgpu")));
  afterAll(async () => void (await useBackend("cpu")));

  /** Runs on the backend and on `cpu`, which is slow and plain. */
  async function onBoth(compute: () => tf.Tensor[]): Promise<[found: number[][], expected: number[][]]> {
    const run = (): number[][] => tf.tidy(() => compute().map((result) => [...result.dataSync()]));
    const found = run();
    await useBackend("cpu");
    const expected = run();
    await tf.setBackend("webgpu");
    return [found, expected];
  }

  test("is named after its hardware, registered once, and leaves no trace of a browser", async () => {
    expect(state).toMatchObject({ kind: "ready", adapter: expect.stringMatching(/\w/) as string });
    expect(await registerWebgpuBackend()).toBe(state);
    expect(tf.getBackend()).toBe("webgpu");
    expect((globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu).toBeUndefined();
  });

  test("results are read in the same turn of the event loop, and setImmediate is as before", () => {
    const before = globalThis.setImmediate;
    tf.tidy(() => {
      const x = tf.tensor2d([[1, 2], [3, 4]]);
      expect([...tf.matMul(x, x).dataSync()]).toEqual([7, 10, 15, 22]);
      expect([...tf.greater(x, 2).dataSync()]).toEqual([0, 0, 1, 1]);
      expect([...tf.zeros([0, 3]).dataSync()]).toEqual([]);
    });
    expect(globalThis.setImmediate).toBe(before);
  });

  test("asynchronous reads work too, also several at once", async () => {
    const [a, b] = [tf.square(tf.range(0, 2000)), tf.neg(tf.range(0, 3))];
    const [values, others] = await Promise.all([a.data(), b.data()]);
    expect(values[1999]).toBe(1999 ** 2);
    expect([...others]).toEqual([-0, -1, -2]);
    tf.dispose([a, b]);
  });

  test("results can be read while the profiler waits for its times", async () => {
    const read: number[] = [];
    const { kernels } = await tf.profile(() => {
      const y = tf.square(tf.add(tf.range(0, 2000), 1));
      read.push(y.dataSync()[9]!);
      read.push(tf.neg(y).dataSync()[1]!);
      return y;
    });
    expect(read).toEqual([100, -4]);
    expect(kernels.length).toBeGreaterThan(2);
    for (const { kernelTimeMs } of kernels) expect(await kernelTimeMs).toBeGreaterThanOrEqual(0);
  });

  test("tensors of several sizes and places are read together in order", () => {
    tf.tidy(() => {
      const host = tf.tensor1d([5, 6, 7]);
      const computed = tf.add(tf.ones([3, 1000]), 1);
      const counts = tf.cast(tf.tensor1d([1.5, -2.5]), "int32");
      const [first, second, third, again] = readTogether([host, computed, counts, computed]);
      expect([...first!]).toEqual([5, 6, 7]);
      expect([...second!]).toEqual(Array.from({ length: 3000 }, () => 2));
      expect([...third!]).toEqual([1, -2]);
      expect([...again!]).toEqual([...second!]);
    });
  });

  test("what is read does not change when buffers are used again", () => {
    const read = tf.tidy(() => tf.add(tf.zeros([64, 64]), 3).dataSync());
    tf.tidy(() => void tf.add(tf.zeros([64, 64]), 9).dataSync());
    expect([...new Set(read)]).toEqual([3]);
  });

  test("the device outlives a collection of garbage", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    for (let round = 0; round < 3; round++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 1)); // finalizers run between turns
    }
    expect(tf.tidy(() => [...tf.square(tf.add(tf.ones([3]), 1)).dataSync()])).toEqual([4, 4, 4]);
  });

  test("the golden values of single operations agree", async () => {
    const report = new GoldenReport(() => undefined);
    await runOps(openCase(readIndex(committedGoldens).find(({ name }) => name === "ops")!), report);
    expect(report.count("passed")).toBeGreaterThan(5);
    expect(report.lines.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });

  test("a small training step through every operation has finite gradients", () => trainingProbe());

  test("padding pads any axes of up to five, as the plain backend does", async () => {
    const paddings: [number, number][][] = [
      [[1, 2]],
      [[0, 0], [0, 3]],
      [[1, 0], [0, 0], [0, 0], [0, 0], [0, 0]],
      [[0, 0], [0, 0], [2, 1], [0, 0], [0, 0]],
      [[0, 0], [1, 0], [0, 0], [0, 0], [0, 2]],
      [[0, 0], [0, 0], [0, 0], [0, 0], [0, 0]],
    ];
    const [found, expected] = await onBoth(() =>
      paddings.map((padding) => {
        const shape = [2, 3, 2, 4, 3].slice(0, padding.length);
        return tf.pad(tf.reshape(tf.range(0, tf.util.sizeFromShape(shape)), shape), padding, 0.5);
      }),
    );
    expect(found).toEqual(expected);
  });

  test("the logarithm of the softmax is exact also for large logits", async () => {
    const [found, expected] = await onBoth(() => [tf.logSoftmax(tf.tensor2d([[1000, 999, -1000], [0, 0, 0], [-3, 2, 0.5]]))]);
    found[0]!.forEach((value, index) => expect(Math.abs(value - expected[0]![index]!)).toBeLessThanOrEqual(2e-7 * Math.max(1, Math.abs(expected[0]![index]!))));
  });

  test("sine and cosine are good to the last digits, which WGSL's own are not", () => {
    const angles = Float32Array.from({ length: 4001 }, (_, index) => (index - 2000) * 0.37);
    const [sines, cosines] = tf.tidy(() => [tf.sin(tf.tensor1d(angles)).dataSync(), tf.cos(tf.tensor1d(angles)).dataSync()]);
    angles.forEach((angle, index) => {
      expect(Math.abs(sines[index]! - Math.sin(angle)), `sine of ${angle}`).toBeLessThan(1e-6);
      expect(Math.abs(cosines[index]! - Math.cos(angle)), `cosine of ${angle}`).toBeLessThan(1e-6);
    });
    expect(tf.tidy(() => tf.sin(tf.tensor1d([Infinity, NaN])).dataSync().every(Number.isNaN))).toBe(true);
  });

  test("matrix products of every layout and size class agree with the plain backend", async () => {
    const draw = createRng(3).stream("matrices");
    const filled = (shape: number[]): tf.Tensor => tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => draw.uniform() - 0.5), shape);
    // few results, few tiles, a long inner axis, many tiles, and batches
    const sizes = [[1, 3, 5, 7], [1, 40, 24, 33], [1, 24, 2100, 20], [1, 8, 2048, 16], [1, 150, 70, 130], [6, 17, 16, 17]] as const;
    const arguments_ = sizes.flatMap(([batch, m, k, n]) =>
      [false, true].flatMap((turnA) => [false, true].map((turnB) => ({ a: filled([batch, ...(turnA ? [k, m] : [m, k])]), b: filled([batch, ...(turnB ? [n, k] : [k, n])]), turnA, turnB }))),
    );
    const [found, expected] = await onBoth(() => arguments_.map(({ a, b, turnA, turnB }) => tf.matMul(a, b, turnA, turnB)));
    found.forEach((values, which) => {
      const worst = values.reduce((most, value, index) => Math.max(most, Math.abs(value - expected[which]![index]!)), 0);
      expect(worst, `product ${which}`).toBeLessThan(2e-5);
    });
    tf.dispose(arguments_.map(({ a, b }) => [a, b]));
  });

  test("not a number and infinity come through as on the plain backend", async () => {
    const [found, expected] = await onBoth(() => {
      const x = tf.tensor1d([NaN, Infinity, -Infinity, 0, -0.5, 2]);
      // WGSL promises nothing of exp(NaN), and SwiftShader returns infinity
      return [tf.erf(x), tf.exp(tf.slice(x, 1)), tf.add(x, 1), tf.mul(x, 2), tf.square(x), tf.sqrt(tf.abs(x)), tf.sum(x), tf.matMul(tf.reshape(x, [1, 6]), tf.ones([6, 1])), tf.softmax(tf.tensor1d([1, -Infinity, 2]))];
    });
    found.forEach((row, index) => row.forEach((value, column) => (Number.isFinite(expected[index]![column]!) ? expect(value, `${index}`).toBeCloseTo(expected[index]![column]!, 5) : expect(value, `${index}`).toBe(expected[index]![column]))));
  });

  test("whole numbers keep their type", () => {
    tf.tidy(() => {
      const counts = tf.tensor1d([3, -4, 2 ** 30], "int32");
      expect([...tf.add(counts, tf.scalar(1, "int32")).dataSync()]).toEqual([4, -3, 2 ** 30 + 1]);
      expect([...tf.argMax(tf.tensor2d([[1, 5, 2], [7, 0, 7]]), 1).dataSync()]).toEqual([1, 0]);
      expect([...tf.gather(tf.tensor2d([[1, 2], [3, 4], [5, 6]]), tf.tensor1d([2, 0], "int32")).dataSync()]).toEqual([5, 6, 1, 2]);
      expect([...tf.cast(tf.oneHot(tf.tensor1d([1, 0], "int32"), 2), "float32").dataSync()]).toEqual([0, 1, 1, 0]);
    });
  });

  test("tensors move between backends with their values", async () => {
    const weight = tf.variable(tf.tensor2d([[1, 2], [3, 4]]));
    const x = tf.tensor2d([[1, 1]]);
    const first = [...linear(x, weight).dataSync()];
    await useBackend("cpu");
    expect([...linear(x, weight).dataSync()]).toEqual(first);
    await tf.setBackend("webgpu");
    expect([...linear(x, weight).dataSync()]).toEqual([3, 7]);
    tf.dispose([weight, x]);
  });

  test("a fault of the device is an error at the next read, and the one after works", () => {
    const { device } = tf.backend() as unknown as { device: { createShaderModule(descriptor: { code: string }): unknown } };
    const x = tf.square(tf.tensor1d([3]));
    device.createShaderModule({ code: "no shader" });
    expect(() => tf.relu(x).dataSync()).toThrow(/^webgpu: the device reports a fault: .*WGSL/);
    expect([...tf.relu(x).dataSync()]).toEqual([9]);
    tf.dispose(x);
  });

  test("training steps learn and leave neither tensors nor device memory behind", () => {
    const weight = tf.variable(tf.tensor2d([[0.1, -0.2], [0.3, 0.4], [0, 0.1]]));
    const images = tf.tensor2d([[1, 2], [-1, 0.5]]);
    const labels = tf.tensor1d([2, 0], "int32");
    const memory = createAdamWState();
    const losses: number[] = [];
    const step = (): void => {
      const { value, grads } = tf.variableGrads(() => softmaxCrossEntropy(linear(images, weight), labels) as tf.Scalar, [weight]);
      adamWStep({ weight }, { weight: grads[weight.name]! }, memory, { learningRate: 0.05, weightDecay: 0 });
      losses.push(value.dataSync()[0]!);
      tf.dispose([value, grads]);
    };
    const counts = (): unknown[] => [tf.memory().numTensors, tf.engine().backend.numDataIds(), (tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU];
    step();
    step();
    const before = counts();
    for (let index = 0; index < 28; index++) step();
    expect(counts()).toEqual(before);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    tf.dispose([weight, images, labels]);
  });
});
