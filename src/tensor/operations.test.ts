/**
 * @file Every operation of the kit against its composed definition on the plain backend, and against finite differences.
 */
import { beforeAll, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { largestError } from "../testing/compare.js";
import { onEachBackend } from "../testing/each-backend.js";
import { attentionComposed } from "./attention.js";
import { biasGeluComposed } from "./bias-gelu.js";
import { biasResidualComposed } from "./bias-residual.js";
import { classAttention, classAttentionComposed } from "./class-attention.js";
import { classTokensComposed } from "./class-tokens.js";
import { attention, biasGelu, biasResidual, classTokens, layerNorm, linear, patchify, softmaxCrossEntropy, takeToken, tf, useBackend } from "./index.js";
import type { Tensor } from "./index.js";
import { layerNormComposed } from "./layer-norm.js";
import { linearComposed } from "./linear.js";
import { patchifyComposed } from "./patchify.js";
import { softmaxCrossEntropyComposed } from "./soft-max-cross-entropy.js";
import { takeTokenComposed } from "./take-token.js";

interface Case {
  readonly name: string;
  /** Shapes of the inputs that get gradients. */
  readonly shapes: readonly number[][];
  readonly run: (inputs: Tensor[]) => Tensor;
  readonly composed: (inputs: Tensor[]) => Tensor;
}

const labels = (classes: number, count: number): Tensor => tf.tensor1d(Array.from({ length: count }, (_, row) => (row * 7) % classes), "int32");

function linearCase(rows: number[], width: number, outputs: number, rank: number, bias: boolean): Case {
  const call = (operation: typeof linear) => (inputs: Tensor[]): Tensor => {
    const [x, weight, third, fourth, fifth] = inputs as [Tensor, Tensor, Tensor?, Tensor?, Tensor?];
    const [loraA, loraB] = bias ? [fourth, fifth] : [third, fourth];
    const lora = rank > 0 ? { loraA: loraA!, loraB: loraB!, scaling: 0.7 } : undefined;
    return operation(x, weight, bias ? third : undefined, lora);
  };
  return {
    name: `linear [${rows.join()}, ${width}] to ${outputs}, rank ${rank}, ${bias ? "" : "no "}bias`,
    shapes: [[...rows, width], [outputs, width], ...(bias ? [[outputs]] : []), ...(rank > 0 ? [[rank, width], [outputs, rank]] : [])],
    run: call(linear),
    composed: call(linearComposed),
  };
}

const mixing = { attention: [attention, attentionComposed], classAttention: [classAttention, classAttentionComposed] } as const;

function attentionCase(name: keyof typeof mixing, batch: number, tokens: number, heads: number, width: number): Case {
  const [run, composed] = mixing[name].map((operation) => ([qkv]: readonly Tensor[]) => operation(qkv!, heads)) as [Case["run"], Case["composed"]];
  return { name: `${name} ${batch}×${tokens}, ${heads} heads of ${width}`, shapes: [[batch, tokens, 3 * heads * width]], run, composed };
}

const cases: readonly Case[] = [
  linearCase([3, 5], 7, 4, 0, true),
  linearCase([2, 3], 4, 5, 2, true),
  linearCase([2, 3], 4, 5, 3, false),
  linearCase([1], 1, 1, 1, true),
  linearCase([6], 9, 1, 0, false),
  linearCase([150, 2], 24, 33, 8, true),
  ...(["attention", "classAttention"] as const).flatMap((name) => [attentionCase(name, 2, 5, 2, 3), attentionCase(name, 3, 17, 3, 16), attentionCase(name, 1, 33, 2, 20), attentionCase(name, 1, 1, 1, 1)]),
  ...[[2, 3, 8], [5, 21], [1, 1], [40, 48]].map((shape): Case => ({
    name: `layerNorm [${shape.join()}]`,
    shapes: [shape, [shape[shape.length - 1]!], [shape[shape.length - 1]!]],
    run: ([x, gain, bias]) => layerNorm(x!, gain!, bias!, 1e-3),
    composed: ([x, gain, bias]) => layerNormComposed(x!, gain!, bias!, 1e-3),
  })),
  ...[[2, 3, 8], [5, 21], [70, 192]].map((shape): Case => ({
    name: `biasGelu [${shape.join()}]`,
    shapes: [shape, [shape[shape.length - 1]!]],
    run: ([x, bias]) => biasGelu(x!, bias!),
    composed: ([x, bias]) => biasGeluComposed(x!, bias!),
  })),
  ...[[2, 3, 8], [70, 33]].map((shape): Case => ({
    name: `biasResidual [${shape.join()}]`,
    shapes: [shape, [shape[shape.length - 1]!], shape],
    run: ([x, bias, residual]) => biasResidual(x!, bias!, residual!),
    composed: ([x, bias, residual]) => biasResidualComposed(x!, bias!, residual!),
  })),
  {
    name: "classTokens",
    shapes: [[3, 4, 5], [1, 1, 5], [1, 5, 5]],
    run: ([patches, token, positions]) => classTokens(patches!, token!, positions!),
    composed: ([patches, token, positions]) => classTokensComposed(patches!, token!, positions!),
  },
  { name: "takeToken first", shapes: [[3, 4, 5]], run: ([x]) => takeToken(x!, 0), composed: ([x]) => takeTokenComposed(x!, 0) },
  { name: "takeToken last", shapes: [[3, 4, 5]], run: ([x]) => takeToken(x!, 3), composed: ([x]) => takeTokenComposed(x!, 3) },
  { name: "patchify", shapes: [[2, 3, 4, 6]], run: ([x]) => patchify(x!, 2), composed: ([x]) => patchifyComposed(x!, 2) },
  ...[[4, 7], [1, 2], [33, 100]].map(([count, classes]): Case => ({
    name: `softmaxCrossEntropy ${count} of ${classes}`,
    shapes: [[count!, classes!]],
    run: ([logits]) => softmaxCrossEntropy(logits!, labels(classes!, count!)),
    composed: ([logits]) => softmaxCrossEntropyComposed(logits!, labels(classes!, count!)),
  })),
];

function drawn(name: string, shape: number[]): Float32Array {
  const stream = createRng(1).stream(name);
  return Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => stream.normal());
}

/** The result and the gradients of its product with fixed numbers, as plain arrays. */
function results(inputs: Tensor[], operation: (inputs: Tensor[]) => Tensor): Float32Array[] {
  return tf.tidy(() => {
    const y = operation(inputs);
    const upstream = tf.tensor(drawn("upstream", y.shape), y.shape);
    const gradients = tf.grads((...given: Tensor[]) => tf.sum(tf.mul(operation(given), upstream)))(inputs);
    return [y, ...gradients].map((tensor) => tensor.dataSync() as Float32Array);
  });
}

onEachBackend("operations", (backend) => {
  beforeAll(async () => void (await useBackend(backend)));
  test.each(cases)("$name equals its composed definition, with all gradients", async ({ name, shapes, run, composed }) => {
    const values = shapes.map((shape, index) => drawn(`${name}/${index}`, shape));
    const make = (): Tensor[] => values.map((array, index) => tf.tensor(array, shapes[index]));
    const found = results(make(), run);
    await useBackend("cpu");
    const expected = results(make(), composed);
    await useBackend(backend);
    found.forEach((array, index) => expect(largestError(array, expected[index]!), `result ${index}`).toBeLessThan(2e-5));
  });

  test.each(cases.filter(({ shapes }) => shapes.every((shape) => tf.util.sizeFromShape(shape) < 200)))(
    "the gradients of $name equal finite differences",
    ({ name, shapes, run }) => {
      tf.tidy(() => {
        const values = shapes.map((shape, index) => drawn(`${name}/${index}`, shape));
        const make = (): Tensor[] => values.map((array, index) => tf.tensor(array, shapes[index]));
        const shape = run(make()).shape;
        const upstream = drawn("upstream", shape);
        const total = (): number => run(make()).dataSync().reduce((sum, value, index) => sum + value * upstream[index]!, 0);
        const [, ...gradients] = results(make(), run);
        const step = 1 / 128;
        const stream = createRng(2).stream(name);
        values.forEach((array, which) => {
          const scale = Math.max(1, ...gradients[which]!.map(Math.abs));
          for (let probe = 0; probe < 4; probe++) {
            const index = stream.integer(array.length);
            const before = array[index]!;
            array[index] = before + step;
            const above = total();
            array[index] = before - step;
            const below = total();
            array[index] = before;
            expect(Math.abs((above - below) / (2 * step) - gradients[which]![index]!) / scale, `input ${which}, element ${index}`).toBeLessThan(5e-3);
          }
        });
      });
    },
  );
});
