/**
 * @file The decoders' operations: identities, golden values and gradients, on every backend.
 */
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { readSafetensors } from "../anchors/safetensors.js";
import { createRng } from "../rng.js";
import { largestError } from "../testing/compare.js";
import { onEachBackend } from "../testing/each-backend.js";
import { causalAttention, differentiate, NO_LABEL, rmsNorm, rotary, siluGate, softmaxCrossEntropy, tf, tokenCrossEntropy, useBackend } from "./index.js";
import type { Tensor } from "./index.js";

const { tensors } = readSafetensors(fileURLToPath(new URL("../../data/goldens/ops/ops.safetensors", import.meta.url)));
const values = (name: string): Float32Array => tensors.get(name)!.data as Float32Array;
const golden = (name: string): Tensor => tf.tensor(values(name), [...tensors.get(name)!.shape]);
const draw = (name: string, shape: number[]): Float32Array => {
  const stream = createRng(5).stream(name);
  return Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => stream.normal());
};

/** Compares the gradients of `sum(run(inputs)·upstream)` with finite differences. */
function checkGradients(shapes: readonly number[][], run: (inputs: Tensor[]) => Tensor): void {
  const arrays = shapes.map((shape, index) => draw(`input ${index}`, shape));
  tf.tidy(() => {
    const inputs = arrays.map((array, index) => tf.tensor(Float32Array.from(array), shapes[index]));
    const upstream = ((y) => tf.tensor(draw("upstream", y.shape), y.shape))(run(inputs));
    const total = (all: Tensor[]): Tensor => tf.sum(tf.mul(run(all), upstream));
    const { gradients } = differentiate(() => total(inputs), inputs);
    const found = gradients.map((gradient) => gradient!.dataSync());
    tf.dispose(gradients as Tensor[]);
    arrays.forEach((array, which) => {
      const scale = Math.max(1, ...found[which]!.map(Math.abs));
      for (let index = 0; index < array.length; index += 3) {
        const at = (shift: number): number => {
          const moved = arrays.map((one, other) => tf.tensor(Float32Array.from(one, (value, place) => (other === which && place === index ? value + shift : value)), shapes[other]));
          return total(moved).dataSync()[0]!;
        };
        const slope = (at(1 / 128) - at(-1 / 128)) * 64;
        expect(Math.abs(slope - found[which]![index]!) / scale, `input ${which}, element ${index}`).toBeLessThan(5e-3);
      }
    });
  });
}

onEachBackend("decoder operations", (backend) => {
  beforeAll(async () => void (await useBackend(backend)));

  test("rmsNorm and its gradients agree with the golden values", () => {
    tf.tidy(() => {
      const [x, gain] = [golden("rms_norm.x"), golden("norm.gain")];
      const { gradients } = differentiate(() => tf.sum(tf.mul(rmsNorm(x, gain, 1e-5), golden("norm.dy"))), [x, gain]);
      expect(largestError(rmsNorm(x, gain, 1e-5).dataSync(), values("rms_norm.y"))).toBeLessThan(1e-4);
      expect(largestError(gradients[0]!.dataSync(), values("rms_norm.dx"))).toBeLessThan(1e-4);
      expect(largestError(gradients[1]!.dataSync(), values("rms_norm.dgain"))).toBeLessThan(1e-4);
      tf.dispose(gradients as Tensor[]);
    });
  });

  test.each([["interleaved", "rope.interleaved"], ["half-split", "rope.rotate_half"]] as const)("rotary, %s, agrees with the golden values at any start", (layout, reference) => {
    tf.tidy(() => {
      const sideBySide = (x: Tensor): Tensor => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [1, 9, 16]);
      const [x, y] = [sideBySide(golden("rope.x")), sideBySide(golden(reference))];
      expect(largestError(rotary(x, 2, { layout, theta: 10000 }).dataSync(), y.dataSync())).toBeLessThan(1e-5);
      const later = rotary(tf.slice(x, [0, 4, 0], [1, 5, 16]), 2, { layout, theta: 10000, start: 4 });
      expect(largestError(later.dataSync(), tf.slice(y, [0, 4, 0], [1, 5, 16]).dataSync())).toBeLessThan(1e-5);
    });
    checkGradients([[1, 3, 8]], ([one]) => rotary(one!, 2, { layout, theta: 100 }));
  });

  test("siluGate multiplies by the gate's SiLU, with gradients", () => {
    const gated = siluGate(tf.tensor1d([-1, 0, 2]), tf.tensor1d([3, 5, 0.5])).dataSync();
    expect(largestError(gated, [-3 / (1 + Math.E), 0, 1 / (1 + Math.exp(-2))])).toBeLessThan(1e-6);
    checkGradients([[2, 3], [2, 3]], ([gate, up]) => siluGate(gate!, up!));
  });

  test("causalAttention sees no later token, shares keys in a group, and continues from kept keys", () => {
    tf.tidy(() => {
      const heads = { heads: 4, keyValueHeads: 2 };
      const [q, k, v] = [["q", 16], ["k", 8], ["v", 8]].map(([name, width]) => tf.tensor(draw(String(name), [2, 5, Number(width)]), [2, 5, Number(width)])) as [Tensor, Tensor, Tensor];
      const whole = causalAttention(q, k, v, heads);
      const part = (x: Tensor, start: number, size: number): Tensor => tf.slice(x, [0, start, 0], [2, size, x.shape[2]!]);
      const early = causalAttention(part(q, 0, 3), part(k, 0, 3), part(v, 0, 3), heads);
      expect(largestError(early.dataSync(), part(whole, 0, 3).dataSync())).toBeLessThan(1e-5);
      const last = causalAttention(part(q, 3, 2), k, v, heads);
      expect(largestError(last.dataSync(), part(whole, 3, 2).dataSync())).toBeLessThan(1e-5);
      const [qs, ks, vs] = [q, k, v].map((x) => x.dataSync()) as [Float32Array, Float32Array, Float32Array];
      const head = 3;
      const scores = [0, 1, 2, 3, 4].map((key) => [0, 1, 2, 3].reduce((sum, i) => sum + qs[4 * 16 + head * 4 + i]! * ks[key * 8 + 4 + i]!, 0) / 2);
      const weights = scores.map((score) => Math.exp(score));
      const expected = [0, 1, 2, 3].map((i) => weights.reduce((sum, weight, key) => sum + weight * vs[key * 8 + 4 + i]!, 0) / weights.reduce((sum, weight) => sum + weight, 0));
      expect(largestError(whole.dataSync().slice(4 * 16 + head * 4, 4 * 16 + head * 4 + 4), expected)).toBeLessThan(1e-5);
    });
    checkGradients([[1, 3, 8], [1, 3, 4], [1, 3, 4]], ([queries, keys, vals]) => causalAttention(queries!, keys!, vals!, { heads: 4, keyValueHeads: 2 }));
  });

  test("tokenCrossEntropy counts labelled rows only and has the gradients of the whole logits", () => {
    tf.tidy(() => {
      const [x, weight] = [tf.tensor(draw("x", [5, 4]), [5, 4]), tf.tensor(draw("w", [7, 4]), [7, 4])];
      const labels = Int32Array.from([3, NO_LABEL, 0, 6, NO_LABEL]);
      const whole = (): Tensor => softmaxCrossEntropy(tf.matMul(tf.gather(x, tf.tensor1d([0, 2, 3], "int32")), weight, false, true), tf.tensor1d([3, 0, 6], "int32"));
      const expected = differentiate(whole, [x, weight]);
      const found = differentiate(() => tokenCrossEntropy(x, weight, labels, "features and weight"), [x, weight]);
      const frozen = differentiate(() => tokenCrossEntropy(x, weight, labels), [x, weight]);
      expect(largestError(found.value.dataSync(), expected.value.dataSync())).toBeLessThan(1e-5);
      for (const which of [0, 1]) expect(largestError(found.gradients[which]!.dataSync(), expected.gradients[which]!.dataSync())).toBeLessThan(1e-5);
      expect(largestError(frozen.gradients[0]!.dataSync(), expected.gradients[0]!.dataSync())).toBeLessThan(1e-5);
      expect(frozen.gradients[1]).toBeUndefined();
      tf.dispose([...expected.gradients, ...found.gradients, frozen.gradients[0]] as Tensor[]);
    });
  });
});

test("shapes, heads and labels that do not fit are refused", async () => {
  await useBackend("auto");
  const x = tf.zeros([1, 3, 12]);
  expect(() => rotary(x, 4, { layout: "half-split", theta: 10000 })).toThrow("rotary: x has width 12 and heads is 4, expected a width of heads times an even number of features.");
  expect(() => causalAttention(x, tf.zeros([1, 2, 6]), tf.zeros([1, 2, 6]), { heads: 2, keyValueHeads: 1 })).toThrow("causalAttention: 3 queries and 2 keys arrived, expected at least as many keys.");
  expect(() => causalAttention(x, x, x, { heads: 3, keyValueHeads: 2 })).toThrow("expected heads to divide the width and keyValueHeads to divide heads.");
  const features = tf.zeros([2, 3]);
  expect(() => tokenCrossEntropy(features, tf.zeros([4, 3]), Int32Array.of(4, 0))).toThrow("tokenCrossEntropy: label 4 of row 0 is not a token, expected 0 to 3, or -1 where nothing counts.");
  expect(() => tokenCrossEntropy(features, tf.zeros([4, 3]), Int32Array.of(-1, -1))).toThrow("tokenCrossEntropy: no row has a label, expected at least one token of a response.");
});
