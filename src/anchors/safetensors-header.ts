/**
 * @file The header of a safetensors file, read without trust: every name, type and number is checked against the bytes that are there.
 */
import { UsageError } from "../checks.js";

/** Bytes of one element of each dtype that is read. */
export const safetensorsBytes = { F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, BF16: 2, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const;

/** Type of the elements on disk. */
export type SafetensorsDtype = keyof typeof safetensorsBytes;

/** One tensor of the header; `begin` and `end` count bytes from the end of the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const problemsShown = 10;

/**
 * Reads a header and checks that its tensors fill `dataBytes` exactly, without overlap or hole.
 *
 * @returns the entries in the order of their bytes, and the header's `__metadata__`.
 * @throws {UsageError} with the first ten problems.
 */
export function parseHeader(where: string, bytes: Uint8Array, dataBytes: number): { entries: SafetensorsEntry[]; metadata: Record<string, string> } {
  const text = decode(where, bytes);
  const root = parse(where, text);
  const problems = repeatedKeys(where, text);
  const entries: SafetensorsEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(root)) {
    if (problems.length > problemsShown) break;
    if (name === "__metadata__") {
      if (isStringRecord(value)) metadata = value;
      else problems.push(`${where}: __metadata__ is ${kindOf(value)}, expected an object of strings; the header is damaged.`);
      continue;
    }
    const entry = checkEntry(`${where}: ${cut(name)}`, name, value, dataBytes, problems);
    if (entry !== undefined) entries.push(entry);
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  if (problems.length === 0) checkCoverage(where, entries, dataBytes, problems);
  if (problems.length > 0) throw new UsageError(problems.slice(0, problemsShown));
  return { entries, metadata };
}

function decode(where: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(`${where}: the header is not UTF-8, expected JSON text; the file is damaged or of another format.`);
  }
}

function parse(where: string, text: string): object {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    const reason = cut(error instanceof Error ? error.message : "unreadable");
    throw new UsageError(`${where}: the header is not JSON (${reason}), expected an object of tensors; the file is damaged or of another format.`);
  }
  if (!isObject(root)) throw new UsageError(`${where}: the header is ${kindOf(root)}, expected an object of tensors; the file is damaged or of another format.`);
  return root;
}

function checkEntry(where: string, name: string, value: unknown, dataBytes: number, problems: string[]): SafetensorsEntry | undefined {
  if (!isObject(value)) {
    problems.push(`${where} is ${kindOf(value)}, expected an object with dtype, shape and data_offsets.`);
    return undefined;
  }
  const fields = new Map(Object.entries(value));
  const dtype = fields.get("dtype");
  const shape = fields.get("shape");
  const offsets = fields.get("data_offsets");
  const before = problems.length;
  if (!isDtype(dtype)) problems.push(`${where} has dtype ${kindOf(dtype)}, expected one of ${Object.keys(safetensorsBytes).join(", ")}.`);
  if (!isSizeList(shape)) problems.push(`${where} has shape ${kindOf(shape)}, expected a list of whole numbers from 0 to 2^53 − 1.`);
  if (!isSizeList(offsets) || offsets.length !== 2) problems.push(`${where} has data_offsets ${kindOf(offsets)}, expected two whole numbers.`);
  if (!isDtype(dtype) || !isSizeList(shape) || !isSizeList(offsets) || problems.length > before) return undefined;

  const [begin, end] = [offsets[0]!, offsets[1]!];
  const elements = productOf(shape);
  const expected = elements * safetensorsBytes[dtype];
  if (begin > end || end > dataBytes) {
    problems.push(`${where} has data_offsets ${begin} to ${end}, expected a range within the ${dataBytes} bytes after the header; the file is cut short or damaged.`);
  } else if (!Number.isSafeInteger(elements) || expected !== end - begin) {
    const size = Number.isSafeInteger(expected) ? `${expected} bytes` : "more bytes than can be counted";
    problems.push(`${where} has shape ${kindOf(shape)} of ${dtype}, ${size}, and data_offsets of ${end - begin} bytes, expected the same; the header is damaged.`);
  }
  return problems.length > before ? undefined : { name, dtype, shape, begin, end };
}

/** The product, or infinity once a partial product leaves the safe integers (a later 0 does not mend it). */
function productOf(shape: readonly number[]): number {
  let product = 1;
  for (const side of shape) {
    product *= side;
    if (!Number.isSafeInteger(product)) return Infinity;
  }
  return product;
}

function checkCoverage(where: string, entries: readonly SafetensorsEntry[], dataBytes: number, problems: string[]): void {
  let reached = 0;
  for (const { name, begin, end } of entries) {
    if (begin < reached) problems.push(`${where}: ${cut(name)} begins at byte ${begin}, inside the tensor before it, expected ${reached}; the header is damaged.`);
    if (begin > reached) problems.push(`${where}: ${cut(name)} begins at byte ${begin}, expected ${reached}: the bytes between belong to no tensor; the header is damaged.`);
    if (problems.length > 0) return;
    reached = end;
  }
  if (reached !== dataBytes) {
    problems.push(`${where}: the tensors end at byte ${reached} of ${dataBytes} after the header, expected all of them used; the file is damaged or was appended to.`);
  }
}

/** Finds names that occur twice in one object of a text that is known to be JSON; a parser keeps only the last of them. */
function repeatedKeys(where: string, text: string): string[] {
  const problems: string[] = [];
  const open: (Set<string> | undefined)[] = []; // a set for each open object, nothing for a list
  let at = 0;
  while (at < text.length && problems.length < problemsShown) {
    const character = text[at];
    if (character === "{") open.push(new Set());
    else if (character === "[") open.push(undefined);
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      let next = end + 1;
      while (text[next] === " " || text[next] === "\n" || text[next] === "\t" || text[next] === "\r") next++;
      if (text[next] === ":") {
        const key = JSON.parse(text.slice(at, end + 1)) as string;
        const keys = open.at(-1);
        if (keys?.has(key) === true) problems.push(`${where}: ${cut(key)} occurs twice in the header, expected every name once; the header is damaged.`);
        keys?.add(key);
      }
      at = end;
    }
    at++;
  }
  return problems;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((item) => typeof item === "string");
}

function isDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === "string" && Object.hasOwn(safetensorsBytes, value);
}

function isSizeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** Names a value in a few words. Lists of lists are not spelt out, however deep they are. */
function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) {
    const items = value.slice(0, 8).map((item) => (typeof item === "object" && item !== null ? "…" : String(item)));
    return cut(`[${items.join(", ")}${value.length > 8 ? ", …" : ""}]`);
  }
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? `"${cut(value)}"` : String(value);
}

function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
