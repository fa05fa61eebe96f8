import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { familyOf } from "../anchors/registry.js";
import { readLatency, writeLatency } from "../reporting/latency.js";
import { useBackend } from "../tensor/index.js";
import { languagePairOf } from "../training/language-pairs.js";
import { measureLatency, measurePairLatency } from "./latency-command.js";

const results = mkdtempSync(join(tmpdir(), "esta-latency-"));
afterAll(() => rmSync(results, { recursive: true }));
const machine = { platform: "linux-x64", cpu: "a processor", cores: 2, memoryBytes: 1, node: "20" };

test("every stitch of the family is timed under the names that rows have, and the report reads it by route", async () => {
  const { backend } = await useBackend("auto");
  const passes: number[] = [];
  const stitches = await measureLatency(familyOf("mini"), { batch: 2, repeats: 2 }, (done) => passes.push(done));
  expect(passes).toEqual([1, 2, 3]);
  expect(stitches).toHaveLength(71);
  expect(stitches.every(({ least, milliseconds, most }) => least > 0 && least <= milliseconds && milliseconds <= most)).toBe(true);
  expect(stitches[0]).toMatchObject({ front: "vit-mini-ti", end: "vit-mini-ti", frontBlock: null, endBlock: null });
  // Fifteen times the multiply–accumulates take longer, whatever else the machine does.
  expect(stitches[2]!.least).toBeGreaterThan(stitches[0]!.least);
  writeLatency(results, { family: "mini", of: "image", batch: 2, repeats: 2, engine: { backend, threads: 1 }, machine, stitches });
  const read = readLatency(results)!;
  expect(read.about).toBe(`Latency: family mini, an image of a batch of 2, median of 2, ${backend} engine with 1 thread on a processor.`);
  expect(read.milliseconds["vit-mini-ti vit-mini-ti"]).toBe(stitches[0]!.milliseconds);
  expect(read.milliseconds["vit-mini-ti vit-mini-s 0 1"]).toBe(stitches.find(({ front, frontBlock, endBlock }) => front === "vit-mini-ti" && frontBlock === 0 && endBlock === 1)!.milliseconds);
});

test("of a pair of decoders, a token is timed in every stitch, under the names that rows have", async () => {
  await useBackend("auto");
  const stitches = await measurePairLatency(languagePairOf("mini-llama"), { repeats: 3 });
  expect(stitches.map(({ front, end, frontBlock, endBlock }) => [front, end, frontBlock, endBlock].join(" "))).toEqual([
    "mini-llama-s mini-llama-s  ", "mini-llama-l mini-llama-l  ", "mini-llama-s mini-llama-l 0 1", "mini-llama-s mini-llama-l 1 2", "mini-llama-s mini-llama-l 1 3", "mini-llama-s mini-llama-l 2 4", "mini-llama-s mini-llama-l 2 5", "mini-llama-s mini-llama-l 3 6", "mini-llama-s mini-llama-l 3 7",
  ]);
  expect(stitches[0]!.flops).toBe(1_189_504); // as in the rows of instruction-following
  expect(stitches.every(({ least, milliseconds, most }) => least > 0 && least <= milliseconds && milliseconds <= most)).toBe(true);
  expect(stitches[1]!.least).toBeGreaterThan(stitches[0]!.least);
});

test("nothing measured is null, and a file that is no measurement is refused", () => {
  const other = mkdtempSync(join(results, "other-"));
  expect(readLatency(other)).toBeNull();
  const path = join(other, "latency", "mini.json");
  mkdirSync(join(other, "latency"));
  writeFileSync(path, '{"stitches": [{}]}');
  expect(() => readLatency(other)).toThrow(`${path}: stitches, engine or machine is missing, expected measured latencies. Delete it and measure again: esta latency.`);
  writeFileSync(path, "{");
  expect(() => readLatency(other)).toThrow(/mini\.json: not JSON \(.*\), expected measured latencies\. Delete it and measure again: esta latency\.$/);
});
