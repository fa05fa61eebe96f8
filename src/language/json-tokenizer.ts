/**
 * @file Tokenizers in Hugging Face's tokenizer.json, read by its own JavaScript library.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { UsageError } from "../checks.js";
import { readTokenizerFile } from "./llama2c-tokenizer.js";
import { checkIds, withMarks } from "./tokenizer-checks.js";
import type { Tokenizer } from "./tokenizer.js";

/** Marks by which a tokenizer without a tokenizer_config.json is understood, the most usual first. */
const usualMarks = {
  begin: ["<s>", "<|begin_of_text|>", "<|begin|>", "<|startoftext|>", "<bos>"],
  end: ["</s>", "<|end_of_text|>", "<|end|>", "<|endoftext|>", "<eos>", "<|im_end|>"],
  pad: ["<pad>", "<|pad|>", "[PAD]"],
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads `tokenizer.json` and, where it lies beside it, `tokenizer_config.json`, which names the marks; without it they are found by their usual names.
 *
 * @throws {UsageError} when a file is missing, is no JSON or describes no tokenizer that the library knows.
 */
export function readJsonTokenizer(path: string): Tokenizer {
  const file = readTokenizerFile(path);
  const description = jsonObject(path, file.toString("utf8"));
  if (fieldsOf(description["model"]) === undefined) throw new UsageError(`tokenizer ${path}: "model" is missing, expected the tokenizer.json of Hugging Face's tokenizers. Is it another file?`);
  const beside = join(dirname(path), "tokenizer_config.json");
  const config = existsSync(beside) ? jsonObject(beside, readFileSync(beside, "utf8")) : {};
  const library = open(path, description, { ...config, clean_up_tokenization_spaces: false });
  const vocabulary = library.get_vocab(true);
  const markId = (key: string, usual: readonly string[]): number | undefined => {
    const named = contentOf(config[key]);
    if (named !== undefined && !vocabulary.has(named)) throw new UsageError(`tokenizer ${beside}: ${key} is ${JSON.stringify(named)}, expected a token of ${basename(path)}. The two files do not belong together.`);
    const content = named ?? usual.find((one) => vocabulary.has(one));
    return content === undefined ? undefined : vocabulary.get(content);
  };
  const identity = {
    name: `${basename(dirname(path))}/${basename(path)}`,
    vocabularySize: 1 + largestOf(vocabulary.values()),
    beginId: markId("bos_token", usualMarks.begin),
    endId: markId("eos_token", usualMarks.end),
    padId: markId("pad_token", usualMarks.pad),
  };
  const marks = [...library.get_added_tokens_decoder().values()].map((token) => token.content).filter((content) => content.length > 1);
  const encodePlain = (text: string): number[] => (text === "" ? [] : library.encode(text, { add_special_tokens: false }).ids);
  return {
    ...identity,
    sha256: createHash("sha256").update(file).digest("hex"),
    encode: (text, options) => withMarks(identity, partsWithoutMarks(text, marks).flatMap(encodePlain), options),
    decode(ids) {
      checkIds(identity, ids);
      return ids.length === 0 ? "" : library.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
    },
  };
}

function open(path: string, description: Fields, config: Fields): Library {
  try {
    return new Library(description, config);
  } catch (error) {
    throw new UsageError(`tokenizer ${path}: it cannot be opened (${error instanceof Error ? error.message : String(error)}), expected a tokenizer.json of a kind that @huggingface/tokenizers knows.`);
  }
}

function jsonObject(path: string, text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`tokenizer ${path}: it is no JSON (${error instanceof Error ? error.message : String(error)}), expected a whole file. Was the download cut off?`);
  }
  const fields = fieldsOf(value);
  if (fields === undefined) throw new UsageError(`tokenizer ${path}: the file holds no object, expected one with "model". Is it another file?`);
  return fields;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** A mark is named by its text or by an object that holds it. */
function contentOf(value: unknown): string | undefined {
  const content = fieldsOf(value)?.["content"] ?? value;
  return typeof content === "string" && content !== "" ? content : undefined;
}

function largestOf(values: Iterable<number>): number {
  let largest = -1;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

/** Cuts the text inside every mark that it spells out, so that the library sees characters and no mark. */
function partsWithoutMarks(text: string, marks: readonly string[]): string[] {
  const cuts: number[] = [];
  for (const mark of marks) for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) cuts.push(at + 1);
  const edges = [0, ...[...new Set(cuts)].sort((one, other) => one - other), text.length];
  return edges.slice(1).map((end, index) => text.slice(edges[index]!, end));
}
