import { expect, test } from "vitest";
import { parseFormula } from "./formula.js";

test("operators rank as in C and lean to the left", () => {
  const value = (text: string) => parseFormula(text, ["x", "y"])({ x: 37, y: 100 });
  expect(value("1 + 2 * 3 - 4 - 5")).toBe(-2);
  expect(value("x * y >> 3 + 3")).toBe((37 * 100) >> 6);
  expect(value("1 | 6 ^ 3 & 5")).toBe(1 | (6 ^ (3 & 5)));
  expect(value("(x / 2 - 0.5) / 0.5")).toBe(36);
  expect(value("((x + 1) << 2) & 255")).toBe(152);
});

test("a text that is no formula is refused", () => {
  for (const text of ["", "1 +", "(x", "x y", "process", "1..2", "x = 1"]) {
    expect(() => parseFormula(text, ["x"])).toThrow(`goldens: the formula ${JSON.stringify(text)} cannot be read at`);
  }
});
