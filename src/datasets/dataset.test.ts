import { expect, test } from "vitest";
import { UsageError } from "../checks.js";
import { classCounts, firstImages, halfNormalisation, hashSplits, majorityShare, makeSplit, normalise, trainVal, type TaskSplits } from "./dataset.js";

/** Two pictures of 2×2 whose bytes count up from 0 and from 100. */
const images = Uint8Array.from({ length: 24 }, (_, i) => (i < 12 ? i : 88 + i));

test("a batch holds the chosen pictures channel by channel, normalised", () => {
  const mean = [0.1, 0.2, 0.3] as const;
  const std = [0.5, 0.25, 2] as const;
  const batch = normalise(images, 2, [1, 0, 1], { mean, std });
  expect(batch.length).toBe(3 * 3 * 4);
  for (const [b, picture] of [1, 0, 1].entries()) {
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < 4; pixel++) {
        const byte = images[picture * 12 + pixel * 3 + channel]!;
        expect(batch[(b * 3 + channel) * 4 + pixel]).toBe(Math.fround((byte / 255 - mean[channel]!) / std[channel]!));
      }
    }
  }
});

test("half normalisation carries bytes to −1 … 1", () => {
  expect([...normalise(Uint8Array.of(0, 255, 51), 1, [0], halfNormalisation)].map((x) => +x.toFixed(6))).toEqual([-1, 1, -0.6]);
});

test("a given target is filled and returned", () => {
  const target = new Float32Array(12).fill(9);
  expect(normalise(images, 2, [0], halfNormalisation, target)).toBe(target);
  expect(target).toEqual(normalise(images, 2, [0], halfNormalisation));
});

test("a wrong index, target or deviation is named", () => {
  expect(() => normalise(images, 2, [0, 2], halfNormalisation)).toThrow(new UsageError("normalise: index 2 at place 1, expected a whole number from 0 to 1 (the split has 2 pictures of 2×2)."));
  expect(() => normalise(images, 2, [0], halfNormalisation, new Float32Array(5))).toThrow(new UsageError("normalise: the target holds 5 numbers, expected 12 (1 pictures of 3×2×2)."));
  expect(() => normalise(images, 2, [0], { mean: [0, 0, 0], std: [1, 0, 1] })).toThrow(new UsageError("normalise: mean 0 and std 0, expected numbers with std above 0."));
});

const picture = (value: number): Uint8Array => new Uint8Array(3).fill(value);
const splits: TaskSplits = { train: makeSplit([picture(1), picture(2)], [0, 1]), val: makeSplit([picture(3)], [1]), test: makeSplit([picture(4)], [0]) };

test("the final training set is train followed by val", () => {
  const both = trainVal(splits);
  expect([[...both.images], [...both.labels], both.count]).toEqual([[1, 1, 1, 2, 2, 2, 3, 3, 3], [0, 1, 1], 3]);
});

test("class counts and the share of the most frequent class", () => {
  const split = makeSplit([1, 2, 3, 4].map(picture), [2, 0, 2, 2]);
  expect(classCounts(split, 4)).toEqual([1, 0, 3, 0]);
  expect(majorityShare(split, 4)).toBe(0.75);
  expect([...firstImages(split, 2).images]).toEqual([1, 1, 1, 2, 2, 2]);
  expect(firstImages(split, 9)).toBe(split);
});

test("the hash changes with a pixel, a label, and the border between splits", () => {
  const hash = hashSplits(splits);
  expect(hash).toBe("f27f11691a94ed0f1a6474a9b81bbb4a133a598229923a2f774d399f34892a31");
  expect(hashSplits({ ...splits, test: makeSplit([picture(5)], [0]) })).not.toBe(hash);
  expect(hashSplits({ ...splits, test: makeSplit([picture(4)], [1]) })).not.toBe(hash);
  expect(hashSplits({ train: makeSplit([picture(1)], [0]), val: makeSplit([picture(2), picture(3)], [1, 1]), test: splits.test })).not.toBe(hash);
});
