/**
 * @file The pool gives the same memory again, never to two at once, and does not grow when the lengths change.
 */
import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { BufferPool } from "./buffer-pool.js";

const MEBI = 2 ** 20;

test("memory returned is given out again, and belongs to the pool as a whole and in part", () => {
  const pool = new BufferPool();
  const first = pool.take(10);
  expect([pool.owns(first), pool.owns(first.subarray(2)), pool.owns(new Float32Array(10))]).toEqual([true, true, false]);
  const second = pool.take(17);
  expect(first.length).toBe(10);
  expect(second.byteOffset - first.byteOffset).toBe(64);
  expect(pool.usedBytes).toBe(64 + 128);
  pool.give(first);
  expect(pool.take(16).byteOffset).toBe(first.byteOffset);
  expect(pool.take(0).length).toBe(0);
});

test("whatever is taken and returned in any order, no two arrays share memory, and in the end one stretch is free", () => {
  const pool = new BufferPool();
  const { uniform, integer } = createRng(5).stream("pool");
  const held: { values: Float32Array; mark: number }[] = [];
  for (let turn = 1; turn < 3000; turn++) {
    if (held.length === 0 || uniform() < 0.52) {
      const values = pool.take(integer(400));
      values.fill(turn);
      held.push({ values, mark: turn });
    } else {
      const [{ values, mark }] = held.splice(integer(held.length), 1) as [(typeof held)[number]];
      expect(values.every((value) => value === mark)).toBe(true);
      pool.give(values);
    }
  }
  for (const { values, mark } of held) {
    expect(values.every((value) => value === mark)).toBe(true);
    pool.give(values);
  }
  expect(pool.usedBytes).toBe(0);
  expect(pool.take(pool.reservedBytes / 4).length).toBe(pool.reservedBytes / 4);
});

test("changing lengths use the same memory", () => {
  const pool = new BufferPool();
  for (let extra = 0; extra < 6; extra++) {
    const arrays = Array.from({ length: 100 }, () => pool.take(MEBI / 4 + extra));
    arrays.forEach((array) => pool.give(array));
  }
  expect([pool.usedBytes, pool.reservedBytes]).toEqual([0, 256 * MEBI]);
});

test("an array larger than a piece has one of its own", () => {
  const pool = new BufferPool();
  pool.take(1);
  const large = pool.take(70 * MEBI);
  expect(large.length).toBe(70 * MEBI);
  expect(pool.reservedBytes).toBe((256 + 280) * MEBI);
});
