/**
 * @file The backend `tensorflow` where it is set up: that it shares the kit's engine, and what its kernels might do otherwise.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { committedGoldens } from "../testing/goldens/places.js";
import { openCase, readIndex } from "../testing/goldens/golden-case.js";
import { GoldenReport } from "../testing/goldens/golden-report.js";
import { runOps } from "../testing/goldens/ops.js";
import { adamWStep, createAdamWState, linear, softmaxCrossEntropy, tf, useBackend } from "./index.js";
import { registerTensorflowBackend, tensorflowSetUpFor } from "./tensorflow-backend.js";
import { trainingProbe } from "./training-probe.js";

const state = await registerTensorflowBackend(2);
if (state.kind === "absent") console.log(`skipped: ${state.reason}`);

describe.skipIf(state.kind === "absent")("tensorflow", () => {
  beforeAll(async () => void (await tf.setBackend("tensorflow")));
  afterAll(async () => void (await useBackend("cpu")));

  test("is a backend of the kit's own engine, at the first threads that were asked for", async () => {
    expect(tf.getBackend()).toBe("tensorflow");
    expect(tf.backend().constructor.name).toBe("NodeJSKernelBackend");
    expect(state).toMatchObject({ kind: "ready", threads: 2, version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string });
    expect(await registerTensorflowBackend(1)).toBe(state);
    expect(["cpu", "gpu"]).toContain(tensorflowSetUpFor());
  });

  test("the golden values of single operations agree", async () => {
    const report = new GoldenReport(() => undefined);
    await runOps(openCase(readIndex(committedGoldens).find(({ name }) => name === "ops")!), report);
    expect(report.count("passed")).toBeGreaterThan(5);
    expect(report.lines.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });

  test("a small training step through every operation has finite gradients", () => trainingProbe());

  test("matrix products of every layout, also batched and broadcast, are exact on whole numbers", () => {
    tf.tidy(() => {
      const a = tf.tensor3d(Array.from({ length: 24 }, (_, index) => index - 7), [2, 3, 4]);
      const b = tf.tensor3d(Array.from({ length: 20 }, (_, index) => 3 - index), [1, 4, 5]);
      const turned = (x: typeof a): typeof a => tf.transpose(x, [0, 2, 1]);
      const [left, right] = [a.arraySync(), b.arraySync()];
      const expected = left.flatMap((rows) => rows.flatMap((row) => Array.from({ length: 5 }, (_, column) => row.reduce((sum, value, index) => sum + value * right[0]![index]![column]!, 0))));
      for (const turnA of [false, true]) {
        for (const turnB of [false, true]) {
          const product = tf.matMul(turnA ? turned(a) : a, turnB ? turned(b) : b, turnA, turnB);
          expect([...product.dataSync()], `${turnA} ${turnB}`).toEqual(expected);
        }
      }
    });
  });

  test("not a number and infinity come through as on the plain backend", async () => {
    const values = [NaN, Infinity, -Infinity, 0, -0.5, 2];
    const run = (): number[][] =>
      tf.tidy(() => {
        const x = tf.tensor1d(values);
        const results = [tf.relu(x), tf.erf(x), tf.exp(x), tf.maximum(x, 0), tf.minimum(x, 0), tf.sqrt(tf.abs(x)), tf.max(x), tf.softmax(tf.tensor1d([1, -Infinity, 2])), tf.cast(tf.isNaN(x), "int32"), tf.where(tf.greater(x, 0), x, tf.zerosLike(x))];
        return results.map((result) => [...result.dataSync()]);
      });
    const found = run();
    await useBackend("cpu");
    const expected = run();
    await tf.setBackend("tensorflow");
    found.forEach((row, index) => row.forEach((value, column) => (Number.isFinite(expected[index]![column]!) ? expect(value, `${index}`).toBeCloseTo(expected[index]![column]!, 6) : expect(value, `${index}`).toBe(expected[index]![column]))));
  });

  test("whole numbers keep their type", () => {
    tf.tidy(() => {
      const counts = tf.tensor1d([3, -4, 2 ** 30], "int32");
      expect(tf.add(counts, tf.scalar(1, "int32")).dtype).toBe("int32");
      expect([...tf.add(counts, tf.scalar(1, "int32")).dataSync()]).toEqual([4, -3, 2 ** 30 + 1]);
      expect(tf.mul(counts, 0.5).dtype).toBe("float32");
      expect([...tf.argMax(tf.tensor2d([[1, 5, 2], [7, 0, 7]]), 1).dataSync()]).toEqual([1, 0]);
      expect([...tf.gather(tf.tensor2d([[1, 2], [3, 4], [5, 6]]), tf.tensor1d([2, 0], "int32")).dataSync()]).toEqual([5, 6, 1, 2]);
      expect([...tf.cast(tf.tensor1d([1.9, -1.9]), "int32").dataSync()]).toEqual([1, -1]);
    });
  });

  test("tensors move between backends with their values", async () => {
    const weight = tf.variable(tf.tensor2d([[1, 2], [3, 4]]));
    const x = tf.tensor2d([[1, 1]]);
    const first = [...linear(x, weight).dataSync()];
    await useBackend("cpu");
    expect([...linear(x, weight).dataSync()]).toEqual(first);
    await tf.setBackend("tensorflow");
    expect([...linear(x, weight).dataSync()]).toEqual([3, 7]);
    tf.dispose([weight, x]);
  });

  test("training steps leave no tensors behind", () => {
    const weight = tf.variable(tf.tensor2d([[0.1, -0.2], [0.3, 0.4], [0, 0.1]]));
    const images = tf.tensor2d([[1, 2], [-1, 0.5]]);
    const labels = tf.tensor1d([2, 0], "int32");
    const memory = createAdamWState();
    const losses: number[] = [];
    const step = (): void => {
      const { value, grads } = tf.variableGrads(() => softmaxCrossEntropy(linear(images, weight), labels) as ReturnType<typeof tf.scalar>, [weight]);
      adamWStep({ weight }, { weight: grads[weight.name]! }, memory, { learningRate: 0.05, weightDecay: 0 });
      losses.push(value.dataSync()[0]!);
      tf.dispose([value, grads]);
    };
    const { binding } = tf.backend() as unknown as { binding: { getNumOfTensors(): number } };
    const counts = (): number[] => [tf.memory().numTensors, tf.engine().backend.numDataIds(), binding.getNumOfTensors()];
    step();
    const before = counts();
    for (let index = 0; index < 30; index++) step();
    expect(counts()).toEqual(before);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    tf.dispose([weight, images, labels]);
  });
});
