/**
 * @file The kit's own tokenizer as files that Hugging Face's readers open too.
 */
import { join } from "node:path";
import { writeWhole } from "../write-whole.js";
import { byteLetters } from "./byte-letters.js";
import { firstByteId, ownMarks, wordPattern, type Merge } from "./byte-pair-trainer.js";

/**
 * Returns the content of a tokenizer.json: byte-level byte pairs, no normaliser, marks that are never looked for inside words. Equal merges give equal text.
 */
export function ownTokenizerJson(merges: readonly Merge[]): string {
  const pieces = [...ownMarks, ...byteLetters];
  for (const [left, right] of merges) pieces.push(pieces[left]! + pieces[right]!);
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false };
  return `${JSON.stringify(
    {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: ownMarks.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
      normalizer: null,
      pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Split", pattern: { Regex: wordPattern }, behavior: "Isolated", invert: false }, byteLevel] },
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: vocabularyOf(pieces),
        merges: merges.map(([left, right]) => [pieces[left]!, pieces[right]!]),
      },
    },
    null,
    1,
  )}\n`;
}

/** Different merges can spell the same piece; its first id counts, and a later one keeps a place of its own that is never produced. */
function vocabularyOf(pieces: readonly string[]): Record<string, number> {
  const vocabulary: Record<string, number> = {};
  pieces.forEach((piece, id) => {
    vocabulary[vocabulary[piece] === undefined ? piece : `<|unused-${id}|>`] = id;
  });
  return vocabulary;
}

/**
 * Writes tokenizer.json and tokenizer_config.json into a folder.
 *
 * @returns the path of tokenizer.json.
 * @throws {UsageError} when the folder cannot be written to.
 */
export function writeOwnTokenizer(folder: string, merges: readonly Merge[]): string {
  const [pad, begin, end] = ownMarks;
  const config = { tokenizer_class: "PreTrainedTokenizerFast", bos_token: begin, eos_token: end, pad_token: pad, add_bos_token: false, clean_up_tokenization_spaces: false, model_max_length: 1e30 };
  const path = join(folder, "tokenizer.json");
  writeWhole("tokenizer", join(folder, "tokenizer_config.json"), [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
  writeWhole("tokenizer", path, [Buffer.from(ownTokenizerJson(merges))]);
  return path;
}

/** The ids of bytes one by one, without merges: any byte string can be written with the kit's own vocabulary. */
export function byteIds(bytes: Uint8Array): number[] {
  return [...bytes].map((byte) => firstByteId + byte);
}
