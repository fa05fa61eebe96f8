import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { randomParameters } from "../training/pretrain.js";
import type { HostTensor } from "./parameters.js";
import { loadFamily, loadWeights } from "./load-weights.js";
import { families, familyOf, type FamilyEntry } from "./registry.js";
import { writeSafetensors } from "./safetensors.js";
import { vitModules } from "./vit-shape.js";

const [tiny, small] = familyOf("mini").anchors as [FamilyEntry["anchors"][number], FamilyEntry["anchors"][number]];
const weights = (entry = tiny): Record<string, HostTensor> => randomParameters(vitModules(entry.config), createRng(0));

function stored(tensors: Record<string, HostTensor>, dtype: "F32" | "F16" = "F32"): string {
  const path = join(mkdtempSync(join(tmpdir(), "esta-weights-")), "weights.safetensors");
  writeSafetensors(path, tensors, { dtype });
  return path;
}

function message(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

test("weights read back as they were written, in float32 and, rounded, in float16", () => {
  const tensors = weights();
  expect(loadWeights(stored(tensors), tiny).parameters).toEqual(tensors);
  const half = loadWeights(stored(tensors, "F16"), tiny).parameters["blocks.3.mlp.fc1.weight"]!.data;
  const largest = Math.max(...half.map((value, index) => Math.abs(value - tensors["blocks.3.mlp.fc1.weight"]!.data[index]!)));
  expect(largest).toBeGreaterThan(0);
  expect(largest).toBeLessThan(3e-4);
});

test("a head of any number of classes is read, and none is needed", () => {
  const tensors = weights();
  expect(loadWeights(stored({ ...tensors, "head.weight": { shape: [7, 48], data: new Float32Array(7 * 48) }, "head.bias": { shape: [7], data: new Float32Array(7) } }), tiny).config.classes).toBe(7);
  const { "head.weight": _weight, "head.bias": _bias, ...body } = tensors;
  expect(Object.keys(loadWeights(stored(body), tiny).parameters)).not.toContain("head.weight");
});

test("a missing tensor and a misshapen one are both named, with the anchor that the shape would fit", () => {
  const { "blocks.3.attn.proj.bias": _gone, ...tensors } = weights();
  const path = stored({ ...tensors, "blocks.2.attn.qkv.weight": { shape: [288, 96], data: new Float32Array(288 * 96) } });
  expect(message(() => loadWeights(path, tiny))).toBe(
    [
      `loadWeights ${path}: blocks.2.attn.qkv.weight has shape [288, 96], expected [144, 48] for vit-mini-ti. [288, 96] is the shape of vit-mini-s: wrong file?`,
      `loadWeights ${path}: blocks.3.attn.proj.bias is missing, expected shape [48] for vit-mini-ti.`,
    ].join("\n"),
  );
});

test("another anchor's file is told in six lines", () => {
  const path = stored(weights(small));
  const lines = message(() => loadWeights(path, tiny)).split("\n");
  expect(lines).toHaveLength(6);
  expect(lines[0]).toBe(`loadWeights ${path}: cls_token has shape [1, 1, 96], expected [1, 1, 48] for vit-mini-ti. [1, 1, 96] is the shape of vit-mini-s: wrong file?`);
  expect(lines[5]).toMatch(/^loadWeights .*: and \d+ more tensors like these: wrong file\?$/);
});

test("an unknown family and missing files say what is known and how to get them", () => {
  expect(message(() => familyOf("maxi"))).toBe(`family: "maxi" is not known, expected one of ${families.map(({ familyId }) => familyId).join(", ")}.`);
  expect(message(() => loadFamily(familyOf("mini"), ["/nowhere"]))).toBe(
    "loadFamily mini: vit-mini-ti.safetensors, vit-mini-s.safetensors, vit-mini-b.safetensors not found in /nowhere, expected one file an anchor. To get them: esta pretrain --family mini.",
  );
});

test("the families are the paper's, and the mini family is a quarter of their width", () => {
  const sizesOf = (id: string) => familyOf(id).anchors.map(({ config: { width, depth, heads, imageSize, patchSize, mlpRatio, channels, layerNormEpsilon } }) => [width, depth, heads, imageSize, patchSize, mlpRatio, channels, layerNormEpsilon]);
  expect(sizesOf("vit")).toEqual([[192, 12, 3, 224, 16, 4, 3, 1e-6], [384, 12, 6, 224, 16, 4, 3, 1e-6], [768, 12, 12, 224, 16, 4, 3, 1e-6]]);
  expect(sizesOf("mini")).toEqual([[48, 12, 3, 32, 8, 4, 3, 1e-6], [96, 12, 6, 32, 8, 4, 3, 1e-6], [192, 12, 12, 32, 8, 4, 3, 1e-6]]);
  expect(sizesOf("mini-fine").map(([, , , , patch]) => patch)).toEqual([4, 4, 4]);
});
