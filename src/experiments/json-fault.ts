/**
 * @file Where a text stops being JSON. `JSON.parse` says it in words that differ between versions of Node, and not always with a place.
 */

/** The first place that is not JSON; line and column count characters from 1. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly found: string;
  readonly expected: string;
}

/** Finds the first fault of a JSON text, or nothing where it is JSON. */
export function jsonFault(text: string): JsonFault | undefined {
  const reader = { text, at: 0 };
  try {
    readValue(reader);
    skipSpace(reader);
    if (reader.at < text.length) throw new Fault("the end of the file");
    return undefined;
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    const before = text.slice(0, reader.at).split("\n");
    const found = reader.at < text.length ? JSON.stringify(text[reader.at]) : "the end of the file";
    return { line: before.length, column: before.at(-1)!.length + 1, found, expected: fault.expected };
  }
}

class Fault extends Error {
  constructor(readonly expected: string) {
    super(expected);
  }
}

interface Reader {
  readonly text: string;
  at: number;
}

function readValue(reader: Reader): void {
  skipSpace(reader);
  const next = reader.text[reader.at];
  if (next === "{") readMembers(reader, "}", true);
  else if (next === "[") readMembers(reader, "]", false);
  else if (next === '"') readString(reader);
  else if (!take(reader, /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y)) throw new Fault("a value");
}

/** Reads an object's or a list's members and the brackets around them. */
function readMembers(reader: Reader, close: "}" | "]", named: boolean): void {
  reader.at++;
  skipSpace(reader);
  if (take(reader, close === "}" ? /\}/y : /\]/y)) return;
  for (;;) {
    if (named) {
      skipSpace(reader);
      if (reader.text[reader.at] !== '"') throw new Fault("a name in double quotes");
      readString(reader);
      skipSpace(reader);
      if (!take(reader, /:/y)) throw new Fault('":"');
    }
    readValue(reader);
    skipSpace(reader);
    if (take(reader, close === "}" ? /\}/y : /\]/y)) return;
    if (!take(reader, /,/y)) throw new Fault(`"," or "${close}"`);
  }
}

function readString(reader: Reader): void {
  const start = reader.at;
  take(reader, /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y);
  if (!take(reader, /"/y)) throw new Fault(reader.at > start ? "the string's closing quote or a valid letter" : "a string");
}

function skipSpace(reader: Reader): void {
  take(reader, /[ \t\r\n]*/y);
}

/** Moves past a match at the reader's place. @param pattern - sticky. */
function take(reader: Reader, pattern: RegExp): boolean {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text);
  if (found !== null) reader.at += found[0].length;
  return found !== null;
}
