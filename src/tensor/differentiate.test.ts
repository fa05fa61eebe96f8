import { beforeAll, expect, test } from "vitest";
import { onEachBackend } from "../testing/each-backend.js";
import { largestError } from "../testing/compare.js";
import { attention, biasGelu, biasResidual, differentiate, layerNorm, linear, softmaxCrossEntropy, takeToken, tf, useBackend } from "./index.js";
import type { Tensor } from "./index.js";

const wave = (shape: number[], factor: number): Tensor => tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) => Math.sin(factor * (index + 1))), shape);

onEachBackend("differentiate", (backend) => {
  beforeAll(async () => void (await useBackend(backend)));

  /** A block in which x and the normalised tokens are used twice, with every kind of parameter. */
  function block(): { parameters: Tensor[]; loss: () => Tensor } {
    const x = wave([2, 5, 8], 0.7);
    const labels = tf.tensor1d([3, 1], "int32");
    const [weight, loraA, loraB, out] = [wave([24, 8], 0.31), wave([2, 8], 0.17), wave([24, 2], 0.23), wave([8, 8], 0.41)];
    const [gain, bias, wide, unused] = [wave([8], 0.5), wave([8], 0.3), wave([24], 0.2), wave([3], 0.1)];
    return {
      parameters: [weight, loraA, loraB, out, gain, bias, wide, x, unused],
      loss: () => {
        const normal = layerNorm(x, gain, bias, 1e-6);
        const mixed = attention(linear(normal, weight, wide, { loraA, loraB, scaling: 0.5 }), 2);
        const y = biasResidual(linear(biasGelu(mixed, bias), out), bias, tf.add(x, normal));
        return softmaxCrossEntropy(takeToken(y, 0), labels);
      },
    };
  }

  test("gradients are those of tfjs's own tape, whichever tensors are asked for", () => {
    const { parameters, loss } = block();
    const expected = tf.engine().gradients(loss, parameters, undefined, true);
    for (const asked of [parameters, [parameters[1]!, parameters[6]!], [parameters[3]!], [parameters[7]!, parameters[8]!]]) {
      const { value, gradients } = differentiate(loss, asked);
      expect(value.dataSync()[0]).toBe(expected.value.dataSync()[0]);
      asked.forEach((parameter, place) => {
        const reference = expected.grads[parameters.indexOf(parameter)];
        if (reference == null) return expect(gradients[place]).toBeUndefined();
        expect(gradients[place]!.shape).toEqual(parameter.shape);
        return expect(largestError(gradients[place]!.dataSync() as Float32Array, reference.dataSync() as Float32Array)).toBeLessThan(1e-6);
      });
    }
  });

  test("nothing is left behind but the gradients, even when the function throws", () => {
    const { parameters, loss } = block();
    const before = tf.memory().numTensors;
    const { value, gradients } = tf.tidy(() => differentiate(loss, parameters) as unknown as { value: Tensor; gradients: Tensor[] });
    expect(tf.memory().numTensors).toBe(before + parameters.length - 1 + 1);
    tf.dispose([value, ...gradients.filter((gradient) => gradient !== undefined)]);
    expect(() =>
      differentiate(() => {
        loss();
        throw new Error("stopped");
      }, parameters),
    ).toThrow("stopped");
    expect(tf.memory().numTensors).toBe(before);
    expect(differentiate(loss, parameters.slice(0, 1)).gradients[0]).toBeDefined();
  });

  test("a tensor that is both asked for and on the way keeps its gradient, and one used twice gets the sum", () => {
    const x = tf.tensor1d([2, 3]);
    let middle: Tensor | undefined;
    const { gradients } = differentiate(() => {
      middle = tf.keep(tf.mul(x, x));
      return tf.sum(tf.mul(middle, x));
    }, [x]);
    expect([...gradients[0]!.dataSync()]).toEqual([12, 27]);
    middle!.dispose();
  });
});
