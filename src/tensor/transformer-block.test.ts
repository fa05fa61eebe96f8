/**
 * @file The whole-block operation against its definition in smaller operations, values and gradients, on every backend.
 */
import { beforeAll, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { largestError } from "../testing/compare.js";
import { onEachBackend } from "../testing/each-backend.js";
import { differentiate, tf, transformerBlock, useBackend, type BlockParameters, type BlockSettings, type Tensor } from "./index.js";
import { blockComposed } from "./transformer-block.js";

type Sizes = readonly [batch: number, tokens: number, heads: number, width: number, hidden: number, rank: number];

const sizes: readonly Sizes[] = [
  [2, 5, 2, 8, 12, 2],
  [3, 17, 3, 48, 192, 8],
  [5, 65, 2, 32, 128, 0],
  [1, 1, 1, 3, 1, 1],
  [9, 33, 3, 21, 37, 3],
];

/** Tensors of a block by name, and the block made of them. */
function makeBlock([batch, tokens, , width, hidden, rank]: Sizes): { x: Tensor; tensors: Record<string, Tensor>; parameters: BlockParameters } {
  const stream = createRng(31).stream("block");
  const draw = (shape: number[], size: number, centre = 0): Tensor => tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => centre + size * stream.normal()), shape);
  const norm = (): { gain: Tensor; bias: Tensor } => ({ gain: draw([width], 0.2, 1), bias: draw([width], 0.1) });
  const layer = (out: number, inputs: number): { weight: Tensor; bias: Tensor } => ({ weight: draw([out, inputs], 1 / Math.sqrt(inputs)), bias: draw([out], 0.1) });
  const lora = rank === 0 ? undefined : { loraA: draw([rank, width], 0.3), loraB: draw([3 * width, rank], 0.3), scaling: 0.7 };
  const parameters = { norm1: norm(), qkv: { ...layer(3 * width, width), lora }, proj: layer(width, width), norm2: norm(), fc1: layer(hidden, width), fc2: layer(width, hidden) };
  const { norm1, qkv, proj, norm2, fc1, fc2 } = parameters;
  const x = draw([batch, tokens, width], 1);
  const tensors: Record<string, Tensor> = { x, gain1: norm1.gain, bias1: norm1.bias, qkvBias: qkv.bias, projBias: proj.bias, gain2: norm2.gain, bias2: norm2.bias, fc1Bias: fc1.bias, fc2Bias: fc2.bias };
  return { x, tensors: lora === undefined ? tensors : { ...tensors, loraA: lora.loraA, loraB: lora.loraB }, parameters };
}

type Block = (x: Tensor, parameters: BlockParameters, settings: BlockSettings) => Tensor;

/** Output, and gradients by name of a loss that weighs every output differently. */
function run(block: Block, of: Sizes, more: (parameters: BlockParameters) => Record<string, Tensor> = () => ({})): Record<string, Float32Array> {
  return tf.tidy(() => {
    const { x, tensors, parameters } = makeBlock(of);
    const wanted = { ...tensors, ...more(parameters) };
    const settings = { heads: of[2], epsilon: 1e-6 };
    const weights = tf.cos(tf.reshape(tf.range(0, x.size), x.shape));
    const { gradients } = differentiate(() => tf.sum(tf.mul(block(x, parameters, settings), weights)), Object.values(wanted));
    const found = Object.fromEntries(Object.keys(wanted).map((name, place) => [name, gradients[place]!.dataSync() as Float32Array]));
    tf.dispose(gradients as Tensor[]);
    return { ...found, output: block(x, parameters, settings).dataSync() as Float32Array };
  });
}

function expectEqual(found: Record<string, Float32Array>, expected: Record<string, Float32Array>): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) expect(largestError(found[name]!, values), name).toBeLessThan(2e-5);
}

onEachBackend("a transformer block", (backend) => {
  beforeAll(async () => void (await useBackend(backend)));

  test.each(sizes)("%i images of %i tokens, %i heads of width %i in all, %i hidden, rank %i: values and gradients of the smaller operations", (...of) => {
    const before = tf.memory().numTensors;
    expectEqual(run(transformerBlock, of), run(blockComposed, of));
    expect(tf.memory().numTensors).toBe(before);
  });

  test.skipIf(backend !== "native")("at sizes drawn at random, too", () => {
    const { integer } = createRng(77).stream("sizes");
    for (let draw = 0; draw < 25; draw++) {
      const heads = 1 + integer(4);
      const of: Sizes = [1 + integer(6), 1 + integer(40), heads, heads * (1 + integer(20)), 1 + integer(90), integer(10)];
      expectEqual(run(transformerBlock, of), run(blockComposed, of));
    }
  });

  test("gradients by weights are those of the smaller operations", () => {
    const weights = ({ qkv, fc2 }: BlockParameters): Record<string, Tensor> => ({ qkv: qkv.weight, fc2: fc2.weight });
    expectEqual(run(transformerBlock, sizes[0]!, weights), run(blockComposed, sizes[0]!, weights));
  });

  test.skipIf(backend !== "native")("NaN in one image reaches its tokens and no other image's", () => {
    tf.tidy(() => {
      const { x, parameters } = makeBlock([3, 4, 2, 16, 32, 2]);
      const values = x.dataSync() as Float32Array;
      values[70] = NaN;
      const y = transformerBlock(tf.tensor(values, x.shape), parameters, { heads: 2, epsilon: 1e-6 }).dataSync();
      expect([0, 1, 2].map((image) => y.slice(64 * image, 64 * (image + 1)).some(Number.isNaN))).toEqual([false, true, false]);
    });
  });

  test.skipIf(backend !== "native")("no images give no tokens and gradients of zero", () => {
    const found = run(transformerBlock, [0, 4, 2, 8, 16, 2]);
    expect([found["output"]!.length, found["x"]!.length]).toEqual([0, 0]);
    for (const name of ["gain1", "qkvBias", "fc1Bias", "loraB"]) expect(found[name]!.every((value) => value === 0)).toBe(true);
  });
});

test("a wrong shape is told by name", () => {
  tf.tidy(() => {
    const { x, parameters } = makeBlock([1, 2, 2, 8, 16, 0]);
    const wrong = { ...parameters, fc2: { ...parameters.fc2, bias: tf.zeros([7]) } };
    const run = (heads: number, of = wrong) => () => transformerBlock(x, of, { heads, epsilon: 1e-6 });
    expect(run(2)).toThrow("transformerBlock: the bias of fc2 has shape [7], expected [8] (x has width 8).");
    expect(run(3, parameters as typeof wrong)).toThrow("transformerBlock: x has width 8 and heads is 3, expected a divisor of the width.");
  });
});
