import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UsageError } from "../checks.js";
import { stitchRows } from "./record.js";
import type { StitchRow } from "./record.js";
import { parseRows, readRows, rowsToCsv, sha256, writeRows } from "./rows-csv.js";

const anchor: StitchRow = {
  task: "digits", group: "natural", method: "pst", seed: 0, stitchId: 0, kind: "anchor", front: "mini-ti", end: "mini-ti",
  frontBlock: null, endBlock: null, flops: 6_500_000, params: 340_000, trainableParams: 120_000, top1: 1 / 3, valTop1: null,
  importance: 1.23456789012e-7, visits: 12, selected: 1, profile: "quick",
};
const stitch: StitchRow = {
  ...anchor, task: 'odd, "name"', stitchId: 3, kind: "stitch", end: "mini-s", frontBlock: 0, endBlock: 1, top1: 0.5, valTop1: 1,
  importance: null, visits: null, selected: 0,
};

const header = "task,group,method,seed,stitch_id,kind,front,end,front_block,end_block,flops,params,trainable_params,top1,val_top1,importance,visits,selected,profile";
const anchorLine = "digits,natural,pst,0,0,anchor,mini-ti,mini-ti,,,6500000,340000,120000,0.333333,,1.23456789e-7,12,1,quick";
const stitchLine = '"odd, ""name""",natural,pst,0,3,stitch,mini-ti,mini-s,0,1,6500000,340000,120000,0.500000,1.000000,,,0,quick';

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("expected a UsageError");
}

test("rows are written with snake_case columns in a fixed order, quotes where needed and nothing for what is missing", () => {
  expect(rowsToCsv(stitchRows, [anchor, stitch])).toBe(`${header}\n${anchorLine}\n${stitchLine}\n`);
});

test("rows read back equal those written, and written again give the same bytes", () => {
  const text = rowsToCsv(stitchRows, [anchor, stitch]);
  const rows = parseRows(stitchRows, text, "rows.csv");
  expect(rows).toEqual([{ ...anchor, top1: 0.333333, importance: 1.23456789e-7 }, stitch]);
  expect(rowsToCsv(stitchRows, rows)).toBe(text);
});

test("a written file is whole, has the sha256 returned and leaves no partial file", () => {
  const folder = mkdtempSync(join(tmpdir(), "esta-rows-"));
  const path = join(folder, "deep", "rows.csv");
  const hash = writeRows(path, stitchRows, [anchor]);
  expect(hash).toBe(sha256(readFileSync(path)));
  expect(readRows(path, stitchRows)).toHaveLength(1);
  expect(readdirSync(join(folder, "deep"))).toEqual(["rows.csv"]);
});

test("a folder that cannot be written is a usage error that says so", () => {
  const folder = mkdtempSync(join(tmpdir(), "esta-rows-"));
  writeFileSync(join(folder, "blocked"), "");
  const path = join(folder, "blocked", "rows.csv");
  expect(messageOf(() => writeRows(path, stitchRows, [anchor]))).toBe(
    `write ${path}: cannot be written (EEXIST: there is a file where a folder should be), expected a folder that takes the file; choose another folder or change its permissions.`,
  );
});

test("a missing file is named with the way to make it", () => {
  expect(messageOf(() => readRows("/nowhere/rows.csv", stitchRows))).toBe(
    "/nowhere/rows.csv: ENOENT: no such file or directory, open '/nowhere/rows.csv', expected the rows of vtab-stitching. Run the experiment first.",
  );
});

test("a value out of place is named by file, line and column", () => {
  const bad = anchorLine.replace("0.333333", "33.3").replace(",12,", ",many,");
  expect(messageOf(() => parseRows(stitchRows, `${header}\n${stitchLine}\n${bad}\n`, "a/rows.csv"))).toBe(
    [
      'a/rows.csv:3:71: top1 is "33.3", expected a fraction from 0 to 1.',
      'a/rows.csv:3:91: visits is "many", expected a whole number of at least 0, or nothing where it is missing.',
    ].join("\n"),
  );
  expect(bad.slice(70, 74)).toBe("33.3");
  expect(bad.slice(90, 94)).toBe("many");
});

test("the column counts the characters of quoted fields before it", () => {
  const bad = stitchLine.replace(",0.500000", ",half");
  expect(messageOf(() => parseRows(stitchRows, `${header}\n${bad}\n`, "rows.csv"))).toContain(`rows.csv:2:${bad.indexOf("half") + 1}: top1 is "half"`);
});

test("a quoted line break moves the line numbers after it", () => {
  const twoLines = stitchLine.replace("odd, ", "odd\n");
  const bad = anchorLine.replace(",quick", ",");
  expect(messageOf(() => parseRows(stitchRows, `${header}\n${twoLines}\n${bad}\n`, "rows.csv"))).toBe(
    `rows.csv:4:${bad.length + 1}: profile is "", expected a text that is not empty.`,
  );
});

test("a missing number is never read from an empty required field", () => {
  expect(messageOf(() => parseRows(stitchRows, `${header}\n${anchorLine.replace("0.333333", "")}\n`, "rows.csv"))).toContain('top1 is ""');
});

test("another header, a short line, a repeated key, broken quotes and a cut-off file are refused", () => {
  const read = (text: string) => messageOf(() => parseRows(stitchRows, text, "rows.csv"));
  expect(read(`task,top1\n`)).toBe(`rows.csv:1:1: the header is "task,top1", expected ${header}. Is it a file of vtab-stitching, of this version?`);
  expect(read("")).toContain('rows.csv:1:1: the header is ""');
  expect(read(`${header}\n${anchorLine}\ndigits,natural\n`)).toBe("rows.csv:3:1: the line has 2 fields, expected 19.");
  expect(read(`${header}\n${anchorLine}\n${anchorLine}\n`)).toBe(
    "rows.csv:3:1: the same task, method, seed, stitch_id as line 2 (digits, pst, 0, 0), expected each once.",
  );
  expect(read(`${header}\n"digits,natural\n`)).toMatch(/^rows\.csv:\d+:1: Quote Not Closed/);
  expect(read(`${header}\n${anchorLine}`)).toBe(
    "rows.csv:2:1: the file ends without a line break, expected a whole last line. It was cut off: delete it and run again.",
  );
});

test("NaN and a repeated key are refused before anything is written", () => {
  expect(messageOf(() => rowsToCsv(stitchRows, [{ ...anchor, top1: Number.NaN }]))).toBe(
    "rows of vtab-stitching: row 1: top1 is NaN, expected a fraction from 0 to 1.",
  );
  expect(messageOf(() => rowsToCsv(stitchRows, [anchor, anchor]))).toBe(
    "rows of vtab-stitching: row 2 has the same task, method, seed, stitch_id as row 1 (digits, pst, 0, 0), expected each once.",
  );
});
