/**
 * @file The single operations against the project's golden values, on every backend.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { readSafetensors } from "../anchors/safetensors.js";
import { largestError } from "../testing/compare.js";
import { onEachBackend } from "../testing/each-backend.js";
import { biasGelu, layerNorm, softmaxCrossEntropy, tf, useBackend } from "./index.js";
import type { Tensor } from "./index.js";

const folder = fileURLToPath(new URL("../../data/goldens/ops/", import.meta.url));
const { tensors } = readSafetensors(`${folder}ops.safetensors`);
const values = (name: string): Float32Array => tensors.get(name)!.data as Float32Array;
const tensor = (name: string): Tensor => tf.tensor(values(name), [...tensors.get(name)!.shape]);
const labels = (JSON.parse(readFileSync(`${folder}manifest.json`, "utf8")) as { cross_entropy: { labels: number[]; loss: number } }).cross_entropy;

/** Rows differ in scale, so each is measured by itself. */
function largestRowError(found: Float32Array, expected: Float32Array, rows: number): number {
  const width = expected.length / rows;
  return Math.max(...Array.from({ length: rows }, (_, row) => largestError(found.subarray(row * width, (row + 1) * width), expected.subarray(row * width, (row + 1) * width))));
}

onEachBackend("golden operations", (backend) => {
  beforeAll(async () => void (await useBackend(backend)));

  test("layerNorm and its gradients", () => {
    tf.tidy(() => {
      const inputs = [tensor("norm.x"), tensor("norm.gain"), tensor("norm.beta")] as const;
      const y = layerNorm(...inputs, 1e-6);
      const [dx, dgain, dbeta] = tf.grads((x: Tensor, gain: Tensor, beta: Tensor) => layerNorm(x, gain, beta, 1e-6))([...inputs], tensor("norm.dy")) as [Tensor, Tensor, Tensor];
      expect(largestRowError(y.dataSync() as Float32Array, values("layer_norm.y"), 4)).toBeLessThan(1e-4);
      expect(largestRowError(dx.dataSync() as Float32Array, values("layer_norm.dx"), 4)).toBeLessThan(1e-4);
      expect(largestError(dgain.dataSync(), values("layer_norm.dgain"))).toBeLessThan(1e-5);
      expect(largestError(dbeta.dataSync(), values("layer_norm.dbeta"))).toBeLessThan(1e-5);
    });
  });

  test("biasGelu with a bias of 0 and its derivative", () => {
    tf.tidy(() => {
      const x = tf.reshape(tensor("gelu.x"), [129, 1]);
      const { value, grad } = tf.valueAndGrad((input: Tensor) => biasGelu(input, tf.zeros([1])))(x, tf.ones([129, 1]));
      expect(largestError(value.dataSync(), values("gelu.y"))).toBeLessThan(1e-5);
      expect(largestError(grad.dataSync(), values("gelu.dydx"))).toBeLessThan(1e-5);
    });
  });

  test("softmaxCrossEntropy with large logits and its gradient", () => {
    tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((logits: Tensor) => softmaxCrossEntropy(logits, tf.tensor1d(labels.labels, "int32")))(tensor("cross_entropy.logits"));
      expect(Math.abs(value.dataSync()[0]! / labels.loss - 1)).toBeLessThan(1e-5);
      expect(largestError(grad.dataSync(), values("cross_entropy.dlogits"))).toBeLessThan(1e-5);
    });
  });
});
