import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { weightFolders } from "../testing/goldens/places.js";
import { readLlama2cTokenizer } from "./llama2c-tokenizer.js";

const folder = mkdtempSync(join(tmpdir(), "llama2c-"));

function piece(text: string, score: number): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeFloatLE(score, 0);
  head.writeInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

/** Marks, bytes, then `extra` from id 259 on. */
function fileOf(name: string, extra: readonly [string, number][]): string {
  const bytes = Array.from({ length: 256 }, (_, byte) => piece(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, 0));
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([Buffer.from([7, 0, 0, 0]), piece("<unk>", 0), piece("\n<s>\n", 0), piece("\n</s>\n", 0), ...bytes, ...extra.map(([text, score]) => piece(text, score))]));
  return path;
}

test("the best score merges first, the left of equals wins, and what is no piece falls to bytes", () => {
  const path = fileOf("toy.bin", [["a", -1], ["b", -1], [" ", -1], ["ab", -5], ["ba", -4], ["aba", -6], ["aa", -9]]);
  const tokenizer = readLlama2cTokenizer(path);
  const [a, b, space] = [259, 260, 261];
  expect(tokenizer.vocabularySize).toBe(266);
  expect(tokenizer.encode("abab")).toEqual([space, 264, b]);
  expect(tokenizer.encode("aaa")).toEqual([space, 265, a]);
  expect(tokenizer.encode("é", { begin: true, end: true })).toEqual([1, space, 0xc3 + 3, 0xa9 + 3, 2]);
  expect(tokenizer.encode("")).toEqual([]);
  for (const text of ["abab é ☃ 😀\n\0", " two  spaces ", "<0x41>", "\n<s>\n"]) expect(tokenizer.decode(tokenizer.encode(text, { begin: true }))).toBe(text);
});

test("a truncated file, a short one and a foreign id are refused", () => {
  const path = fileOf("whole.bin", [["a", -1]]);
  const cut = join(folder, "cut.bin");
  writeFileSync(cut, readFileSync(path).subarray(0, -1));
  expect(() => readLlama2cTokenizer(cut)).toThrow(`tokenizer ${cut}: piece 259 at byte ${4 + 8 + 5 + 8 + 5 + 8 + 6 + 256 * 14} is cut off or no piece, expected a score, a length and as many bytes. The file is truncated or of another format.`);
  writeFileSync(cut, readFileSync(path).subarray(0, 4 + 13));
  expect(() => readLlama2cTokenizer(cut)).toThrow(`tokenizer ${cut}: 1 pieces arrived, expected at least 259`);
  expect(() => readLlama2cTokenizer(join(folder, "none.bin"))).toThrow("cannot be read (ENOENT), expected a tokenizer.json or tokenizer.bin. Check the path.");
  expect(() => readLlama2cTokenizer(path).decode([260])).toThrow("tokenizer whole.bin (llama2.c): id 260 arrived, expected a whole number from 0 to 259. Does the tokenizer belong to the model?");
});

const real = weightFolders.map((place) => join(place, "tok512.bin")).find((path) => existsSync(path));
test.skipIf(real === undefined)("the tokenizer of stories260K reads and writes its golden sentence", () => {
  const tokenizer = readLlama2cTokenizer(real!);
  const tokens = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338, 401, 396, 267, 337, 410, 408, 419, 292, 411, 322, 265, 282, 295, 433, 426, 385, 328, 432, 358, 394, 261, 370, 432, 352, 266, 268, 388, 426, 338, 391, 266, 267, 337, 335, 312, 432, 398, 312, 286, 267, 414, 270, 333, 415, 426, 13, 438, 310];
  const text = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.\nLily";
  expect(tokenizer.vocabularySize).toBe(512);
  expect(tokenizer.sha256).toBe("037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312");
  expect(tokenizer.decode(tokens)).toBe(text);
  expect(tokenizer.encode(text, { begin: true })).toEqual(tokens);
});
