/**
 * @file The native whole-layer operation of decoders against its definition in smaller operations, values and gradients.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { loadAddon } from "../native/addon.js";
import { createRng } from "../rng.js";
import { largestError } from "../testing/compare.js";
import { decoderLayerComposed } from "./decoder-layer.js";
import { decoderLayer, differentiate, tf, useBackend, type DecoderLinear, type DecoderParts, type DecoderSettings, type RotaryLayout, type Tensor } from "./index.js";

interface Sizes {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Features of a head. */
  readonly features: number;
  readonly hidden: number;
  /** 0 has no update. */
  readonly rank: number;
  readonly biases: boolean;
  readonly layout: RotaryLayout;
}

const sizes: readonly Sizes[] = [
  { batch: 2, tokens: 5, heads: 2, keyValueHeads: 1, features: 4, hidden: 12, rank: 2, biases: true, layout: "half-split" },
  { batch: 3, tokens: 70, heads: 6, keyValueHeads: 2, features: 16, hidden: 104, rank: 8, biases: true, layout: "half-split" },
  { batch: 5, tokens: 33, heads: 3, keyValueHeads: 3, features: 14, hidden: 61, rank: 0, biases: true, layout: "interleaved" },
  { batch: 1, tokens: 1, heads: 1, keyValueHeads: 1, features: 2, hidden: 1, rank: 1, biases: false, layout: "interleaved" },
  { batch: 4, tokens: 64, heads: 2, keyValueHeads: 2, features: 24, hidden: 50, rank: 3, biases: false, layout: "half-split" },
];

const title = ({ batch, tokens, heads, keyValueHeads, features, hidden, rank, biases, layout }: Sizes): string =>
  `${batch} sequences of ${tokens} tokens, ${heads} heads of ${features} in ${keyValueHeads} groups, ${hidden} hidden, rank ${rank}, ${biases ? "biases" : "no bias"}, ${layout}`;

function settingsOf({ heads, keyValueHeads, layout }: Sizes): DecoderSettings {
  return { heads, keyValueHeads, rotary: { layout, theta: 10000, start: 0 }, epsilon: 1e-5 };
}

/** A layer, and its tensors with gradients by name. */
function makeLayer({ batch, tokens, heads, keyValueHeads, features, hidden, rank, biases }: Sizes): { x: Tensor; tensors: Record<string, Tensor>; parts: DecoderParts } {
  const stream = createRng(31).stream("layer");
  const draw = (shape: number[], size: number, centre = 0): Tensor => tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => centre + size * stream.normal()), shape);
  const [width, narrow] = [heads * features, keyValueHeads * features];
  const layer = (out: number, inputs: number, updated = false): DecoderLinear => ({
    weight: draw([out, inputs], 1 / Math.sqrt(inputs)),
    bias: biases ? draw([out], 0.1) : undefined,
    lora: updated && rank > 0 ? { loraA: draw([rank, inputs], 0.3), loraB: draw([out, rank], 0.3), scaling: 0.7 } : undefined,
  });
  const parts: DecoderParts = {
    inputNorm: draw([width], 0.2, 1), query: layer(width, width, true), key: layer(narrow, width), value: layer(narrow, width, true), output: layer(width, width),
    postNorm: draw([width], 0.2, 1), gate: layer(hidden, width), up: layer(hidden, width), down: layer(width, hidden),
  };
  const x = draw([batch, tokens, width], 1);
  const tensors: Record<string, Tensor> = { x, inputNorm: parts.inputNorm, postNorm: parts.postNorm };
  for (const name of ["query", "key", "value", "output", "gate", "up", "down"] as const) {
    const { bias, lora } = parts[name];
    if (bias !== undefined) tensors[`${name} bias`] = bias;
    if (lora !== undefined) Object.assign(tensors, { [`${name} A`]: lora.loraA, [`${name} B`]: lora.loraB });
  }
  return { x, tensors, parts };
}

type Layer = (x: Tensor, parts: DecoderParts, settings: DecoderSettings) => Tensor;

/** Output, and gradients by name of a loss that weighs every output differently. @param pick - tensors to differentiate by. */
function run(layer: Layer, of: Sizes, pick: (made: ReturnType<typeof makeLayer>) => Record<string, Tensor> = ({ tensors }) => tensors): Record<string, Float32Array> {
  return tf.tidy(() => {
    const made = makeLayer(of);
    const { x, parts } = made;
    const wanted = pick(made);
    const weights = tf.cos(tf.reshape(tf.range(0, x.size), x.shape));
    const { gradients } = differentiate(() => tf.sum(tf.mul(layer(x, parts, settingsOf(of)), weights)), Object.values(wanted));
    const found = Object.fromEntries(Object.keys(wanted).map((name, place) => [name, gradients[place]!.dataSync() as Float32Array]));
    tf.dispose(gradients as Tensor[]);
    return { ...found, output: layer(x, parts, settingsOf(of)).dataSync() as Float32Array };
  });
}

function expectEqual(found: Record<string, Float32Array>, expected: Record<string, Float32Array>): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) expect(largestError(found[name]!, values), name).toBeLessThan(3e-5);
}

describe.skipIf(loadAddon().kind === "absent")("a decoder's layer on native", () => {
  beforeAll(async () => void (await useBackend("native")));

  test.each(sizes.map((of) => [title(of), of] as const))("%s: values and gradients of the smaller operations", (_, of) => {
    const before = tf.memory().numTensors;
    expectEqual(run(decoderLayer, of), run(decoderLayerComposed, of));
    expect(tf.memory().numTensors).toBe(before);
  });

  test("at sizes drawn at random, too", () => {
    const { integer } = createRng(77).stream("sizes");
    for (let draw = 0; draw < 25; draw++) {
      const keyValueHeads = 1 + integer(3);
      const of: Sizes = {
        batch: 1 + integer(5), tokens: 1 + integer(80), heads: keyValueHeads * (1 + integer(3)), keyValueHeads, features: 2 * (1 + integer(12)), hidden: 1 + integer(90), rank: integer(10),
        biases: integer(2) === 1, layout: integer(2) === 1 ? "interleaved" : "half-split",
      };
      expectEqual(run(decoderLayer, of), run(decoderLayerComposed, of));
    }
  });

  test("without a gradient by what enters, the others are the same", () => {
    const own = ({ tensors }: ReturnType<typeof makeLayer>): Record<string, Tensor> => ({ bias: tensors["gate bias"]!, a: tensors["query A"]!, b: tensors["value B"]! });
    expectEqual(run(decoderLayer, sizes[1]!, own), run(decoderLayerComposed, sizes[1]!, own));
  });

  test("gradients by weights are those of the smaller operations", () => {
    const weights = ({ parts }: ReturnType<typeof makeLayer>): Record<string, Tensor> => ({ query: parts.query.weight, down: parts.down.weight });
    expectEqual(run(decoderLayer, sizes[0]!, weights), run(decoderLayerComposed, sizes[0]!, weights));
  });

  test("shapes that do not agree are refused by name", () => {
    tf.tidy(() => {
      const { x, parts } = makeLayer(sizes[0]!);
      const wrong = { ...parts, key: { weight: tf.zeros([8, 8]) } };
      expect(() => decoderLayer(x, wrong, settingsOf(sizes[0]!))).toThrow("decoderLayer: the weight of key has shape [8, 8], expected [4, 8] (x has width 8).");
      expect(() => decoderLayer(x, parts, { ...settingsOf(sizes[0]!), heads: 3 })).toThrow("decoderLayer: x has width 8, heads is 3 and keyValueHeads 1, expected keyValueHeads to divide heads and a width of heads times an even number of features.");
    });
  });

  test("NaN in one sequence reaches that token and those after it, and no other sequence", () => {
    tf.tidy(() => {
      const of = sizes[1]!;
      const { x, parts } = makeLayer(of);
      const [width, all] = [of.heads * of.features, x.dataSync() as Float32Array];
      all[(of.tokens + 9) * width] = NaN;
      const y = decoderLayer(tf.tensor(all, x.shape), parts, settingsOf(of)).dataSync();
      const spoilt = new Set(Array.from(y.keys()).filter((index) => Number.isNaN(y[index])).map((index) => Math.floor(index / width)));
      for (let token = of.tokens + 9; token < 2 * of.tokens; token++) expect(spoilt, `token ${token}`).toContain(token);
      for (const token of spoilt) expect(Math.floor(token / of.tokens)).toBe(1);
    });
  });
});
