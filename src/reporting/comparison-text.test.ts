import { expect, test } from "vitest";
import { comparedText, paperText } from "./comparison-text.js";
import { meanSpread } from "./seed-means.js";

test("the interval chooses the word and the side; one seed has its sign alone", () => {
  const text = (...values: number[]): string => comparedText(meanSpread(values)!);
  expect(text(0.01, 0.02, 0.03)).toBe("not told apart (+2.0 ± 1.0 points, 95 % interval −0.5 to +4.5)");
  expect(text(0.02, 0.021, 0.022)).toBe("above (+2.1 ± 0.1 points, 95 % interval +1.9 to +2.3)");
  expect(text(-0.02, -0.021, -0.022)).toBe("below (−2.1 ± 0.1 points, 95 % interval −2.3 to −1.9)");
  expect([text(0.012), text(-0.012), text(-0.0001)]).toEqual(["above (+1.2 points, one seed)", "below (−1.2 points, one seed)", "level (0.0 points, one seed)"]);
  expect([[0.02, 0.021], [-0.02, -0.021], [-0.02, 0.02], [0.02]].map((values) => paperText(meanSpread(values)!))).toEqual([", for the paper", ", against the paper", "", ""]);
});
