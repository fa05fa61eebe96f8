import { expect, test } from "vitest";
import { joinDocuments, tokenStream } from "./token-stream.js";
import type { Tokenizer } from "./tokenizer.js";

const letters: Tokenizer = {
  name: "letters", vocabularySize: 128, beginId: 1, endId: 2, padId: undefined, sha256: "",
  encode: (text, options) => [...(options?.begin ? [1] : []), ...[...text].map((letter) => letter.charCodeAt(0)), ...(options?.end ? [2] : [])],
  decode: (ids) => String.fromCharCode(...ids),
};
const row = Int32Array.from({ length: 103 }, (_, index) => index);

test("documents stand between marks, in order, however long they are", () => {
  expect([...joinDocuments(["ab", "", "c"], letters)]).toEqual([1, 97, 98, 2, 1, 2, 1, 99, 2]);
  expect(joinDocuments(["x".repeat(70_000), "y"], letters).length).toBe(70_005);
  expect(() => joinDocuments([], letters)).toThrow("joinDocuments: no document arrived, expected at least one.");
  expect(() => joinDocuments(["a"], { ...letters, beginId: undefined, endId: undefined })).toThrow("marks neither begin nor end");
});

test("one pass gives every window once, without overlap, each with the next token as target", () => {
  const stream = tokenStream(row, { batch: 3, length: 10, seed: 4 });
  expect(stream.windows).toBe(9);
  const starts: number[] = [];
  for (let step = 0; step < 3; step++) {
    const { inputs, targets } = stream.batch(step);
    expect([...targets]).toEqual([...inputs].map((token) => token + 1));
    for (let line = 0; line < 3; line++) starts.push(inputs[10 * line]!);
  }
  const sorted = starts.sort((one, other) => one - other);
  expect(sorted.slice(1).map((start, index) => start - sorted[index]!)).toEqual(Array(8).fill(10));
});

test("a step gives the same batch whenever it is asked for; another seed and another pass give others", () => {
  const one = tokenStream(row, { batch: 3, length: 10, seed: 4 });
  const other = tokenStream(row, { batch: 3, length: 10, seed: 4 });
  const late = other.batch(7);
  for (let step = 0; step < 7; step++) one.batch(step);
  expect(one.batch(7)).toEqual(late);
  expect(one.batch(0)).not.toEqual(one.batch(3));
  expect(tokenStream(row, { batch: 3, length: 10, seed: 5 }).batch(0)).not.toEqual(one.batch(0));
});

test("too little text is refused", () => {
  expect(() => tokenStream(row, { batch: 1, length: 60, seed: 0 })).toThrow("tokenStream: 103 tokens arrived, expected at least 120 for windows of 60. Take more text or a shorter window.");
  expect(() => tokenStream(row, { batch: 0, length: 0.5, seed: 0 })).toThrow("tokenStream: batch is 0, expected a whole number of at least 1.\ntokenStream: length is 0.5, expected a whole number of at least 1.");
});
