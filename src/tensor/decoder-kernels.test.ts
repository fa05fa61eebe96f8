/**
 * @file The native kernels of decoders against their definitions, at sizes that blocks and vectors do not divide; and weights in 16 bits.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { loadAddon } from "../native/addon.js";
import { createRng } from "../rng.js";
import { largestError } from "../testing/compare.js";
import { causalAttentionComposed } from "./causal-attention.js";
import { narrowToBfloat16, narrowToFloat16 } from "./float16.js";
import { causalAttention, differentiate, halfTensor, linear, rmsNorm, siluGate, tf, tokenCrossEntropy, useBackend, widenHalves } from "./index.js";
import type { Halves, Tensor } from "./index.js";
import { rmsNormComposed } from "./rms-norm.js";
import { siluGateComposed } from "./silu-gate.js";

const stream = createRng(8).stream("decoder kernels");
const draw = (shape: number[], scale = 1): Tensor => tf.tensor(Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => scale * stream.normal()), shape);

function bytesOf(tensor: Tensor): Uint8Array {
  return new Uint8Array(tensor.dataSync().buffer);
}

/** Compares values and gradients of two ways to compute the same. */
function agree(inputs: Tensor[], found: (inputs: Tensor[]) => Tensor, expected: (inputs: Tensor[]) => Tensor): void {
  tf.tidy(() => {
    const upstream = draw(expected(inputs).shape);
    const all = [found, expected].map((run) => [run(inputs), ...differentiate(() => tf.sum(tf.mul(run(inputs), upstream)), inputs).gradients] as Tensor[]);
    all[0]!.forEach((tensor, index) => expect(largestError(tensor.dataSync(), all[1]![index]!.dataSync()), `result ${index}`).toBeLessThan(2e-5));
  });
}

describe.skipIf(loadAddon().kind === "absent")("decoder kernels on native", () => {
  beforeAll(async () => void (await useBackend("native")));

  test.each([
    [2, 70, 70, 4, 2, 12],
    [1, 130, 150, 3, 1, 16],
    [1, 5, 200, 2, 2, 20],
    [1, 1, 90, 6, 2, 24],
  ])("causal attention of %i sequences, %i of %i tokens, %i heads in %i groups of width %i", (batch, tokens, known, heads, keyValueHeads, width) => {
    const inputs = [draw([batch, tokens, heads * width]), draw([batch, known, keyValueHeads * width]), draw([batch, known, keyValueHeads * width])];
    const grouped = { heads, keyValueHeads };
    agree(inputs, ([q, k, v]) => causalAttention(q!, k!, v!, grouped), ([q, k, v]) => causalAttentionComposed(q!, k!, v!, grouped));
  });

  test("rms norm and gate at widths that vectors do not divide", () => {
    agree([draw([3, 7, 37]), draw([37])], ([x, gain]) => rmsNorm(x!, gain!, 1e-5), ([x, gain]) => rmsNormComposed(x!, gain!, 1e-5));
    agree([draw([5, 61], 4), draw([5, 61])], ([gate, up]) => siluGate(gate!, up!), ([gate, up]) => siluGateComposed(gate!, up!));
  });

  test("the gradient of a gather adds rows up where an id occurs again", () => {
    const ids = tf.tensor2d([2, 0, 2, 2, 1, 2], [2, 3], "int32");
    const { gradients } = differentiate(() => tf.sum(tf.mul(tf.gather(table, ids), upstream)), [table]);
    function expectedRow(row: number): number[] {
      const slopes = upstream.dataSync();
      return [0, 1].map((column) => [...ids.dataSync()].reduce((sum, id, place) => sum + (id === row ? slopes[2 * place + column]! : 0), 0));
    }
    expect(largestError(gradients[0]!.dataSync(), [0, 1, 2, 3].flatMap(expectedRow))).toBeLessThan(1e-6);
  });
  const table = draw([4, 2]);
  const upstream = draw([2, 3, 2]);

  const formats: [string, (values: Float32Array) => Halves][] = [
    ["half precision", narrowToFloat16],
    ["bfloat16", (values) => new Int16Array(narrowToBfloat16(values).buffer)],
  ];
  test.each(formats)("weights in %s give what their widened copies give, to rounding", (_, narrow) => {
    for (const [rows, inputs, outputs] of [[1, 70, 45], [3, 576, 100], [20, 100, 37], [130, 96, 70], [70, 600, 1100]] as const) {
      tf.tidy(() => {
        const bits = narrow(draw([outputs, inputs], 0.05).dataSync() as Float32Array);
        bits[0] = 1; // the smallest number of either format
        const [half, wide] = [halfTensor(bits, [outputs, inputs]), tf.tensor(widenHalves(bits), [outputs, inputs])];
        const lora = { loraA: draw([4, inputs], 0.1), loraB: draw([outputs, 4], 0.1), scaling: 0.5 };
        const [x, bias] = [draw([rows, inputs]), draw([outputs])];
        agree([x, bias, lora.loraA, lora.loraB], ([x, bias, loraA, loraB]) => linear(x!, half, bias, { loraA: loraA!, loraB: loraB!, scaling: 0.5 }), ([x, bias, loraA, loraB]) => linear(x!, wide, bias, { loraA: loraA!, loraB: loraB!, scaling: 0.5 }));
        agree([x], ([x]) => linear(x!, half), ([x]) => linear(x!, wide));
        const labels = Int32Array.from({ length: rows }, (_, row) => row % outputs);
        agree([x], ([x]) => tokenCrossEntropy(x!, half, labels), ([x]) => tokenCrossEntropy(x!, wide, labels));
        const ids = tf.tensor1d([outputs - 1, 0, 3], "int32");
        const same = (run: (weight: Tensor) => Tensor): void => expect(Buffer.compare(bytesOf(run(half)), bytesOf(run(wide)))).toBe(0);
        same((weight) => tf.gather(weight, ids));
        same((weight) => weight);
        same((weight) => tf.add(weight, 1)); // an operation that knows nothing of 16 bits
      });
    }
  });

  test("an id that is not in the table is refused", () => {
    expect(() => tf.gather(table, tf.tensor1d([4], "int32"))).toThrow("gatherRows: label 4 is not one of 4 classes.");
  });
});

test("where a backend has no 16-bit weights they are widened", async () => {
  await useBackend("cpu");
  const bits = narrowToFloat16(Float32Array.of(1, -2, 0.5, 65504));
  expect(halfTensor(bits, [2, 2]).dataSync()).toEqual(Float32Array.of(1, -2, 0.5, 65504));
});
