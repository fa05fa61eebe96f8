import { expect, test } from "vitest";
import { meanSpread, seedMeans, taskMeans } from "./seed-means.js";
import { syntheticRows } from "./synthetic-rows.js";

test("the spread is the sample standard deviation, and one value has none", () => {
  expect(meanSpread([1, 2, 6])).toEqual({ mean: 3, spread: Math.sqrt(7), count: 3 });
  expect(meanSpread([4])).toEqual({ mean: 4, spread: null, count: 1 });
  expect(meanSpread([])).toBeNull();
});

test("seeds are averaged stitch by stitch", () => {
  const rows = syntheticRows({ tasks: 1, seeds: [0, 1, 2] }).filter(({ method }) => method === "pst");
  const means = seedMeans(rows);
  expect(means).toHaveLength(71);
  const ofFive = rows.filter(({ stitchId }) => stitchId === 5).map(({ top1 }) => top1);
  expect(means[5]?.top1).toBeCloseTo((ofFive[0]! + ofFive[1]! + ofFive[2]!) / 3, 12);
  expect(means[5]?.seeds).toBe(3);
});

test("the mean over tasks is taken per seed and leaves out a stitch that lacks a task", () => {
  const rows = syntheticRows({ tasks: 2, seeds: [0, 1] }).filter(({ method }) => method === "pst");
  const names = [...new Set(rows.map(({ task }) => task))];
  const lacking = rows.filter(({ stitchId, task, seed }) => !(stitchId === 5 && task === names[1]) && !(stitchId === 6 && task === names[1] && seed === 1));
  const means = taskMeans(lacking, names);
  expect(means).toHaveLength(70);
  const six = means.find(({ stitchId }) => stitchId === 6)!;
  const ofSix = rows.filter(({ stitchId, seed }) => stitchId === 6 && seed === 0);
  expect(six.top1).toBeCloseTo((ofSix[0]!.top1 + ofSix[1]!.top1) / 2, 12);
  expect(six.flops).toBeCloseTo((ofSix[0]!.flops + ofSix[1]!.flops) / 2, 6);
  expect(six.spread).toBeNull();
});
