import { expect, test } from "vitest";
import {
  llama13b,
  llama7b,
  llamaAnchorParameters,
  llamaLayerBiases,
  llamaLayerParameters,
  llamaLoraElements,
  llamaStitchingLayerParameters,
  llamaStitchingLoraElements,
  llamaStitchParameters,
  type LlamaConfig,
} from "./llama-shape.js";

test("LLaMA 7B and 13B have their published numbers of parameters", () => {
  expect(llamaAnchorParameters(llama7b)).toBe(6_738_415_616);
  expect(llamaAnchorParameters(llama13b)).toBe(13_015_864_320);
  expect(llamaStitchingLayerParameters(llama7b, llama13b)).toBe(20_976_640);
});

test("a stitch from the first layer of 7B to the second of 13B counts both embeddings, 1 and 39 layers, and the joint", () => {
  expect(llamaStitchParameters(llama7b, llama13b, { frontBlock: 0, endBlock: 1 })).toBe(12_889_251_840);
});

test("a tied, grouped-query decoder is counted tensor by tensor", () => {
  const small: LlamaConfig = { kind: "llama", width: 48, depth: 5, heads: 6, keyValueHeads: 2, hidden: 128, vocabulary: 64, tiedHead: true, context: 16, ropeTheta: 10000, rmsNormEpsilon: 1e-5, rotaryLayout: "interleaved" };
  const attention = 48 * 48 + 16 * 48 + 16 * 48 + 48 * 48;
  const feedForward = 128 * 48 + 128 * 48 + 48 * 128;
  expect(llamaLayerParameters(small)).toBe(attention + feedForward + 48 + 48);
  expect(llamaAnchorParameters(small)).toBe(64 * 48 + 5 * llamaLayerParameters(small) + 48);
  expect(llamaLayerBiases(small)).toBe(48 + 16 + 16 + 48 + 128 + 128 + 48);
  expect(llamaLoraElements(small, 3)).toBe(5 * (3 * 48 + 48 * 3 + 3 * 48 + 16 * 3));
  expect(llamaStitchingLoraElements({ ...small, width: 32 }, small, 3)).toBe(3 * 32 + 48 * 3);
});
