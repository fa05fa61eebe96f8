import { expect, test } from "vitest";
import { coverageOf } from "./coverage.js";

const plan = ["a", "b", "c"].flatMap((task) => ["pst", "sn_net"].flatMap((method) => [0, 1].map((seed) => `task=${task}_method=${method}_seed=${seed}`)));
const without = (...words: readonly string[]) => coverageOf(plan, (name) => !words.some((word) => name.includes(word)));

test("a whole task, method or seed that lacks is named once, a pair where only that lacks, and the rest run by run", () => {
  expect(without("nothing")).toEqual({ planned: 12, finished: 12, missing: [] });
  expect(without("task=b")).toEqual({ planned: 12, finished: 8, missing: ["task b"] });
  expect(without("task=b", "task=c")).toEqual({ planned: 12, finished: 4, missing: ["tasks b, c"] });
  expect(without("task=b", "seed=1")).toEqual({ planned: 12, finished: 4, missing: ["task b", "seed 1"] });
  expect(without("task=c_method=sn_net")).toEqual({ planned: 12, finished: 10, missing: ["method sn_net of task c"] });
  expect(without("task=c_method=sn_net", "task=b_method=sn_net")).toEqual({ planned: 12, finished: 8, missing: ["method sn_net of tasks b, c"] });
  expect(without("task=c_method=sn_net", "seed=1")).toEqual({ planned: 12, finished: 5, missing: ["seed 1", "method sn_net of task c"] });
  expect(without("task=a_method=pst_seed=1")).toEqual({ planned: 12, finished: 11, missing: ["task=a_method=pst_seed=1"] });
  expect(without("task")).toEqual({ planned: 12, finished: 0, missing: ["every run"] });
});

test("values that lack the same share a phrase", () => {
  const names = ["a", "b", "c"].flatMap((task) => ["pst", "ti", "s"].flatMap((method) => [0, 1].map((seed) => `task=${task}_method=${method}_seed=${seed}`)));
  expect(coverageOf(names, (name) => name.includes("task=a") || name.includes("method=pst")).missing).toEqual(["methods ti, s of tasks b, c"]);
});

test("many single runs are counted, not listed", () => {
  const names = Array.from({ length: 40 }, (_, index) => `task=t${index}_seed=0`).concat(Array.from({ length: 40 }, (_, index) => `task=t${index}_seed=1`));
  const { missing } = coverageOf(names, (name) => !name.endsWith("seed=1") || name.includes("t39"));
  expect(missing).toHaveLength(13);
  expect(missing.at(-1)).toBe("27 more runs");
});
