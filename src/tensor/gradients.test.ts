/**
 * @file The gradients defined for TensorFlow.js kernels against finite differences, and against tfjs's own results where backends differ.
 */
import { beforeAll, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { largestError } from "../testing/compare.js";
import { onEachBackend } from "../testing/each-backend.js";
import { tf, useBackend } from "./index.js";
import type { Tensor } from "./index.js";

/** Name, shapes of the inputs, the function; `positive` draws from 0.5 to 2 instead of the normal distribution. */
type Case = readonly [name: string, shapes: readonly number[][], run: (inputs: Tensor[]) => Tensor, positive?: boolean];

const one = (name: string, operation: (x: Tensor) => Tensor, positive = false): Case => [name, [[2, 3]], ([x]) => operation(x!), positive];
const two = (name: string, operation: (a: Tensor, b: Tensor) => Tensor): Case[] =>
  ([[[2, 3], [2, 3]], [[2, 3], [3]], [[3], [2, 3]], [[2, 1], [1, 3]], [[2, 3], []], [[2, 3, 4], [3, 1]], [[2, 1, 4], [2, 3, 1]]] as const).map(
    (shapes): Case => [`${name} of [${shapes[0].join()}] and [${shapes[1].join()}]`, shapes.map((shape) => [...shape]), ([a, b]) => operation(a!, b!), true],
  );

const cases: readonly Case[] = [
  one("abs", (x) => tf.abs(x)),
  one("cos", (x) => tf.cos(x)),
  one("erf", (x) => tf.erf(x)),
  one("log", (x) => tf.log(x), true),
  one("neg", (x) => tf.neg(x)),
  one("relu", (x) => tf.relu(tf.mul(x, tf.tensor1d([1, -1, 1]))), true),
  one("rsqrt", (x) => tf.rsqrt(x), true),
  one("sin", (x) => tf.sin(x)),
  one("square", (x) => tf.square(x)),
  one("exp", (x) => tf.exp(x)),
  one("reciprocal", (x) => tf.reciprocal(x), true),
  one("sigmoid", (x) => tf.sigmoid(x)),
  one("sqrt", (x) => tf.sqrt(x), true),
  one("tanh", (x) => tf.tanh(x)),
  ...two("add", (a, b) => tf.add(a, b)),
  ...two("sub", (a, b) => tf.sub(a, b)),
  ...two("mul", (a, b) => tf.mul(a, b)),
  ...two("div", (a, b) => tf.div(a, b)),
  ...two("maximum", (a, b) => tf.maximum(a, b)),
  ...two("minimum", (a, b) => tf.minimum(a, b)),
  ["addN", [[2, 3], [2, 3], [2, 3]], (all) => tf.addN(all)],
  one("clone", (x) => tf.clone(x)),
  one("reshape", (x) => tf.reshape(x, [3, 2])),
  one("expandDims", (x) => tf.expandDims(x, 1)),
  ["broadcastTo", [[2, 1, 3]], ([x]) => tf.broadcastTo(x!, [4, 2, 5, 3])],
  ["tile", [[2, 3]], ([x]) => tf.tile(x!, [2, 3])],
  ["transpose", [[2, 3, 4]], ([x]) => tf.transpose(x!, [2, 0, 1])],
  ["slice", [[3, 4]], ([x]) => tf.slice(x!, [1, 1], [2, 2])],
  ["pad", [[2, 3]], ([x]) => tf.pad(x!, [[1, 0], [2, 1]])],
  ["concat", [[2, 3], [2, 2]], ([a, b]) => tf.concat([a!, b!], 1)],
  ["stack", [[2, 3], [2, 3]], ([a, b]) => tf.stack([a!, b!], 1)],
  ["unstack", [[2, 3]], ([x]) => tf.mul(tf.unstack(x!, 1)[0]!, tf.unstack(x!, 1)[2]!)],
  ["split", [[2, 4]], ([x]) => tf.mul(tf.split(x!, 2, 1)[0]!, tf.split(x!, 2, 1)[1]!)],
  ["gather", [[4, 3]], ([x]) => tf.gather(x!, tf.tensor2d([[0, 3], [3, 1]], [2, 2], "int32"))],
  ["sum", [[2, 3, 4]], ([x]) => tf.sum(x!, [0, 2])],
  ["sum kept", [[2, 3, 4]], ([x]) => tf.sum(x!, 1, true)],
  ["sum of all", [[2, 3]], ([x]) => tf.sum(x!)],
  ["mean", [[2, 3, 4]], ([x]) => tf.mean(x!, -1, true)],
  ["mean of all", [[2, 3]], ([x]) => tf.mean(x!)],
  ["max", [[2, 5]], ([x]) => tf.max(x!, 1)],
  ["softmax", [[2, 5]], ([x]) => tf.softmax(x!)],
  ["logSoftmax", [[2, 5]], ([x]) => tf.logSoftmax(x!)],
  ["where", [[2, 3], [2, 3]], ([a, b]) => tf.where(tf.tensor2d([[1, 0, 1], [0, 0, 1]], [2, 3], "bool"), a!, b!)],
  ...[false, true].flatMap((turnA) =>
    [false, true].flatMap((turnB): Case[] => [
      [`matMul ${turnA} ${turnB}`, [turnA ? [4, 2] : [2, 4], turnB ? [3, 4] : [4, 3]], ([a, b]) => tf.matMul(a!, b!, turnA, turnB)],
      [`batched matMul ${turnA} ${turnB}`, [turnA ? [5, 4, 2] : [5, 2, 4], turnB ? [5, 3, 4] : [5, 4, 3]], ([a, b]) => tf.matMul(a!, b!, turnA, turnB)],
      [`matMul of a batch and one ${turnA} ${turnB}`, [turnA ? [5, 4, 2] : [5, 2, 4], turnB ? [1, 3, 4] : [1, 4, 3]], ([a, b]) => tf.matMul(a!, b!, turnA, turnB)],
    ]),
  ),
];

onEachBackend("gradients", (backend) => {
  beforeAll(async () => void (await useBackend(backend)));
  test.each(cases)("%s", async (name, shapes, run, positive = false) => {
    const stream = createRng(3).stream(name);
    const draw = (shape: number[]): Float32Array =>
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => (positive ? 0.5 + 1.5 * stream.uniform() : stream.normal()));
    const arrays = shapes.map(draw);
    const make = (): Tensor[] => arrays.map((array, index) => tf.tensor(array, shapes[index]));
    const value = (): { data: Float32Array; shape: number[] } => tf.tidy(() => ((y) => ({ data: y.dataSync() as Float32Array, shape: y.shape }))(run(make())));
    const { data, shape } = value();
    const upstream = draw(shape);
    const gradients = tf.tidy(() =>
      tf
        .grads((...inputs: Tensor[]) => tf.sum(tf.mul(run(inputs), tf.tensor(upstream, shape))))(make())
        .map((gradient) => gradient.dataSync()),
    );
    const step = 1 / 256;
    arrays.forEach((array, which) => {
      const scale = Math.max(1, ...gradients[which]!.map(Math.abs));
      for (let index = 0; index < array.length; index++) {
        const before = array[index]!;
        const at = (moved: number): number => {
          array[index] = moved;
          return value().data.reduce((sum, part, position) => sum + part * upstream[position]!, 0);
        };
        const slope = (at(before + step) - at(before - step)) / (2 * step);
        array[index] = before;
        expect(Math.abs(slope - gradients[which]![index]!) / scale, `input ${which}, element ${index}`).toBeLessThan(5e-3);
      }
    });
    await useBackend("cpu");
    const expected = value();
    await useBackend(backend);
    expect(shape).toEqual(expected.shape);
    expect(largestError(data, expected.data)).toBeLessThan(1e-5);
  });
});
