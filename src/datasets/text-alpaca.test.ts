import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readAlpaca } from "./text-alpaca.js";

const path = join(mkdtempSync(join(tmpdir(), "alpaca-")), "data.json");

async function read(content: string | Uint8Array): Promise<unknown[]> {
  writeFileSync(path, content);
  const examples: unknown[] = [];
  for await (const example of readAlpaca(path)) examples.push(example);
  return examples;
}
const one = `{\n  "instruction": "Say {\\"]\\" twice.",\n  "input": "",\n  "output": "]é]"\n}`;

test("an array is read example by example with the lines on which they begin", async () => {
  expect(await read(`[\n${one},\n\n${one.replace("twice", "once").replace('  "input": "",\n', '  "text": {"a": [1, "}"]},\n')} ]\n`)).toEqual([
    { instruction: 'Say {"]" twice.', input: "", output: "]é]", line: 2 },
    { instruction: 'Say {"]" once.', input: "", output: "]é]", line: 8 },
  ]);
});

test("one object per line is read as well, with a byte order mark or not", async () => {
  expect(await read('\uFEFF{"instruction":"a","input":"b","output":"c"}\n{"instruction":"d","output":"e"}\n')).toEqual([
    { instruction: "a", input: "b", output: "c", line: 1 },
    { instruction: "d", input: "", output: "e", line: 2 },
  ]);
});

test("many examples over many chunks come back in order, whatever a chunk's end cuts", async () => {
  const many = Array.from({ length: 5000 }, (_, index) => ({ instruction: `n ${index} é☃😀 \\ "`, input: "x".repeat(index % 97), output: `${index}` }));
  const examples = await read(JSON.stringify(many, null, 1));
  expect(examples).toEqual(many.map((example, index) => ({ ...example, line: 2 + 5 * index })));
});

const good = '{"instruction": "a", "input": "", "output": "b"}';
test.each([
  ["[]", ":1: the file holds no example, expected at least one object with instruction, input and output."],
  ["", ":1: the file holds no example"],
  [`[${good},\n${good}`, ":2: the array has no end, expected \"]\" after the last example; is the file cut off?"],
  [`[${good},\n{"instruction": "a",\n "input`, ":2: the object that begins here has no end, expected a whole file; is it cut off?"],
  [`[${good}\n${good}]`, ':2: "{" stands between examples, expected a comma or the end of the array.'],
  [`[${good},\n]`, ':2: "]" stands between examples, expected an object with instruction, input and output.'],
  [`[${good},\n\n7]`, ':3: "7" stands between examples, expected an object'],
  [`[${good}]\n[`, ':2: "[" stands between examples, expected nothing after the array.'],
  ["\n\"text\"", ':2: "\\"" stands between examples, expected an array of objects, or one object per line.'],
  [`[${good},\n{"instruction": "a",\n "input": "",\n "output": "  "}]`, ":4: output is empty, expected a response to learn from."],
  [`[\n{"output": "x",\n "instruction": ""}]`, ":3: instruction is empty, expected a text that asks for something."],
  [`[${good},\n{"instruction": "say \\"output\\": 1",\n "output": null}]`, ":3: output is null, expected a text."],
  [`[${good},\n{"instruction": "a",\n "input": [1],\n "output": "b"}]`, ":3: input is a list, expected a text."],
  [`[${good},\n\n{"instruction": "a"}]`, ":3: the example that begins here has no output, expected instruction, input and output."],
  [`[${good},\n{"instruction": "a",\n "output": b}]`, ":3: no JSON (Unexpected token 'b'"],
])("the fault of %j is told with its line", async (content, message) => {
  await expect(read(content)).rejects.toThrow(`readAlpaca ${path}${message}`);
});

test("bytes that are no UTF-8 and a missing file are refused", async () => {
  await expect(read(Buffer.concat([Buffer.from(`[${good},\n`), Uint8Array.of(0xff, 0xfe)]))).rejects.toThrow("bytes that are no UTF-8");
  await expect(readAlpaca(`${path}.none`).next()).rejects.toThrow(`readAlpaca ${path}.none: cannot be read (ENOENT), expected a JSON file of instructions. Check the path.`);
});
