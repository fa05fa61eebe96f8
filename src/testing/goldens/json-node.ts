/**
 * @file Reads parsed JSON field by field; a field that is missing or of another kind is named with its place in the file.
 */
import { readFileSync } from "node:fs";
import { shown, UsageError } from "../../checks.js";

/** A value inside a JSON file, with the way to it. */
export class JsonNode {
  readonly value: unknown;
  /** File and keys, for messages: `ops/manifest.json: files.ops.safetensors`. */
  readonly place: string;

  constructor(value: unknown, place: string) {
    this.value = value;
    this.place = place;
  }

  /** The field of that name. @throws {UsageError} when it is missing. */
  get(key: string): JsonNode {
    const found = this.find(key);
    if (found === undefined) throw this.unlike(`an object with a field ${key}`);
    return found;
  }

  /** The field of that name, or nothing. */
  find(key: string): JsonNode | undefined {
    const fields = this.#fields();
    return Object.hasOwn(fields, key) ? new JsonNode(fields[key], `${this.place}${this.place.endsWith(":") ? " " : "."}${key}`) : undefined;
  }

  /** Keys of an object, in file order. */
  keys(): string[] {
    return Object.keys(this.#fields());
  }

  /** Items of a list. */
  items(): JsonNode[] {
    if (!Array.isArray(this.value)) throw this.unlike("a list");
    return this.value.map((item: unknown, index) => new JsonNode(item, `${this.place}[${index}]`));
  }

  number(): number {
    if (typeof this.value !== "number") throw this.unlike("a number");
    return this.value;
  }

  /** A whole number of at least 0. */
  count(): number {
    if (typeof this.value !== "number" || !Number.isSafeInteger(this.value) || this.value < 0) throw this.unlike("a whole number of at least 0");
    return this.value;
  }

  string(): string {
    if (typeof this.value !== "string") throw this.unlike("a string");
    return this.value;
  }

  numbers(): number[] {
    return this.items().map((item) => item.number());
  }

  counts(): number[] {
    return this.items().map((item) => item.count());
  }

  strings(): string[] {
    return this.items().map((item) => item.string());
  }

  #fields(): Record<string, unknown> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) throw this.unlike("an object");
    return this.value as Record<string, unknown>;
  }

  /** The error for a value that is not what was expected. */
  unlike(expected: string): UsageError {
    const value = typeof this.value === "object" && this.value !== null ? (Array.isArray(this.value) ? "a list" : "an object") : shown(this.value);
    return new UsageError(`${this.place}${this.place.endsWith(":") ? "" : ":"} found ${value}, expected ${expected}; the golden folder is damaged or of another format.`);
  }
}

/** Reads a JSON file. @throws {UsageError} when it is missing or not JSON. */
export function readJson(path: string): JsonNode {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`goldens ${path}: cannot be read (${reasonOf(error)}), expected a JSON file; name a folder of golden values.`);
  }
  try {
    return new JsonNode(JSON.parse(text), `${path}:`);
  } catch (error) {
    throw new UsageError(`goldens ${path}: is not JSON (${reasonOf(error)}), expected a JSON file; copy the folder again.`);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && error.code === "ENOENT" ? "there is no such file" : error.message;
}
