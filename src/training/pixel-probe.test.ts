import { Matrix, solve } from "ml-matrix";
import { beforeAll, expect, test } from "vitest";
import type { ImageSplit } from "../datasets/dataset.js";
import { createRng } from "../rng.js";
import { useBackend } from "../tensor/index.js";
import { pixelProbe } from "./pixel-probe.js";

beforeAll(() => useBackend("auto"));

/** Noise of 2×2 pictures, the byte that has the label's number raised by `signal`. */
function noisySplit(name: string, count: number, signal: number): ImageSplit {
  const stream = createRng(5).stream(name);
  const labels = Int32Array.from({ length: count }, (_, index) => index % 3);
  const images = Uint8Array.from({ length: count * 12 }, (_, at) => Math.floor(100 * stream.uniform()) + (at % 12 === labels[Math.floor(at / 12)] ? signal : 0));
  return { images, labels, count };
}
const taskOf = (signal: number, count = 60) => ({ train: noisySplit("train", count, signal), val: noisySplit("val", 90, signal), test: noisySplit("test", 300, signal), classes: 3, imageSize: 2 });

test("labels that pixels spell out are read, labels that they do not hold are not", () => {
  expect(pixelProbe(taskOf(130)).top1).toBeGreaterThan(0.9);
  const { top1 } = pixelProbe(taskOf(0));
  expect(Math.abs(top1 - 1 / 3)).toBeLessThan(0.09);
});

test("the dual solution classifies as the primal one does", () => {
  const { train, val, test: held, ...rest } = taskOf(25);
  const { strength, top1 } = pixelProbe({ train, val, test: held, ...rest });
  const rowsOf = ({ images, count }: ImageSplit): Matrix => Matrix.from1DArray(count, 12, Array.from(images, (value) => value / 255));
  const mean = rowsOf(train).mean("column");
  const x = rowsOf(train).subRowVector(mean);
  const share = [0, 1, 2].map(() => 1 / 3);
  const y = new Matrix(Array.from(train.labels, (label) => share.map((part, other) => (label === other ? 1 : 0) - part)));
  const ridge = (strength * Matrix.mul(x, x).sum()) / train.count;
  const weight = solve(x.transpose().mmul(x).add(Matrix.eye(12, 12, ridge)), x.transpose().mmul(y));
  const scores = rowsOf(held).subRowVector(mean).mmul(weight);
  const correct = Array.from(held.labels).filter((label, index) => scores.maxRowIndex(index)[1] === label).length;
  expect(top1).toBe(correct / held.count);
});
