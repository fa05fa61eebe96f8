import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { llamaConfig } from "../anchors/llama-shape.js";
import { writeRandomDecoder } from "../testing/random-decoder.js";
import { planPair } from "./plan-pair.js";

const folder = mkdtempSync(join(tmpdir(), "plan-"));
afterAll(() => rmSync(folder, { recursive: true }));

const step = { batchSize: 4, length: 512, rank: 8 };

function planned(familyId: string, options: Partial<Parameters<typeof planPair>[2]>, available: number): string[] {
  const lines: string[] = [];
  planPair({ print: (line = "") => lines.push(line) }, familyId, { ...step, ...options }, available);
  return lines;
}

test("LLaMA 7B and 13B: 39 stitches, the exact parameters, and what a step takes", () => {
  expect(planned("llama", {}, 16e9)).toEqual([
    "llama: LLaMA 7B and 13B, the paper's pair; published sizes, no folders given",
    "",
    "what                                                                 number",
    "-------------------------------------  ------------------------------------",
    "parameters of the smaller decoder                             6,738,415,616",
    "parameters of the larger decoder                             13,015,864,320",
    "stitches between them                                                    39",
    "their stitching layers                                                   32",
    "parameters that stitches run                7,109,365,760 to 12,889,251,840",
    "trained by PST, all stitches together  85,825,024 (0.43 % of both decoders)",
    "",
    "memory                                                             GB",
    "--------------------------------------------------------------  -----",
    "frozen weights, 16 bits                                         39.51",
    "stitching layers, float32                                        2.69",
    "trained tensors of rank 8, their gradients and AdamW's moments   1.06",
    "activations of a step of 4 × 512 tokens, largest stitch         30.39",
    "evaluation, 1 × 512 tokens at once, largest stitch               1.03",
    "least squares at the start, freed before training               11.78",
    "most at once, the program with it                               74.00",
    "",
    "Does not fit: 74.00 GB needed, 16.00 GB free. A smaller batch or shorter sequences save activations; else a smaller pair or more memory.",
  ]);
});

test("the verdict follows the memory that is free", () => {
  expect(planned("smollm2", {}, 6e9).at(-1)).toBe("Fits: 5.74 GB needed, 6.00 GB free.");
  expect(planned("smollm2", {}, 5e9).at(-1)).toBe("Fits only with weights read from disk again at every step, which is slow: 5.74 GB needed, 5.00 GB free, 0.99 of them frozen weights mapped from their files.");
});

test("folders give the sizes of any pair; another decoder than the named one and unlike vocabularies are refused", () => {
  const sizes = { heads: 2, hidden: 24, vocabulary: 300, context: 64, tiedHead: true };
  const [small, large, other] = ["small", "large", "other"].map((name) => join(folder, name)) as [string, string, string];
  writeRandomDecoder(small, llamaConfig({ ...sizes, width: 8, depth: 2 }));
  writeRandomDecoder(large, llamaConfig({ ...sizes, width: 16, depth: 3 }));
  writeRandomDecoder(other, llamaConfig({ ...sizes, width: 16, depth: 3, vocabulary: 301 }));
  const folders = { weightsSmall: small, weightsLarge: large, batchSize: 1, length: 64 };
  expect(planned("pair", { ...folders, rank: 2 }, 1e9)[0]).toBe(`pair: two decoders; every tensor of ${small} and ${large} is there`);
  expect(() => planned("smollm2", folders, 1e9)).toThrow(
    `family smollm2: ${small} holds a decoder of width 8, depth 2, heads 2, keyValueHeads 2, hidden 24, vocabulary 300, expected width 576, depth 30, heads 9, keyValueHeads 3, hidden 1536, vocabulary 49152 as smollm2-135m. Give the other folder, or use --family pair.`,
  );
  expect(() => planned("pair", { ...folders, weightsLarge: other }, 1e9)).toThrow(`family pair: ${other} has a vocabulary of 301, expected 300 as ${small}: stitched decoders read the same tokens.`);
  expect(() => planned("pair", { weightsSmall: small }, 1e9)).toThrow("family pair: one folder of weights arrived, expected both --weights-small and --weights-large.");
  expect(() => planned("pair", {}, 1e9)).toThrow("family pair: no folders arrived, expected --weights-small and --weights-large.");
  expect(() => planned("llama", { length: 4096 }, 1e9)).toThrow("plan: length is 4096, expected a whole number from 1 to 2048 (the decoders' context).");
});
