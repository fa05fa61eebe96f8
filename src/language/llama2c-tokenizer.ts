/**
 * @file The tokenizer file of llama2.c: pieces with scores; pairs are merged from the best score on.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { UsageError } from "../checks.js";
import { checkIds, withMarks } from "./tokenizer-checks.js";
import type { Tokenizer } from "./tokenizer.js";

/** Ids of the marks and of the first of the 256 byte pieces, fixed by the format. */
const BEGIN = 1;
const END = 2;
const FIRST_BYTE = 3;

interface Pieces {
  readonly bytes: readonly Uint8Array[];
  readonly scores: readonly number[];
}

/**
 * Reads a `tokenizer.bin` of llama2.c: int32 length of the longest piece, then for each piece a float32 score, an int32 length and its bytes, little-endian.
 *
 * A text that is not empty gets a space before it, as the SentencePiece models of this format were trained; decoding takes it away again.
 *
 * @throws {UsageError} when the file is missing, cut off, or holds fewer pieces than marks and bytes.
 *
 * Source: llama2.c, `run.c`, `build_tokenizer`, `encode` and `decode`.
 */
export function readLlama2cTokenizer(path: string): Tokenizer {
  const file = readTokenizerFile(path);
  const pieces = parsePieces(path, file);
  const name = `${basename(path)} (llama2.c)`;
  const ids = new Map(pieces.bytes.map((bytes, id) => [latin1(bytes), id] as const).reverse()); // of equal pieces the first counts
  const size = pieces.bytes.length;
  const identity = { name, vocabularySize: size, beginId: BEGIN, endId: END, padId: undefined };
  return {
    ...identity,
    sha256: createHash("sha256").update(file).digest("hex"),
    encode: (text, options) => withMarks(identity, text === "" ? [] : mergePieces(` ${text}`, ids, pieces), options),
    decode(tokens) {
      checkIds(identity, tokens);
      const spoken = tokens.filter((id) => id !== BEGIN && id !== END);
      const text = Buffer.concat(spoken.map((id) => (id >= FIRST_BYTE && id < FIRST_BYTE + 256 ? Uint8Array.of(id - FIRST_BYTE) : pieces.bytes[id]!))).toString("utf8");
      return text.startsWith(" ") ? text.slice(1) : text;
    },
  };
}

/** Reads a file whole. @throws {UsageError} when that fails. */
export function readTokenizerFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(`tokenizer ${path}: cannot be read (${code}), expected a tokenizer.json or tokenizer.bin. Check the path.`);
  }
}

function parsePieces(path: string, file: Buffer): Pieces {
  const bytes: Uint8Array[] = [];
  const scores: number[] = [];
  let at = 4;
  while (at < file.length) {
    const length = at + 8 <= file.length ? file.readInt32LE(at + 4) : -1;
    if (length < 0 || at + 8 + length > file.length) {
      throw new UsageError(`tokenizer ${path}: piece ${bytes.length} at byte ${at} is cut off or no piece, expected a score, a length and as many bytes. The file is truncated or of another format.`);
    }
    scores.push(file.readFloatLE(at));
    bytes.push(new Uint8Array(file.subarray(at + 8, at + 8 + length)));
    at += 8 + length;
  }
  if (bytes.length < FIRST_BYTE + 256) {
    throw new UsageError(`tokenizer ${path}: ${bytes.length} pieces arrived, expected at least ${FIRST_BYTE + 256} (three marks and 256 bytes). The file is truncated or of another format.`);
  }
  return { bytes, scores };
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** Characters that are pieces stay whole, others fall to bytes; then the neighbours whose joint piece scores best (the first of equals) are joined, again and again. */
function mergePieces(text: string, ids: ReadonlyMap<string, number>, pieces: Pieces): number[] {
  const tokens: number[] = [];
  for (const character of text) {
    const bytes = Buffer.from(character, "utf8");
    const whole = ids.get(bytes.toString("latin1"));
    if (whole !== undefined) tokens.push(whole);
    else for (const byte of bytes) tokens.push(byte + FIRST_BYTE);
  }
  const keys = tokens.map((id) => latin1(pieces.bytes[id]!));
  const joint = (left: number): number | undefined => (left + 1 < tokens.length ? ids.get(keys[left]! + keys[left + 1]!) : undefined);
  const candidates = tokens.map((_, left) => joint(left));
  for (;;) {
    let best = -1;
    for (let left = 0; left < candidates.length; left++) {
      const id = candidates[left];
      if (id !== undefined && (best < 0 || pieces.scores[id]! > pieces.scores[candidates[best]!]!)) best = left;
    }
    if (best < 0) return tokens;
    tokens.splice(best, 2, candidates[best]!);
    keys.splice(best, 2, latin1(pieces.bytes[tokens[best]!]!));
    candidates.splice(best, 2, joint(best));
    if (best > 0) candidates[best - 1] = joint(best - 1);
  }
}
