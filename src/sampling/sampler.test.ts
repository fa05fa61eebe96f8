import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { flopsBins, flopsGroups, scaledGap } from "./flops-bins.js";
import { createScoreAverage, gradientNorm, importanceOf, meanSaliency, meanSquaredGradient, recordScore } from "./importance.js";
import { createSampler, defaultSampler, importanceProbabilities, samplerProblems } from "./sampler.js";
import { bestPerBin, ranked, topK, withAnchors } from "./selection.js";

const flops = [5, 3, 9, 1, 7, 2, 8, 4, 6, 10];

test("bins hold equal counts by FLOPs and the first take the remainder", () => {
  expect(flopsBins(flops, 4)).toEqual([[3, 5, 1], [7, 0, 8], [4, 6], [2, 9]]);
});

test("a group ends when a stitch exceeds its first by more than the gap", () => {
  expect(flopsGroups([0, 1, 1.5, 2, 2.1, 5], 1)).toEqual([[0, 1], [2, 3, 4], [5]]);
  expect(scaledGap(17.58e9)).toBe(1e9);
});

test("every bin has the same mass and epsilon is spread evenly", () => {
  const bins = flopsBins(flops, 4);
  const probabilities = importanceProbabilities([4, 1, 7, 2, 9, 3, 3, 8, 5, 0], bins, { temperature: 1, exploration: 0.1 });
  expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
  for (const members of bins) expect(members.reduce((sum, id) => sum + probabilities[id]! - 0.01, 0)).toBeCloseTo(0.9 / 4, 12);
});

test("two members of a bin differ by exp of two z-scores over the temperature", () => {
  const probabilities = importanceProbabilities([1, 3], [[0, 1]], { temperature: 0.5, exploration: 0 });
  expect(probabilities[1]! / probabilities[0]!).toBeCloseTo(Math.exp(2 / 0.5), 9);
});

test("the average is of a stitch's own visits, bias-corrected; an unvisited stitch takes the mean of the visited", () => {
  const average = createScoreAverage(3);
  expect(importanceOf(average)).toEqual([0, 0, 0]);
  recordScore(average, 0, 2);
  recordScore(average, 1, 4);
  recordScore(average, 1, 8);
  const [first, second, third] = importanceOf(average);
  expect(first).toBeCloseTo(2, 12);
  expect(second).toBeCloseTo((0.9 * 0.1 * 4 + 0.1 * 8) / (1 - 0.81), 12);
  expect(third).toBeCloseTo((first! + second!) / 2, 12);
});

test("scores are means over the elements of all tensors together", () => {
  const tensors = [{ value: [1, -2], gradient: [3, 4] }, { value: [5], gradient: [-6] }];
  expect(meanSaliency(tensors)).toBeCloseTo((3 + 8 + 30) / 3, 12);
  expect(meanSquaredGradient(tensors)).toBeCloseTo((9 + 16 + 36) / 3, 12);
  expect(gradientNorm(tensors)).toBeCloseTo(Math.sqrt(61), 12);
});

test("importance sampling starts uniform and ends its warm-up by visits or by steps", () => {
  const sampler = createSampler({ ...defaultSampler, bins: 2 }, flops);
  const average = createScoreAverage(10);
  for (let id = 0; id < 10; id++) for (let visit = 0; visit < 2; visit++) recordScore(average, id, id);
  const uniform = new Array<number>(10).fill(0.1);
  expect(sampler.probabilities({ step: 19, steps: 100, average })).toEqual(uniform);
  expect(sampler.probabilities({ step: 20, steps: 100, average })).not.toEqual(uniform);
  for (let id = 0; id < 10; id++) recordScore(average, id, id);
  expect(sampler.probabilities({ step: 5, steps: 100, average })).not.toEqual(uniform);
});

test("grouped sampling draws a group, then a member", () => {
  const sampler = createSampler({ ...defaultSampler, kind: "flops-grouped" }, [0, 1, 100], 17.58e9 * 5e-9);
  expect(sampler.probabilities({ step: 0, steps: 1, average: createScoreAverage(3) })).toEqual([0.25, 0.25, 0.5]);
});

test("draws follow the probabilities", () => {
  const stream = createRng(3).stream("draws");
  const counts = [0, 0, 0];
  for (let draw = 0; draw < 6000; draw++) counts[stream.choose([0.5, 0.3, 0.2])]! += 1;
  expect(counts[0]! / 6000).toBeCloseTo(0.5, 1);
  expect(counts[2]! / 6000).toBeCloseTo(0.2, 1);
});

test("selection takes the best of each bin, ties by the smaller id, and keeps the anchors", () => {
  expect(ranked([1, 3, 3, 2])).toEqual([1, 2, 3, 0]);
  expect(bestPerBin([1, 3, 3, 2], [[0, 3], [2, 1]])).toEqual([3, 1]);
  expect(topK([1, 3, 3, 2], 2)).toEqual([1, 2]);
  expect(withAnchors([3, 1], [0, 1], [4, 3, 2, 1])).toEqual([3, 1, 0]);
});

test("wrong settings are listed with their keys", () => {
  expect(samplerProblems("train", { ...defaultSampler, bins: 80, temperature: 0, exploration: 2, beta: 1 }, 71)).toEqual([
    "train: bins is 80, expected a whole number from 1 to 71 (the number of stitches).",
    "train: temperature is 0, expected a number above 0.",
    "train: exploration is 2, expected a number from 0 to 1.",
    "train: beta is 1, expected a number from 0 up to but not including 1.",
  ]);
});
