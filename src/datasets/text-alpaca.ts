/**
 * @file Reads instruction data in Alpaca's format, of any size, example by example.
 */
import { createReadStream } from "node:fs";
import { UsageError } from "../checks.js";
import type { InstructionExample } from "./text-example.js";

/** An example and where its object begins, counted from 1. */
export interface LocatedExample extends InstructionExample {
  readonly line: number;
}

/** One example that is larger than this is taken for a file that is not what it should be. */
const LONGEST_EXAMPLE = 16 * 1024 * 1024;

/**
 * Yields the examples of a JSON array of `{"instruction", "input", "output"}`, or of one such object per line. `input` may be missing; other fields
 * are passed over. Only one example is held in memory.
 *
 * @throws {UsageError} with the line of the fault: no JSON, no array, a field that is missing, no text or empty (`input` may be empty), bytes that are no
 * UTF-8, an end before the array's, no example at all.
 */
export async function* readAlpaca(path: string): AsyncGenerator<LocatedExample> {
  let examples = 0;
  for await (const piece of jsonObjects(path)) {
    examples++;
    yield checkedExample(path, piece);
  }
  if (examples === 0) throw fault(path, 1, "the file holds no example", "at least one object with instruction, input and output");
}

interface Piece {
  readonly text: string;
  readonly line: number;
}

function fault(path: string, line: number, arrived: string, expected: string): UsageError {
  return new UsageError(`readAlpaca ${path}:${line}: ${arrived}, expected ${expected}. Correct the file at this line.`);
}

/** Cuts the file into its objects without reading them. */
async function* jsonObjects(path: string): AsyncGenerator<Piece> {
  let line = 1;
  let start = 1;
  let depth = 0;
  let inText = false;
  let escaped = false;
  let array: "unknown" | "none" | "open" | "closed" = "unknown";
  let needs: "object" | "comma" = "object"; // inside the array
  let comma = false;
  let object: string[] = [];
  let size = 0;
  for await (const chunk of decoded(path, () => line)) {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const letter = chunk[at]!;
      if (letter === "\n") line++;
      if (inText) {
        if (escaped) escaped = false;
        else if (letter === "\\") escaped = true;
        else if (letter === '"') inText = false;
        continue;
      }
      if (depth > 0) {
        if (letter === '"') inText = true;
        else if (letter === "{" || letter === "[") depth++;
        else if ((letter === "}" || letter === "]") && --depth === 0) {
          object.push(chunk.slice(from, at + 1));
          yield { text: object.join(""), line: start };
          object = [];
          size = 0;
          needs = "comma";
          comma = false;
        }
        continue;
      }
      if (/\s/.test(letter)) continue;
      if (letter === "{" && array !== "closed" && (needs === "object" || array !== "open")) {
        if (array === "unknown") array = "none";
        depth = 1;
        start = line;
        from = at;
      } else if (letter === "[" && array === "unknown") array = "open";
      else if (letter === "," && array === "open" && needs === "comma") {
        needs = "object";
        comma = true;
      } else if (letter === "]" && array === "open" && !comma) array = "closed";
      else throw fault(path, line, `${JSON.stringify(letter)} stands between examples`, expectation(array, needs));
    }
    if (depth > 0) {
      object.push(chunk.slice(from));
      size += chunk.length - from;
      if (size > LONGEST_EXAMPLE) throw fault(path, start, `an object of more than ${LONGEST_EXAMPLE} characters begins here`, "one example; is a bracket or quotation mark missing?");
    }
  }
  if (depth > 0) throw fault(path, start, "the object that begins here has no end", "a whole file; is it cut off?");
  if (array === "open") throw fault(path, line, "the array has no end", "\"]\" after the last example; is the file cut off?");
}

function expectation(array: "unknown" | "none" | "open" | "closed", needs: "object" | "comma"): string {
  if (array === "closed") return "nothing after the array";
  if (array === "none") return "one object after another";
  if (array === "unknown") return "an array of objects, or one object per line";
  return needs === "comma" ? "a comma or the end of the array" : "an object with instruction, input and output";
}

async function* decoded(path: string, line: () => number): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const read = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw fault(path, line(), "bytes that are no UTF-8 stand on this line or shortly after", "a text file in UTF-8");
    }
  };
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: 1 << 16 })) yield read(bytes as Uint8Array);
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error) || !("code" in error)) throw error;
    throw new UsageError(`readAlpaca ${path}: cannot be read (${String(error.code)}), expected a JSON file of instructions. Check the path.`);
  }
  yield read();
}

/** The engine's message does not always say where: the first line, from 0, up to which the text is no beginning of JSON. */
function lineOfFault(text: string): number {
  const lines = text.split("\n");
  const isBeginning = (count: number): boolean => {
    const beginning = lines.slice(0, count).join("\n");
    try {
      JSON.parse(beginning);
      return true;
    } catch (error) {
      const position = /position (\d+)/.exec(String(error))?.[1];
      return /end of JSON|Unterminated/.test(String(error)) || (position !== undefined && Number(position) >= beginning.length);
    }
  };
  return lines.findIndex((_, index) => !isBeginning(index + 1));
}

function checkedExample(path: string, { text, line }: Piece): LocatedExample {
  const lineAt = (position: number): number => line + (text.slice(0, position).match(/\n/g)?.length ?? 0);
  let value: Readonly<Record<string, unknown>>;
  try {
    value = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw fault(path, line + lineOfFault(text), `no JSON (${message.replace(/ in JSON at position.*|,? "[\s\S]*| \(line.*/, "")})`, "an object with instruction, input and output");
  }
  const field = (key: "instruction" | "input" | "output"): string => {
    const content = value[key];
    const at = lineAt(Math.max(0, text.search(new RegExp(`(?<!\\\\)"${key}"\\s*:`))));
    if (content === undefined && key === "input") return "";
    if (content === undefined) throw fault(path, line, `the example that begins here has no ${key}`, "instruction, input and output");
    if (typeof content !== "string") throw fault(path, at, `${key} is ${content === null ? "null" : Array.isArray(content) ? "a list" : `a ${typeof content}`}`, "a text");
    if (content.trim() === "" && key !== "input") throw fault(path, at, `${key} is empty`, key === "output" ? "a response to learn from" : "a text that asks for something");
    return content;
  };
  return { instruction: field("instruction"), input: field("input"), output: field("output"), line };
}
