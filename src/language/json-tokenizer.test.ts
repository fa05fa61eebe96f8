import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { byteLetters } from "./byte-letters.js";
import { learnMerges, type Merge } from "./byte-pair-trainer.js";
import { readJsonTokenizer } from "./json-tokenizer.js";
import { byteIds, ownTokenizerJson, writeOwnTokenizer } from "./own-tokenizer.js";

const newFolder = (): string => mkdtempSync(join(tmpdir(), "tokenizer-"));
const sample = ["low low low low low lower lower newest newest newest newest newest newest widest widest widest, it's 2024!"];

/** The definition: the merge learned first is done first, everywhere. */
function mergeByRank(ids: number[], merges: readonly Merge[]): number[] {
  return merges.reduce((now, [left, right], rank) => {
    const next: number[] = [];
    for (const id of now) {
      if (id === right && next.at(-1) === left) next[next.length - 1] = 259 + rank;
      else next.push(id);
    }
    return next;
  }, ids);
}

test("the most frequent pair is merged first, ties go to the smaller ids, words are counted across texts", () => {
  // newest ×5 and widest ×3 share e-s and s-t, 8 times; low and lower have l-o and o-w 7 times. Ids are byte + 3.
  const id = (letter: string): number => letter.charCodeAt(0) + 3;
  expect(learnMerges(sample, 259 + 4)).toEqual([[id("e"), id("s")], [259, id("t")], [id("l"), id("o")], [261, id("w")]]);
});

test("the order of the texts does not matter and training stops when no pair occurs twice", () => {
  const texts = ["the cat", "the hat", "a cat in the hat"];
  expect(learnMerges(texts, 300)).toEqual(learnMerges([...texts].reverse(), 300));
  expect(learnMerges(["ab"], 300)).toEqual([]);
  expect(() => learnMerges(texts, 258)).toThrow("learnMerges: vocabularySize is 258, expected a whole number from 259 to 65536 (marks and 256 bytes at least).");
});

test("every byte has its own letter, as GPT-2 writes them", () => {
  expect(new Set(byteLetters).size).toBe(256);
  expect([byteLetters[0x20], byteLetters[0x0a], byteLetters[0x41], byteLetters[0xff], byteLetters[0xad]]).toEqual(["Ġ", "Ċ", "A", "ÿ", "Ń"]);
});

test("the kit's tokenizer file is read by the library with its marks, and encodes with its merges", () => {
  const folder = newFolder();
  const merges = learnMerges(sample, 290);
  const path = writeOwnTokenizer(folder, merges);
  const tokenizer = readJsonTokenizer(path);
  expect([tokenizer.padId, tokenizer.beginId, tokenizer.endId]).toEqual([0, 1, 2]);
  expect(tokenizer.vocabularySize).toBe(259 + merges.length);
  const ids = tokenizer.encode("newest", { begin: true, end: true });
  expect(ids[0]).toBe(1);
  expect(ids.at(-1)).toBe(2);
  for (const word of ["newest", " newest", " lowest", "slowly"]) expect(tokenizer.encode(word)).toEqual(mergeByRank(byteIds(Buffer.from(word)), merges));
  expect(tokenizer.encode("12").length).toBe(2);
  expect(tokenizer.decode(ids)).toBe("newest");
  expect(readFileSync(path, "utf8")).toBe(ownTokenizerJson(learnMerges(sample, 290)));
});

test("any text comes back as it was: all planes, white space, marks in plain letters", () => {
  const tokenizer = readJsonTokenizer(writeOwnTokenizer(newFolder(), learnMerges(sample, 290)));
  const stream = createRng(7).stream("text");
  const spots = [0, 0x20, 0x80, 0x300, 0x2000, 0x3000, 0xe000, 0xfff0, 0x1f600, 0x10fff0];
  for (let round = 0; round < 400; round++) {
    const text = Array.from({ length: stream.integer(40) }, () => String.fromCodePoint(spots[stream.integer(spots.length)]! + stream.integer(16))).join("");
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  }
  for (const text of ["  two  spaces \n\n\tlines ", "don't I'LL", "<|end|><|begin|>x<|pad|>", " leading", "ﬁ Å e\u0301", "\r\n", "\uFEFF\0"]) {
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    expect(tokenizer.encode(text).some((id) => id < 3)).toBe(false);
  }
});

test("every byte string can be written byte by byte and is read back", () => {
  const tokenizer = readJsonTokenizer(writeOwnTokenizer(newFolder(), []));
  const stream = createRng(8).stream("bytes");
  for (let byte = 0; byte < 128; byte++) expect(tokenizer.decode(byteIds(Uint8Array.of(byte)))).toBe(String.fromCharCode(byte));
  for (let round = 0; round < 200; round++) {
    const bytes = Uint8Array.from({ length: 1 + stream.integer(20) }, () => stream.integer(256));
    expect(tokenizer.decode(byteIds(bytes))).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  }
});

test("a file that is none, is cut off or does not fit its configuration is refused", () => {
  const folder = newFolder();
  const path = writeOwnTokenizer(folder, []);
  const config = join(folder, "tokenizer_config.json");
  writeFileSync(config, JSON.stringify({ bos_token: { content: "<s>" } }));
  expect(() => readJsonTokenizer(path)).toThrow(`tokenizer ${config}: bos_token is "<s>", expected a token of tokenizer.json. The two files do not belong together.`);
  writeFileSync(path, readFileSync(path).subarray(0, 500));
  expect(() => readJsonTokenizer(path)).toThrow(/it is no JSON \(.*\), expected a whole file\. Was the download cut off\?/);
  writeFileSync(path, "{}");
  expect(() => readJsonTokenizer(path)).toThrow(`tokenizer ${path}: "model" is missing, expected the tokenizer.json of Hugging Face's tokenizers. Is it another file?`);
  writeFileSync(path, `{"model": {"type": "Nonsense"}}`);
  expect(() => readJsonTokenizer(path)).toThrow(/it cannot be opened \(.*\), expected a tokenizer\.json of a kind/);
  expect(() => readJsonTokenizer(join(folder, "none.json"))).toThrow("cannot be read (ENOENT)");
});
