import { beforeAll, expect, test } from "vitest";
import { largestError } from "../testing/compare.js";
import { createRng } from "../rng.js";
import { attention, prefixAttention, tf, useBackend } from "./index.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

const stream = createRng(3).stream("prefix");
const draw = (count: number): number[] => Array.from({ length: count }, () => stream.normal());
const [batch, tokens, heads, headWidth, prefix] = [2, 3, 2, 2, 2];
const width = heads * headWidth;
const qkv = draw(batch * tokens * 3 * width);
const [keys, values] = [draw(prefix * width), draw(prefix * width)];
const packed = tf.keep(tf.tensor(qkv, [batch, tokens, 3 * width]));

test("a prefix stands in front of the keys and values, as computed by hand", () => {
  const expected: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let n = 0; n < tokens; n++) {
      for (let column = 0; column < width; column++) {
        const head = Math.floor(column / headWidth) * headWidth;
        const part = (third: number, token: number, c: number): number => qkv[(b * tokens + token) * 3 * width + third * width + c]!;
        const score = (key: (c: number) => number): number => Math.exp([0, 1].reduce((sum, c) => sum + part(0, n, head + c) * key(head + c), 0) / Math.sqrt(headWidth));
        const weighted = [
          ...[0, 1].map((p) => [score((c) => keys[p * width + c]!), values[p * width + column]!] as const),
          ...[0, 1, 2].map((token) => [score((c) => part(1, token, c)), part(2, token, column)] as const),
        ];
        expected.push(weighted.reduce((sum, [weight, value]) => sum + weight * value, 0) / weighted.reduce((sum, [weight]) => sum + weight, 0));
      }
    }
  }
  const found = prefixAttention(packed, heads, tf.tensor(keys, [prefix, width]), tf.tensor(values, [prefix, width]));
  expect(largestError(found.dataSync(), expected)).toBeLessThan(1e-5);
});

test("keys that no query looks at leave plain attention", () => {
  const positive = tf.abs(packed);
  const unseen = tf.fill([prefix, width], -1e4);
  const found = prefixAttention(positive, heads, unseen, tf.tensor(values, [prefix, width]));
  expect(largestError(found.dataSync(), attention(positive, heads).dataSync())).toBeLessThan(1e-5);
});

test("a prefix of another width is refused", () => {
  expect(() => prefixAttention(packed, heads, tf.zeros([2, 3]), tf.zeros([2, 3]))).toThrow("prefixAttention: keys has shape [2, 3], expected [2, 4]");
});
