import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { balancedChance, balancedLabels } from "./balanced-labels.js";

test("classes differ by at most one label, the first ones have more, and the order is mixed", () => {
  const labels = balancedLabels(20, 6, createRng(0).stream("test"));
  expect([0, 1, 2, 3, 4, 5].map((label) => labels.filter((one) => one === label).length)).toEqual([4, 4, 3, 3, 3, 3]);
  expect(labels).not.toEqual([...labels].sort((a, b) => a - b));
  expect(balancedChance(20, 6)).toBe(4 / 20);
  expect(balancedChance(2000, 10)).toBe(0.1);
});
