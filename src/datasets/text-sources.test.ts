import { expect, test } from "vitest";
import { readTextSource, textSourceNames } from "./text-sources.js";

const sources = Object.fromEntries(textSourceNames.map((name) => [name, readTextSource(name)]));
const bytes = (documents: readonly string[]): number => documents.reduce((sum, document) => sum + Buffer.byteLength(document), 0);

test("the sources are the pinned ones, byte for byte", () => {
  const facts = textSourceNames.map((name) => [name, sources[name]!.train.length, bytes(sources[name]!.train), sources[name]!.heldOut.length, bytes(sources[name]!.heldOut), sources[name]!.sha256.slice(0, 12)]);
  expect(facts).toEqual([
    ["wordnet", 114_561, 14_488_550, 2_358, 293_881, "136ae3212988"],
    ["novel", 2_298, 1_121_025, 114, 62_149, "a5f66c28a685"],
    ["countries", 1_215, 108_993, 0, 0, "00ce58731f97"],
    ["rhymes", 1_522, 83_913, 0, 0, "b6b6a07b8e17"],
  ]);
});

test("no document, no definition and no example of the held-out part stands in the training part", () => {
  for (const name of textSourceNames) {
    const train = new Set(sources[name]!.train);
    expect(train.size).toBe(sources[name]!.train.length);
    expect(sources[name]!.heldOut.filter((document) => train.has(document))).toEqual([]);
  }
  const pieces = (document: string): string[] => document.replace(/ Also: [^.]+\./, "").split(/(?<=[.!?]) |: /).filter((piece) => piece.length > 30 && !/^(A kind of|The word for)/.test(piece)).map((piece) => piece.toLowerCase());
  const seen = new Set(sources["wordnet"]!.train.flatMap(pieces));
  expect(sources["wordnet"]!.heldOut.flatMap(pieces).filter((piece) => seen.has(piece))).toEqual([]);
});

test("documents are clean: no line breaks, no double spaces, no underscores, no empty ones", () => {
  for (const name of textSourceNames) for (const document of [...sources[name]!.train, ...sources[name]!.heldOut]) if (/[\n\t]| {2}|^$/.test(document) || (name === "wordnet" && /[a-z]_[a-z]/.test(document))) throw new Error(document);
});
