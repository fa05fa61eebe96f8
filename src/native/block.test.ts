/**
 * @file The whole-block kernel as the library offers it: the same bytes whatever the threads, by the products that this processor uses.
 */
import { afterAll, describe, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { loadAddon, type Addon } from "./addon.js";

const found = loadAddon();
if (found.kind === "absent") console.log(`skipped the whole-block kernel: ${found.reason}`);

describe.skipIf(found.kind === "absent")("the native transformer block", () => {
  const addon = (): Addon => (found as { addon: Addon }).addon;
  const threadsBefore = found.kind === "absent" ? 1 : found.addon.setThreads(1);
  afterAll(() => void addon().setThreads(threadsBefore));

  test.each([
    [7, 65, 3, 48, 192, 8],
    [5, 197, 3, 192, 768, 8],
    [11, 17, 2, 64, 200, 3],
    [9, 5, 1, 21, 37, 0],
  ])("%i images of %i tokens, %i heads of width %i in all, %i hidden, rank %i: the same bytes with any number of threads, forward and back", (batch, tokens, heads, width, hidden, rank) => {
    const stream = createRng(7).stream("block");
    const draw = (length: number, size: number, centre = 0): Float32Array => Float32Array.from({ length }, () => centre + size * stream.normal());
    const count = batch * tokens;
    const x = draw(count * width, 1);
    const dy = draw(count * width, 1);
    const norm = (): Float32Array[] => [draw(width, 0.2, 1), draw(width, 0.1)];
    const layer = (outputs: number, inputs: number): Float32Array[] => [draw(outputs * inputs, 1 / Math.sqrt(inputs)), draw(outputs, 0.1)];
    const lora = [draw(rank * width, 0.3), draw(3 * width * rank, 0.3)];
    const parameters = [...norm(), ...layer(3 * width, width), ...lora, ...layer(width, width), ...norm(), ...layer(hidden, width), ...layer(width, hidden)];
    const sizes = [batch, tokens, heads, width, hidden, rank];
    const run = (threads: number): Float32Array[] => {
      addon().setThreads(threads);
      const [y, kept, dx, slopes] = [count * width, count * (4 * width + hidden), count * width, 9 * width + hidden + rank * 4 * width].map((length) => new Float32Array(length).fill(Number.NaN)) as [Float32Array, Float32Array, Float32Array, Float32Array];
      addon().block(x, parameters, y, kept, sizes, 1e-6, 0.5);
      addon().blockBackward(x, parameters, kept, dy, dx, slopes, sizes, 1e-6, 0.5);
      return [y, kept, dx, slopes];
    };
    const once = run(1);
    expect(once.every((values) => values.every(Number.isFinite))).toBe(true);
    for (const threads of [1, 2, 3, 7]) for (const [place, values] of run(threads).entries()) expect(Buffer.from(values.buffer).equals(Buffer.from(once[place]!.buffer)), `${threads} threads, output ${place}`).toBe(true);
  });
});
