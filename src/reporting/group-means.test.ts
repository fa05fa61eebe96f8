import { expect, test } from "vitest";
import { groupMeans } from "./group-means.js";

test("groups of unequal size count alike in one mean and by their tasks in the other", () => {
  const { groups, meanOfGroups, meanOfTasks } = groupMeans([
    { group: "natural", value: 1 },
    { group: "structured", value: 0 },
    { group: "natural", value: 0.5 },
    { group: "natural", value: 0 },
  ]);
  expect([...groups]).toEqual([["natural", 0.5], ["structured", 0]]);
  expect(meanOfGroups).toBe(0.25);
  expect(meanOfTasks).toBe(0.375);
});
