import { expect, test } from "vitest";
import { FormulaRandom, mixed, shuffledIndex } from "./formula-random.js";

test("neighbouring counters give unrelated, uniform numbers", () => {
  const bins = new Int32Array(16);
  let product = 0;
  for (let index = 0; index < 20000; index++) {
    const value = new FormulaRandom(1, 2, index).uniform();
    const next = new FormulaRandom(1, 2, index + 1).uniform();
    bins[Math.floor(value * 16)] = bins[Math.floor(value * 16)]! + 1;
    product += (value - 0.5) * (next - 0.5);
  }
  const chiSquare = bins.reduce((sum, count) => sum + (count - 1250) ** 2 / 1250, 0);
  expect(chiSquare).toBeLessThan(40);
  expect(Math.abs(product / 20000) * 12).toBeLessThan(0.03);
});

test("one generator's numbers are uniform and its bell has mean 0 and spread 1", () => {
  const random = new FormulaRandom(5, 6, 7);
  let [sum, squares, uniform] = [0, 0, 0];
  for (let draw = 0; draw < 50000; draw++) {
    const value = random.bell();
    sum += value / 50000;
    squares += value ** 2 / 50000;
    uniform += random.range(2, 4) / 50000;
  }
  expect(Math.abs(sum)).toBeLessThan(0.02);
  expect(squares).toBeCloseTo(1, 1);
  expect(uniform).toBeCloseTo(3, 1);
});

test("a keyed shuffle visits every index once, in another order for another key", () => {
  for (const count of [1, 2, 5, 64, 1000, 4097]) {
    const places = Array.from({ length: count }, (_, index) => shuffledIndex(index, count, 11));
    expect([...places].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
  }
  const order = (key: number): number[] => Array.from({ length: 100 }, (_, index) => shuffledIndex(index, 100, key));
  expect(order(1)).not.toEqual(order(2));
});

test("mixing bits keeps numbers apart", () => {
  expect(new Set(Array.from({ length: 10000 }, (_, value) => mixed(value))).size).toBe(10000);
});
