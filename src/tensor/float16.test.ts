import { expect, test } from "vitest";
import { narrowToBfloat16, narrowToFloat16, widenBfloat16, widenFloat16 } from "./float16.js";

test("known half-precision bit patterns widen to their values", () => {
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000, 0x7c00, 0xfc00, 0x3555);
  expect([...widenFloat16(halves)]).toEqual([1, -2, 65504, 2 ** -14, 2 ** -24, -0, Infinity, -Infinity, 0.333251953125]);
  expect(widenFloat16(Uint16Array.of(0x7e01))[0]).toBeNaN();
});

test("every half-precision number survives widening and narrowing, by the table and without it", () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, half) => half).filter((half) => (half & 0x7fff) <= 0x7c00);
  const wide = widenFloat16(halves);
  expect(narrowToFloat16(wide)).toEqual(halves);
  for (let i = 0; i < halves.length; i += 997) expect(widenFloat16(halves.slice(i, i + 1))[0]).toBe(wide[i]);
});

test("narrowing to half precision rounds to the nearest and ties to even, down to the subnormals", () => {
  for (let half = 0; half < 0x7bff; half += 13) {
    const [low, high] = widenFloat16(Uint16Array.of(half, half + 1));
    const middle = Math.fround((low! + high!) / 2); // exact in float32
    const nudge = (high! - low!) / 64;
    const even = half % 2 === 0 ? half : half + 1;
    expect([...narrowToFloat16(Float32Array.of(middle, middle - nudge, middle + nudge, -middle))]).toEqual([even, half, half + 1, even | 0x8000]);
  }
});

test("narrowing to half precision overflows at 65520, keeps NaN, and drops what is under half of the smallest subnormal", () => {
  expect([...narrowToFloat16(Float32Array.of(65519.996, 65520, -Infinity, NaN, 2 ** -25, 2 ** -25 * 1.0001, -(2 ** -26), 1e38))]).toEqual([
    0x7bff, 0x7c00, 0xfc00, 0x7e00, 0, 1, 0x8000, 0x7c00,
  ]);
});

test("bfloat16 is the rounded upper half of float32", () => {
  const step = 2 ** -7;
  const values = Float32Array.of(1, -1.5, 1 + step / 2, 1 + 1.5 * step, 1 + step * 0.51, 3.4e38, Infinity);
  expect([...widenBfloat16(narrowToBfloat16(values))]).toEqual([1, -1.5, 1, 1 + 2 * step, 1 + step, Infinity, Infinity]);
  expect(widenBfloat16(narrowToBfloat16(Float32Array.of(NaN)))[0]).toBeNaN();
  const patterns = Uint16Array.from({ length: 65536 }, (_, half) => half).filter((half) => (half & 0x7fff) <= 0x7f80);
  expect(narrowToBfloat16(widenBfloat16(patterns))).toEqual(patterns);
});
