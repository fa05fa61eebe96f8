/**
 * @file The printable letters that byte-level tokenizer files write bytes with.
 */

/** The bytes that stand for themselves in the alphabet of byte-level vocabularies (GPT-2's): printable Latin-1 without spaces. */
const plain = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);

/** The letter of each byte: itself where printable, else U+0100 and on, in the order of the bytes. */
export const byteLetters: readonly string[] = lettersOfBytes();

function lettersOfBytes(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(plain(byte) ? byte : next++));
}
