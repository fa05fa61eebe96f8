/**
 * @file AdamW against the same formula in double precision; what a step does not touch stays as it is.
 */
import { beforeAll, expect, test } from "vitest";
import { UsageError } from "../checks.js";
import { createRng } from "../rng.js";
import { onEachBackend } from "../testing/each-backend.js";
import { adamWStep, createAdamWState, tf, useBackend } from "./index.js";
import type { Tensor, Variable } from "./index.js";

const settings = { learningRate: 1e-2, weightDecay: 0.05 };

/** Parameters by name in double precision, and the formula written out once more. */
class Reference {
  readonly #memory = new Map<string, { steps: number; first: number[]; second: number[] }>();

  update(name: string, values: number[], slopes: readonly number[], matrix: boolean): void {
    const memory = this.#memory.get(name) ?? { steps: 0, first: values.map(() => 0), second: values.map(() => 0) };
    this.#memory.set(name, memory);
    memory.steps++;
    values.forEach((value, index) => {
      const slope = slopes[index]!;
      const first = (memory.first[index] = 0.9 * memory.first[index]! + 0.1 * slope);
      const second = (memory.second[index] = 0.999 * memory.second[index]! + 0.001 * slope ** 2);
      const decayed = matrix ? value * (1 - settings.learningRate * settings.weightDecay) : value;
      const direction = first / (1 - 0.9 ** memory.steps) / (Math.sqrt(second / (1 - 0.999 ** memory.steps)) + 1e-8);
      values[index] = decayed - settings.learningRate * direction;
    });
  }
}

onEachBackend("AdamW", (backend) => {
  beforeAll(async () => void (await useBackend(backend)));

  test("ten steps equal the formula in double precision, each tensor by its own count, and untouched tensors stay", () => {
    const stream = createRng(4).stream("adam-w");
    const shapes: Record<string, number[]> = { matrix: [30, 50], vector: [50], token: [1, 1, 7], seldom: [3, 3], never: [4, 4] };
    const parameters: Record<string, Variable> = {};
    const expected: Record<string, number[]> = {};
    for (const [name, shape] of Object.entries(shapes)) {
      expected[name] = Array.from({ length: tf.util.sizeFromShape(shape) }, () => Math.fround(stream.normal()));
      parameters[name] = tf.variable(tf.tensor(expected[name], shape));
    }
    const never = parameters["never"]!.dataSync();
    const state = createAdamWState();
    const reference = new Reference();
    for (let step = 0; step < 10; step++) {
      const touched = ["matrix", "vector", "token", ...(step % 4 === 1 ? ["seldom"] : [])];
      const gradients: Record<string, Tensor> = {};
      for (const name of touched) {
        const slopes = expected[name]!.map(() => Math.fround(stream.normal() * 10 ** stream.integer(3)));
        gradients[name] = tf.tensor(slopes, shapes[name]);
        reference.update(name, expected[name]!, slopes, shapes[name]!.length >= 2);
      }
      adamWStep(parameters, gradients, state, settings);
      tf.dispose(gradients);
    }
    for (const name of ["matrix", "vector", "token", "seldom"]) {
      const found = parameters[name]!.dataSync();
      const error = Math.max(...expected[name]!.map((value, index) => Math.abs(value - found[index]!)));
      expect(error, name).toBeLessThan(1e-5);
    }
    expect(parameters["never"]!.dataSync()).toEqual(never);
    expect(Object.fromEntries([...state].map(([name, { steps }]) => [name, steps]))).toEqual({ matrix: 10, vector: 10, token: 10, seldom: 3 });
    tf.dispose(parameters);
  });

  test("values read, cloned or given before a step do not change with it", () => {
    const given = new Float32Array([1, 2, 3]);
    const initial = tf.tensor1d(given);
    const parameter = tf.variable(initial);
    const clone = tf.clone(parameter);
    const read = parameter.dataSync();
    const gradients = { parameter: tf.tensor1d([1, 1, 1]) };
    const state = createAdamWState();
    for (let step = 0; step < 2; step++) adamWStep({ parameter }, gradients, state, settings);
    for (const untouched of [given, initial.dataSync(), clone.dataSync(), read]) expect([...untouched]).toEqual([1, 2, 3]);
    parameter.dataSync().forEach((value, index) => expect(value).toBeCloseTo(index + 1 - 0.02, 5));
    tf.dispose([initial, parameter, clone, gradients]);
  });

  test("moments saved and restored continue to the same bytes", () => {
    const run = (interrupted: boolean): Float32Array => {
      const stream = createRng(5).stream("restore");
      let parameter = tf.variable(tf.tensor2d([[0.5, -1], [2, 0.1]]));
      let state = createAdamWState();
      for (let step = 0; step < 6; step++) {
        if (interrupted && step === 3) {
          const values = parameter.dataSync() as Float32Array;
          state = new Map([...state].map(([name, { steps, firstMoment, secondMoment }]) => [name, { steps, firstMoment: firstMoment.slice(), secondMoment: secondMoment.slice() }]));
          parameter.dispose();
          parameter = tf.variable(tf.tensor2d(values, [2, 2]));
        }
        adamWStep({ parameter }, { parameter: tf.tensor2d([stream.normal(), stream.normal(), 0, 1e-9], [2, 2]) }, state, settings);
      }
      return parameter.dataSync() as Float32Array;
    };
    expect(run(true)).toEqual(run(false));
  });

  test("a gradient without a parameter or of another shape is refused before anything moves", () => {
    const parameters = { a: tf.variable(tf.zeros([2])), b: tf.variable(tf.zeros([3])) };
    const message = (gradients: Record<string, Tensor>): string => {
      try {
        adamWStep(parameters, gradients, createAdamWState(), settings);
        return "";
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        return (error as Error).message;
      }
    };
    expect(message({ a: tf.ones([2]), c: tf.ones([3]) })).toBe("adamWStep: a gradient named c arrived, expected the name of a parameter.");
    expect(message({ a: tf.ones([2]), b: tf.ones([2]) })).toBe("adamWStep: the gradient of b has shape [2], expected [3] (the shape of the parameter).");
    expect([...parameters.a.dataSync()]).toEqual([0, 0]);
  });
});
