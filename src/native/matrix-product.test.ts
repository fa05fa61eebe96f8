/**
 * @file Matrix products of the native kernels against double precision, at sizes around those where kernels change, on whatever this processor has.
 */
import { describe, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { loadAddon, type Addon } from "./addon.js";

const found = loadAddon();
if (found.kind === "absent") console.log(`skipped matrix products: ${found.reason}`);

const sizes = [1, 31, 32, 33, 47, 64, 96, 129];
const turns = [[false, false], [false, true], [true, false], [true, true]] as const;

describe.skipIf(found.kind === "absent")("the native matrix product", () => {
  const addon = (): Addon => (found as { addon: Addon }).addon;
  const stream = createRng(11).stream("matrix products");
  const draw = (length: number): Float32Array => Float32Array.from({ length }, () => stream.normal());

  function product(a: Float32Array, b: Float32Array, m: number, n: number, k: number, turnA = false, turnB = false): Float32Array {
    const out = new Float32Array(m * n).fill(Number.NaN);
    addon().matmul(a, b, out, 1, 1, 1, m, n, k, turnA, turnB);
    return out;
  }

  /** The largest error of an element, as a share of the sum of its products' magnitudes: bfloat16 gives about 4e-3, two parts of it 1e-5. */
  function worstError(out: Float32Array, a: Float32Array, b: Float32Array, m: number, n: number, k: number, turnA = false, turnB = false): number {
    let worst = 0;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let [sum, size] = [0, 0];
        for (let t = 0; t < k; t++) {
          const term = a[turnA ? t * m + i : i * k + t]! * b[turnB ? j * k + t : t * n + j]!;
          sum += term;
          size += Math.abs(term);
        }
        worst = Math.max(worst, Math.abs(out[i * n + j]! - sum) / size);
      }
    }
    return worst;
  }

  test.each(turns)("sizes around those of tiles and panels, turned %s and %s", (turnA, turnB) => {
    for (const m of sizes) {
      for (const n of sizes) {
        const k = sizes[(m + n) % sizes.length]!;
        const [a, b] = [draw(m * k), draw(k * n)];
        expect(worstError(product(a, b, m, n, k, turnA, turnB), a, b, m, n, k, turnA, turnB), `[${m}, ${k}] × [${k}, ${n}]`).toBeLessThan(3e-7);
      }
    }
  });

  test("a long depth and many columns: no error of a bfloat16 number's size, nor of its square's", () => {
    const [m, n, k] = [65, 1100, 700];
    const [a, b] = [draw(m * k), draw(k * n)];
    expect(worstError(product(a, b, m, n, k), a, b, m, n, k)).toBeLessThan(2e-6);
  });

  test("numbers of very different size are multiplied as exactly as others", () => {
    const [m, n, k] = [64, 64, 64];
    const [a, b] = [draw(m * k).map((x, i) => x * 2 ** ((i * 7) % 40 - 20)), draw(k * n).map((x, i) => x * 2 ** ((i * 5) % 40 - 20))];
    expect(worstError(product(a, b, m, n, k), a, b, m, n, k)).toBeLessThan(2e-6);
  });

  test.each(turns)("numbers down to the smallest there are, turned %s and %s", (turnA, turnB) => {
    const [m, n, k] = [64, 96, 70];
    const [a, b] = [draw(m * k).map((x, i) => x * 2 ** -((i * 7) % 150)), draw(k * n).map((x, i) => x * 2 ** -((i * 11) % 150))];
    const out = product(a, b, m, n, k, turnA, turnB);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let [sum, size] = [0, 0];
        for (let t = 0; t < k; t++) {
          const term = a[turnA ? t * m + i : i * k + t]! * b[turnB ? j * k + t : t * n + j]!;
          [sum, size] = [sum + term, size + Math.abs(term)];
        }
        expect(Math.abs(out[i * n + j]! - sum)).toBeLessThan(2e-6 * size + 1e-29);
      }
    }
  });

  test("huge numbers, which cannot be split, on either side", () => {
    const [m, n, k] = [96, 96, 96];
    for (const side of ["left", "right"] as const) {
      const [a, b] = [draw(m * k), draw(k * n)];
      (side === "left" ? a : b)[40 * 96 + 7] = 3e38;
      (side === "left" ? b : a).forEach((x, i, all) => (all[i] = x / 1e3));
      expect(worstError(product(a, b, m, n, k), a, b, m, n, k), side).toBeLessThan(3e-7);
    }
  });

  test("infinity and NaN reach the elements that they belong to and no others", () => {
    const [m, n, k] = [96, 64, 64];
    const [a, b] = [draw(m * k), draw(k * n)];
    a[50 * k + 3] = Number.POSITIVE_INFINITY;
    a[70 * k + 5] = Number.NaN;
    const out = product(a, b, m, n, k);
    for (let j = 0; j < n; j++) {
      expect(out[50 * n + j]).toBe(Math.sign(b[3 * n + j]!) * Number.POSITIVE_INFINITY);
      expect(out[70 * n + j]).toBeNaN();
    }
    expect(out.filter(Number.isFinite)).toHaveLength((m - 2) * n);
    b[9 * n + 20] = Number.NaN;
    const second = product(a, b, m, n, k);
    for (let i = 0; i < m; i++) expect(second[i * n + 20]).toBeNaN();
    expect(second.filter(Number.isFinite)).toHaveLength((m - 2) * (n - 1));
  });

  test("the same bytes with any number of threads", () => {
    const [m, n, k] = [1000, 200, 96];
    const [a, b] = [draw(m * k), draw(k * n)];
    const bytes = [1, 2, 3].map((threads) => {
      addon().setThreads(threads);
      return Buffer.from(product(a, b, m, n, k).buffer);
    });
    expect(bytes[1]!.equals(bytes[0]!)).toBe(true);
    expect(bytes[2]!.equals(bytes[0]!)).toBe(true);
  });
});
