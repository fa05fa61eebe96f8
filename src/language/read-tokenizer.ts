/**
 * @file Opens a tokenizer by its file's name.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { readJsonTokenizer } from "./json-tokenizer.js";
import { readLlama2cTokenizer } from "./llama2c-tokenizer.js";
import type { Tokenizer } from "./tokenizer.js";

/**
 * Reads a tokenizer.json, a llama2.c `.bin`, or the first of `tokenizer.json` and `tokenizer.bin` in a folder.
 *
 * @throws {UsageError} when there is none or it cannot be read.
 */
export function readTokenizer(path: string): Tokenizer {
  if (existsSync(path) && statSync(path).isDirectory()) {
    const name = ["tokenizer.json", "tokenizer.bin"].find((one) => existsSync(join(path, one)));
    if (name === undefined) throw new UsageError(`tokenizer ${path}: the folder holds neither, expected tokenizer.json or tokenizer.bin. Copy the one that came with the weights.`);
    return readTokenizer(join(path, name));
  }
  return path.endsWith(".bin") ? readLlama2cTokenizer(path) : readJsonTokenizer(path);
}
