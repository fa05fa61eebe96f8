/**
 * @file rows.csv: written the same to the byte for the same rows, and read so strictly that a damaged file is named, not used.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { CsvError, parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { shown, throwProblems, UsageError } from "../checks.js";
import { writeFileAtomic } from "./atomic-write.js";
import { columnProblem } from "./columns.js";
import type { RowType } from "./record.js";

/** How many problems of one file are listed before the rest is only counted. */
const LISTED_PROBLEMS = 20;

/** sha256 of a text in UTF-8, or of bytes, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Writes rows as CSV text, in the order given: header, commas, quotes where needed, line feeds.
 *
 * @throws {UsageError} when a value does not belong in its column (NaN included) or two rows have the same key.
 */
export function rowsToCsv<Row>(type: RowType<Row>, rows: readonly Row[]): string {
  const problems: string[] = [];
  const seen = new Map<string, number>();
  const lines = rows.map((row, index) => {
    const where = `rows of ${type.id}: row ${index + 1}`;
    const key = keyOf(type, row);
    const twin = seen.get(key);
    if (twin !== undefined) problems.push(`${where} has the same ${keyNames(type)} as row ${twin} (${key}), expected each once.`);
    seen.set(key, index + 1);
    return type.columns.map(({ name, column }) => {
      const text = column.format(row[name]);
      if (text === undefined) problems.push(`${where}: ${columnProblem(name, column, row[name])}`);
      return text ?? "";
    });
  });
  throwProblems(shortened(problems));
  return stringify([type.columns.map((column) => column.header), ...lines], { record_delimiter: "\n" });
}

/**
 * Writes rows to a file at once (see {@link writeFileAtomic}).
 *
 * @returns the sha256 of the file, for the run record.
 */
export function writeRows<Row>(path: string, type: RowType<Row>, rows: readonly Row[]): string {
  const text = rowsToCsv(type, rows);
  writeFileAtomic(path, text);
  return sha256(text);
}

/** Reads a file of rows; see {@link parseRows}. */
export function readRows<Row>(path: string, type: RowType<Row>): Row[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${path}: ${reason}, expected the rows of ${type.id}. Run the experiment first.`);
  }
  return parseRows(type, text, path);
}

/**
 * Reads the rows of an experiment from CSV text.
 *
 * @param name - the file's name, for messages.
 * @throws {UsageError} with `file:line:column` (characters, both from 1) for a wrong header, a line with too few or too
 * many fields, a value that does not belong in its column, a repeated key, broken quoting, or a file cut off before its
 * last line break.
 */
export function parseRows<Row>(type: RowType<Row>, text: string, name: string): Row[] {
  const records = splitCsv(text, name);
  const headers = type.columns.map((column) => column.header);
  const found = records[0]?.fields ?? [];
  if (found.join() !== headers.join()) {
    throw new UsageError(
      `${name}:1:1: the header is ${shown(found.join(","))}, expected ${headers.join(",")}. Is it a file of ${type.id}, of this version?`,
    );
  }
  if (!text.endsWith("\n")) {
    const last = records[records.length - 1];
    throw new UsageError(`${name}:${last?.line ?? 1}:1: the file ends without a line break, expected a whole last line. It was cut off: delete it and run again.`);
  }
  const problems: string[] = [];
  const seen = new Map<string, number>();
  const rows = records.slice(1).map(({ fields, line, starts }) => {
    const row: Record<string, unknown> = {};
    if (fields.length !== headers.length) {
      problems.push(`${name}:${line}:1: the line has ${fields.length} fields, expected ${headers.length}.`);
      return row as Row;
    }
    type.columns.forEach(({ name: column, column: kind }, index) => {
      const value = kind.parse(fields[index] as string);
      if (value === undefined) problems.push(`${name}:${line}:${starts[index]}: ${columnProblem(column, kind, fields[index])}`);
      row[column] = value;
    });
    const key = keyOf(type, row as Row);
    const twin = seen.get(key);
    if (twin !== undefined) problems.push(`${name}:${line}:1: the same ${keyNames(type)} as line ${twin} (${key}), expected each once.`);
    seen.set(key, line);
    return row as Row;
  });
  throwProblems(shortened(problems));
  return rows;
}

interface CsvRecord {
  readonly fields: readonly string[];
  /** Line of the record's first character, from 1. */
  readonly line: number;
  /** Column of each field's first character in its line, from 1 (a field after a line break inside quotes counts from there). */
  readonly starts: readonly number[];
}

/** Splits CSV text into fields and the places where they stand. */
function splitCsv(text: string, name: string): CsvRecord[] {
  let parsed: { raw: string; record: string[] }[];
  try {
    parsed = parse(text, { raw: true, relax_column_count: true, skip_empty_lines: false, bom: true }) as unknown as typeof parsed;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = (cause as unknown as { lines?: number }).lines ?? 1;
    throw new UsageError(`${name}:${line}:1: ${cause.message}, expected fields in commas with closed quotes. Was the file cut off or edited?`);
  }
  let line = 1;
  return parsed.map(({ raw, record }) => {
    const here = { fields: record, line, starts: fieldStarts(raw) };
    line += raw.split("\n").length - (raw.endsWith("\n") ? 1 : 0);
    return here;
  });
}

/** The column at which each field of a raw record begins: a comma outside quotes ends a field, a line break restarts the count. */
function fieldStarts(raw: string): number[] {
  const starts = [1];
  let column = 0;
  let quoted = false;
  for (const letter of raw) {
    column++;
    if (letter === '"') quoted = !quoted;
    if (letter === "\n") column = 0;
    if (letter === "," && !quoted) starts.push(column + 1);
  }
  return starts;
}

function keyOf<Row>(type: RowType<Row>, row: Row): string {
  return type.key.map((name) => String(row[name])).join(", ");
}

function keyNames<Row>(type: RowType<Row>): string {
  return type.columns.filter(({ name }) => type.key.includes(name)).map(({ header }) => header).join(", ");
}

function shortened(problems: readonly string[]): string[] {
  const rest = problems.length - LISTED_PROBLEMS;
  return rest > 0 ? [...problems.slice(0, LISTED_PROBLEMS), `… and ${rest} more.`] : [...problems];
}
