/**
 * @file A table that is written three ways: CSV for programs, Markdown for readers, JSON for both.
 *
 * A missing number is empty in CSV, null in JSON and a dash in Markdown, never 0.
 */
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { writeFileAtomic } from "./atomic-write.js";
import { flopsText } from "./figures/style.js";
import type { MeanSpread } from "./seed-means.js";

/** What stands in a cell: a text, a number, a mean with its spread over seeds, or nothing. */
export type Cell = string | number | MeanSpread | null;

/** How the numbers of a column are shown in Markdown; CSV and JSON hold them unrounded by it (fractions stay fractions). */
export type CellFormat = "text" | "percent" | "count" | "flops" | "number";

/** One column of a table. */
export interface TableColumn {
  /** Name on disk, snake_case. */
  readonly key: string;
  /** Heading for readers; a percentage says so in it. */
  readonly label: string;
  readonly format: CellFormat;
  /** What readers see in place of a text; programs get the text itself. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A table; cells by the key of their column, a cell left out is missing. */
export interface Table {
  /** Name of its files. */
  readonly id: string;
  readonly title: string;
  /** Which profile made the numbers and what it reduced, in one line; stands above the table in all three forms. */
  readonly note: string;
  /** What the columns mean, for readers. */
  readonly legend?: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

const DASH = "–";

/** Rounds what goes to disk to nine significant digits, so that the last bits of a sum do not show. */
function rounded(value: number): number {
  return Number(value.toPrecision(9)) + 0;
}

function isMean(cell: Cell | undefined): cell is MeanSpread {
  return typeof cell === "object" && cell !== null;
}

/** Whether a column holds means in any row: then it takes three columns in CSV. */
function holdsMeans(table: Table, key: string): boolean {
  return table.rows.some((row) => isMean(row[key]));
}

/**
 * Writes a table as CSV: a comment line with the note, a header, the rows.
 *
 * A column of means becomes `<key>_mean`, `<key>_spread` and `<key>_seeds`.
 */
export function tableToCsv(table: Table): string {
  const number = (value: number | null): string => (value === null ? "" : String(rounded(value)));
  const header = table.columns.flatMap(({ key }) => (holdsMeans(table, key) ? [`${key}_mean`, `${key}_spread`, `${key}_seeds`] : [key]));
  const lines = table.rows.map((row) => table.columns.flatMap(({ key }) => {
    const cell = row[key] ?? null;
    if (isMean(cell)) return [number(cell.mean), number(cell.spread), String(cell.count)];
    const text = typeof cell === "number" ? number(cell) : (cell ?? "");
    return holdsMeans(table, key) ? [text, "", ""] : [text];
  }));
  return `# ${oneLine(table.note)}\n${stringify([header, ...lines], { record_delimiter: "\n" })}`;
}

/** Writes a table as JSON; a mean is `{ "mean", "spread", "count" }`. */
export function tableToJson(table: Table): string {
  const plain = (cell: Cell): Cell => {
    if (isMean(cell)) return { mean: rounded(cell.mean), spread: cell.spread === null ? null : rounded(cell.spread), count: cell.count };
    return typeof cell === "number" ? rounded(cell) : cell;
  };
  const rows = table.rows.map((row) => Object.fromEntries(table.columns.map(({ key }) => [key, plain(row[key] ?? null)])));
  return `${JSON.stringify({ ...table, rows }, null, 2)}\n`;
}

/** Writes a table as Markdown, numbers aligned right. */
export function tableToMarkdown(table: Table): string {
  const escape = (text: string): string => oneLine(text).replaceAll("|", "\\|");
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    `### ${oneLine(table.title)}`,
    "",
    `*${oneLine(table.note)}*`,
    "",
    line(table.columns.map(({ label }) => escape(label))),
    line(table.columns.map(({ format }) => (format === "text" ? "---" : "---:"))),
    ...table.rows.map((row) => line(table.columns.map((column) => escape(shownCell(row[column.key] ?? null, column))))),
    ...(table.legend === undefined ? [] : ["", oneLine(table.legend)]),
    "",
  ].join("\n");
}

function shownCell(cell: Cell, { format, labels }: TableColumn): string {
  return cellText(typeof cell === "string" ? (labels?.[cell] ?? cell) : cell, format);
}

/** Shows a cell to a reader: `62.3 ± 0.4`; a single seed has no spread: `62.3`. */
export function cellText(cell: Cell, format: CellFormat): string {
  if (cell === null) return DASH;
  if (typeof cell === "string") return cell === "" ? DASH : cell;
  if (isMean(cell)) return `${numberText(cell.mean, format)}${cell.spread === null ? "" : ` ± ${numberText(cell.spread, format)}`}`;
  return numberText(cell, format);
}

function numberText(value: number, format: CellFormat): string {
  switch (format) {
    case "percent":
      return (100 * value).toFixed(1);
    case "count":
      return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
    case "flops":
      return flopsText(value);
    case "number":
    case "text":
      return String(Number(value.toPrecision(4)));
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Where the files of a table stand. */
export interface TableFiles {
  readonly csv: string;
  readonly markdown: string;
  readonly json: string;
}

/** Writes a table to `<folder>/<id>.csv`, `.md` and `.json`, each at once. */
export function writeTable(folder: string, table: Table): TableFiles {
  const stem = join(folder, table.id);
  const files = { csv: `${stem}.csv`, markdown: `${stem}.md`, json: `${stem}.json` };
  writeFileAtomic(files.csv, tableToCsv(table));
  writeFileAtomic(files.markdown, tableToMarkdown(table));
  writeFileAtomic(files.json, tableToJson(table));
  return files;
}

/** The files of tables in a report, below its folder; what a reader opens first comes first. */
export function tablePaths(...ids: readonly string[]): string[] {
  return ids.flatMap((id) => ["md", "csv", "json"].map((ending) => `tables/${id}.${ending}`));
}
