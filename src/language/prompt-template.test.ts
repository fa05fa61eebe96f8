import { expect, test } from "vitest";
import { encodeExample, promptOf } from "./prompt-template.js";
import type { Tokenizer } from "./tokenizer.js";

const letters: Tokenizer = {
  name: "letters", vocabularySize: 256, beginId: 1, endId: 2, padId: undefined, sha256: "",
  encode: (text, options) => [...(options?.begin ? [1] : []), ...[...text].map((letter) => letter.charCodeAt(0)), ...(options?.end ? [2] : [])],
  decode: (ids) => String.fromCharCode(...ids),
};

test("the prompt has Alpaca's wording, with and without input", () => {
  expect(promptOf({ instruction: "Add.", input: "2 and 3" }, "alpaca")).toBe(
    "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n2 and 3\n\n### Response:\n",
  );
  expect(promptOf({ instruction: "Add.", input: "" }, "short")).toBe("### Instruction:\nAdd.\n\n### Response:\n");
});

test("only the response and its end mark are learned", () => {
  const { tokens, responseMask } = encodeExample({ instruction: "Add.", input: "", output: "5" }, letters, "short", 100);
  const prompt = promptOf({ instruction: "Add.", input: "" }, "short").length + 1;
  expect([...tokens.slice(prompt)]).toEqual([53, 2]);
  expect([...responseMask]).toEqual([...Array<number>(prompt).fill(0), 1, 1]);
  expect(() => encodeExample({ instruction: "Add.", input: "", output: "5" }, letters, "short", prompt + 1, "data.json:7")).toThrow(
    `encodeExample data.json:7: ${prompt + 2} tokens (${prompt} of the prompt, 2 of the response), expected at most the model's context of ${prompt + 1}. Shorten the example or leave it out.`,
  );
});
