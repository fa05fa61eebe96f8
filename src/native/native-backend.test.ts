/**
 * @file What only the native backend can get wrong: memory that is used again, threads, and calls with wrong sizes.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { adamWStep, attention, biasGelu, biasResidual, createAdamWState, layerNorm, linear, softmaxCrossEntropy, takeToken, tf, useBackend } from "../tensor/index.js";
import type { Tensor, Variable } from "../tensor/index.js";
import { loadAddon } from "./addon.js";
import type { Addon, Weight } from "./addon.js";

const found = loadAddon();
if (found.kind === "absent") console.log(`skipped the native backend: ${found.reason}`);

/** A small transformer with everything in it, and a training step; the same numbers for the same seed. */
function smallModel(batch: number, tokens: number, width: number): { parameters: Record<string, Variable>; step: () => number } {
  const stream = createRng(7).stream("model");
  const draw = (shape: number[], scale: number): Tensor => tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * stream.normal()), shape);
  const shapes: Record<string, number[]> = {
    gain: [width],
    bias: [width],
    qkv: [3 * width, width],
    qkvBias: [3 * width],
    loraA: [4, width],
    loraB: [3 * width, 4],
    fc1: [4 * width, width],
    fc1Bias: [4 * width],
    fc2: [width, 4 * width],
    head: [10, width],
  };
  const parameters = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, tf.tidy(() => tf.variable(draw(shape, 0.3)))]));
  const p = (name: string): Variable => parameters[name]!;
  const images = draw([batch, tokens, width], 1);
  const labels = tf.tensor1d(Array.from({ length: batch }, (_, row) => row % 10), "int32");
  const state = createAdamWState();
  const forward = (): Tensor => {
    const lora = { loraA: p("loraA"), loraB: p("loraB"), scaling: 0.5 };
    const mixed = attention(linear(layerNorm(images, p("gain"), p("bias"), 1e-6), p("qkv"), p("qkvBias"), lora), width / 8);
    const x = biasResidual(mixed, p("bias"), images);
    return linear(takeToken(biasResidual(linear(biasGelu(linear(x, p("fc1")), p("fc1Bias")), p("fc2")), p("bias"), x), 0), p("head"));
  };
  const step = (): number => {
    const { value, grads } = tf.variableGrads(() => softmaxCrossEntropy(forward(), labels) as tf.Scalar, Object.values(parameters));
    const gradients = Object.fromEntries(Object.entries(parameters).map(([name, variable]) => [name, grads[variable.name]!]));
    adamWStep(parameters, gradients, state, { learningRate: 1e-3, weightDecay: 1e-2 });
    const loss = value.dataSync()[0]!;
    tf.dispose([value, grads]);
    return loss;
  };
  return { parameters, step };
}

describe.skipIf(found.kind === "absent")("the native backend", () => {
  const addon = (): Addon => (found as { addon: Addon }).addon;
  beforeAll(async () => void (await useBackend("native")));
  afterAll(async () => void (await useBackend("native")));

  test.each([
    [28, 8, 16],
    [29, 9, 17],
    [61, 300, 1100],
    [40, 520, 2100],
    [300, 31, 48],
    [2080, 48, 144],
    [33, 2080, 512],
    [40, 1024, 300],
  ])("a product of %i × %i with %i columns is the sum of products, read any way round", (rows, depth, columns) => {
    const stream = createRng(3).stream("product");
    const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => stream.normal());
    const [left, right] = [draw(rows * depth), draw(depth * columns)];
    for (const [turnLeft, turnRight] of [[false, false], [true, false], [false, true], [true, true]] as const) {
      const a = tf.tensor(left, turnLeft ? [depth, rows] : [rows, depth]);
      const b = tf.tensor(right, turnRight ? [columns, depth] : [depth, columns]);
      const values = tf.tidy(() => tf.matMul(a, b, turnLeft, turnRight).dataSync());
      tf.dispose([a, b]);
      let largest = 0;
      for (let row = 0; row < rows; row += rows > 100 ? 37 : 1) {
        for (let column = 0; column < columns; column++) {
          let sum = 0;
          for (let k = 0; k < depth; k++) sum += left[turnLeft ? k * rows + row : row * depth + k]! * right[turnRight ? column * depth + k : k * columns + column]!;
          largest = Math.max(largest, Math.abs(sum - values[row * columns + column]!));
        }
      }
      expect(largest).toBeLessThan(2e-5 * Math.sqrt(depth));
    }
  });

  test("1,000 training steps leave neither tensors nor memory behind", () => {
    const { parameters, step } = smallModel(4, 5, 16);
    for (let index = 0; index < 300; index++) step();
    const before = { ...tf.memory() };
    const residentBefore = process.memoryUsage.rss();
    for (let index = 0; index < 1000; index++) step();
    const after = tf.memory();
    expect([after.numTensors, after.numDataBuffers, after.numBytes]).toEqual([before.numTensors, before.numDataBuffers, before.numBytes]);
    expect((process.memoryUsage.rss() - residentBefore) / 2 ** 20).toBeLessThan(48);
    tf.dispose(parameters);
  });

  test("training gives the same bytes with any number of threads, and twice with the same", async () => {
    const train = async (threads: number): Promise<Float32Array[]> => {
      await useBackend("native", { threads });
      const { parameters, step } = smallModel(24, 17, 48);
      for (let index = 0; index < 3; index++) step();
      const bytes = Object.values(parameters).map((variable) => variable.dataSync() as Float32Array);
      tf.dispose(parameters);
      return bytes;
    };
    const once = await train(1);
    for (const threads of [1, 2, 3, 7]) expect(await train(threads), `${threads} threads`).toEqual(once);
  });

  test("an array read from a tensor keeps its numbers when the tensor's memory is used again", () => {
    const first = tf.add(tf.ones([64]), 1);
    const read = first.dataSync();
    first.dispose();
    const second = tf.add(tf.fill([64], 5), 1);
    expect([...read]).toEqual(Array(64).fill(2));
    second.dispose();
  });

  test("an array given to a tensor stays the caller's, and the tensor does not follow it", () => {
    const given = new Float32Array([1, 2, 3, 4]);
    const x = tf.tensor1d(given);
    given[0] = 9;
    expect([...x.dataSync()]).toEqual([1, 2, 3, 4]);
    x.dispose();
    tf.add(tf.fill([4], 7), 1).dispose();
    expect([...given]).toEqual([9, 2, 3, 4]);
  });

  test("a view that a JavaScript kernel returns survives its input", () => {
    const x = tf.add(tf.range(0, 12), 0);
    const [head, tail] = tf.split(x, 2) as [Tensor, Tensor];
    const last = tf.stridedSlice(x, [10], [12]);
    x.dispose();
    const others = Array.from({ length: 8 }, () => tf.add(tf.zeros([12]), 100));
    expect([...head.dataSync(), ...tail.dataSync(), ...last.dataSync()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 10, 11]);
    tf.dispose([head, tail, last, others]);
  });

  test("a tensor cast to float32 computes, and the one it was cast from stays as it was", () => {
    tf.tidy(() => {
      const labels = tf.tensor1d([1, 0], "int32");
      const flags = tf.tensor1d([1, 0], "bool");
      const logits = tf.tensor2d([[1, 2], [3, 4]]);
      expect([...tf.mul(tf.cast(labels, "float32"), 0.5).dataSync()]).toEqual([0.5, 0]);
      expect([...tf.add(tf.cast(flags, "float32"), 0.5).dataSync()]).toEqual([1.5, 0.5]);
      expect([...labels.dataSync(), ...flags.dataSync()]).toEqual([1, 0, 1, 0]);
      expect(softmaxCrossEntropy(logits, labels).dataSync()[0]).toBeCloseTo((Math.log(1 + Math.exp(-1)) + Math.log(1 + Math.exp(1))) / 2, 6);
      expect([...linear(tf.tensor2d([[1, 2]], [1, 2], "int32"), tf.tensor2d([[0.5, 0.25]])).dataSync()]).toEqual([1]);
    });
  });

  test("empty batches give empty results and gradients of zero", () => {
    tf.tidy(() => {
      const weight = tf.ones([3, 4]);
      const total = (x: Tensor, matrix: Tensor): tf.Scalar => tf.sum(attention(linear(layerNorm(x, tf.ones([4]), tf.ones([4]), 1e-6), matrix), 1)) as tf.Scalar;
      const { value, grads } = tf.valueAndGrads(total)([tf.zeros([0, 5, 4]), weight]);
      expect(value.dataSync()[0]).toBe(0);
      expect(grads[0]!.shape).toEqual([0, 5, 4]);
      expect([...grads[1]!.dataSync()]).toEqual(Array(12).fill(0));
      expect(biasGelu(tf.zeros([0, 4]), tf.ones([4])).shape).toEqual([0, 4]);
      expect(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).arraySync()).toEqual([[0, 0, 0], [0, 0, 0]]);
    });
  });

  test("a scope's memory can be used again while its result lives", () => {
    const kept = tf.tidy(() => tf.reshape(tf.mul(tf.ones([3, 4]), 2), [4, 3]));
    for (let round = 0; round < 4; round++) tf.add(tf.ones([12]), 41).dispose();
    expect([...kept.dataSync()]).toEqual(Array(12).fill(2));
    kept.dispose();
  });

  test("NaN and infinity in one row reach that row's results and no other", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[1, 2, 3], [NaN, 1, 2], [4, Infinity, 6], [7, 8, 9]]);
      const width = tf.ones([3]);
      const finite = (y: Tensor): boolean[] => (y.arraySync() as number[][]).map((row) => row.every(Number.isFinite));
      for (const y of [layerNorm(x, width, width, 1e-6), tf.softmax(x), linear(x, tf.ones([2, 3])), tf.reshape(attention(tf.reshape(x, [4, 1, 3]), 1), [4, 1])]) {
        expect(finite(y)).toEqual([true, false, false, true]);
      }
      const gelu = biasGelu(tf.tensor2d([[NaN, Infinity, -Infinity, 0, 40, -40]]), tf.zeros([6])).dataSync();
      expect([...gelu.slice(0, 2), ...gelu.slice(3)]).toEqual([NaN, Infinity, 0, 40, -0]);
    });
  });

  test("the exponential, the error function and their limits are those of double precision", () => {
    const xs = Float32Array.from([-Infinity, -104, -87.5, -87.2, -20, -1, -1e-8, 0, 1e-8, 0.3, 1, 10, 88.6, 89, Infinity, NaN]);
    const out = new Float32Array(xs.length);
    addon().unary("exp", xs, out);
    xs.forEach((x, index) => {
      const expected = Math.exp(x) < 1.2e-38 ? 0 : Math.fround(Math.exp(x));
      if (Number.isFinite(expected)) expect(Math.abs(out[index]! - expected), `exp(${x})`).toBeLessThanOrEqual(expected * 3e-7);
      else expect(out[index]).toBe(expected);
    });
    const known: [number, number][] = [[0, 0], [0.1, 0.1124629160182849], [0.5, 0.5204998778130465], [1, 0.8427007929497149], [2, 0.9953222650189527], [3, 0.9999779095030014], [4.5, 1], [Infinity, 1], [-1, -0.8427007929497149]];
    const values = Float32Array.from(known, ([x]) => x);
    const erf = new Float32Array(known.length);
    addon().unary("erf", values, erf);
    known.forEach(([x, expected], index) => expect(Math.abs(erf[index]! - expected), `erf(${x})`).toBeLessThan(2e-7));
  });

  test("kernels called with wrong sizes, at random, answer with an error and never with a crash", () => {
    const stream = createRng(8).stream("fuzz");
    const array = (): Float32Array => new Float32Array(stream.integer(4) === 0 ? 0 : stream.integer(70));
    const weight = (): Weight => [array(), new Uint16Array(array().length), new Int16Array(array().length)][stream.integer(3)]!;
    const size = (): number => [0, 1, 2, 3, 5, 8, 16, 17, 2 ** 31, 2 ** 32 - 1][stream.integer(10)]!;
    const kernels: ((a: Addon) => void)[] = [
      (a) => a.matmul(array(), array(), array(), size(), size(), size(), size(), size(), size(), stream.integer(2) === 1, stream.integer(2) === 1),
      (a) => a.linear(array(), weight(), array(), array(), array(), 1, array(), size(), size(), size(), size()),
      (a) => a.linearBackwardX(array(), weight(), array(), array(), 1, array(), size(), size(), size(), size()),
      (a) => a.linearBackwardLora(array(), array(), array(), array(), 1, array(), array(), size(), size(), size(), size()),
      (a) => a.layerNorm(array(), array(), array(), 1e-6, array(), size(), size()),
      (a) => a.layerNormBackward(array(), array(), array(), 1e-6, array(), array(), array(), size(), size()),
      (a) => a.biasGelu(array(), array(), array(), size(), size()),
      (a) => a.biasGeluBackward(array(), array(), array(), array(), array(), size(), size()),
      (a) => a.biasResidual(array(), array(), array(), array(), size(), size()),
      (a) => a.attention(array(), array(), size(), size(), size(), size()),
      (a) => a.attentionBackward(array(), array(), array(), size(), size(), size(), size()),
      (a) => a.classAttention(array(), array(), size(), size(), size(), size()),
      (a) => a.classAttentionBackward(array(), array(), array(), size(), size(), size(), size()),
      (a) => a.block(array(), Array.from({ length: 12 + stream.integer(4) }, array), array(), array(), Array.from({ length: 5 + stream.integer(3) }, size), 1e-6, 1),
      (a) => a.blockBackward(array(), Array.from({ length: 14 }, array), array(), array(), array(), array(), Array.from({ length: 6 }, size), 1e-6, 1),
      (a) => a.rmsNorm(array(), array(), 1e-6, array(), size(), size()),
      (a) => a.rmsNormBackward(array(), array(), array(), 1e-6, array(), array(), size(), size()),
      (a) => a.rotary(array(), array(), size(), size(), size(), size(), stream.integer(2) === 1, 1e4, stream.integer(9), 1),
      (a) => a.siluGate(array(), array(), array()),
      (a) => a.siluGateBackward(array(), array(), array(), array(), array()),
      (a) => a.causalAttention(array(), array(), array(), array(), size(), size(), size(), size(), size(), size()),
      (a) => a.causalAttentionBackward(array(), array(), array(), array(), array(), array(), array(), size(), size(), size(), size(), size(), size()),
      (a) => a.tokenLoss(array(), Int32Array.from([size()]), 1, array(), array(), size()),
      (a) => a.gatherRows(weight(), Int32Array.from([size()]), array(), size(), size()),
      (a) => a.scatterRows(array(), Int32Array.from([size()]), array(), size(), size()),
      (a) => a.widen(weight(), array()),
      (a) => a.decoderToken(array(), Array.from({ length: 9 }, weight), Array.from({ length: 7 }, array), Array.from({ length: 4 }, array), 1, array(), array(), array(), size(), size(), size(), size(), stream.integer(2) === 1, 1e4, 1e-6),
      (a) => a.decoderLayer(array(), Array.from({ length: 19 + stream.integer(2) }, array), array(), array(), Array.from({ length: 8 - stream.integer(2) }, size), stream.integer(2) === 1, 1e4, 1e-6, 1),
      (a) => a.decoderLayerBackward(array(), Array.from({ length: 20 }, array), array(), array(), array(), array(), Array.from({ length: 8 }, size), stream.integer(2) === 1, 1e4, 1e-6, 1),
      (a) => a.softmaxCrossEntropy(array(), Int32Array.from([size(), -1]), array(), size()),
      (a) => a.softmaxCrossEntropyBackward(array(), Int32Array.from([size()]), 1, array(), size()),
      (a) => a.adamW(array(), array(), array(), array(), 1, 1, 1, 0.9, 0.999, 1e-8),
      (a) => a.binary("add", array(), array(), size(), array()),
      (a) => a.unary("exp", array(), array()),
      (a) => a.softmax(array(), array(), size(), size()),
      (a) => a.sum(array(), array(), size(), size(), size()),
      (a) => a.copy(array(), size(), array(), size(), Array.from({ length: stream.integer(10) }, size)),
      (a) => a.solveFactor(new Float64Array(size() % 40).fill(1), new Float64Array(size() % 40), size(), size(), 1e-7),
      (a) => a.reflect(new Float64Array(size() % 40), new Float64Array(size() % 40), size(), size(), size()),
    ];
    let refused = 0;
    for (let round = 0; round < 6000; round++) {
      try {
        kernels[stream.integer(kernels.length)]!(addon());
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(3000);
  });

  test("a wrong size is told by name", () => {
    const numbers = (count: number): Float32Array => new Float32Array(count);
    expect(() => addon().layerNorm(numbers(6), numbers(3), numbers(2), 1e-6, numbers(6), 2, 3)).toThrow("layerNorm: bias has 2 numbers, expected 3 ([3]).");
    expect(() => addon().softmaxCrossEntropy(numbers(4), Int32Array.from([0, 2]), numbers(1), 2)).toThrow("softmaxCrossEntropy: label 2 is not one of 2 classes.");
  });
});
