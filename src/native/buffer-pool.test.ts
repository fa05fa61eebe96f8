/**
 * @file The pool gives the same memory again, and does not keep more than was in use at once.
 */
import { expect, test } from "vitest";
import { BufferPool } from "./buffer-pool.js";

const MEBI = 2 ** 20;

test("an array returned is given out again for its length only", () => {
  const pool = new BufferPool();
  const first = pool.take(10);
  expect(pool.owns(first)).toBe(true);
  expect(pool.owns(first.subarray(2))).toBe(true);
  expect(pool.owns(new Float32Array(10))).toBe(false);
  pool.give(first);
  expect(pool.take(11)).not.toBe(first);
  expect(pool.take(10)).toBe(first);
  expect(pool.take(10)).not.toBe(first);
  expect([pool.idleBytes, pool.usedBytes]).toEqual([0, 4 * 31]);
});

test("lengths that are no longer used make room for those that are", () => {
  const pool = new BufferPool();
  const hundred = (extra: number): void => {
    const arrays = Array.from({ length: 100 }, () => pool.take(MEBI / 4 + extra));
    arrays.forEach((array) => pool.give(array));
  };
  for (let extra = 0; extra < 6; extra++) hundred(extra);
  expect(pool.usedBytes).toBe(0);
  expect(pool.idleBytes).toBeGreaterThan(0);
  expect(pool.idleBytes).toBeLessThan(201 * MEBI);
});
