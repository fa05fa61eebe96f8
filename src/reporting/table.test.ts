import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tableToCsv, tableToJson, tableToMarkdown, writeTable } from "./table.js";
import type { Table } from "./table.js";

const table: Table = {
  id: "tasks", title: "Each task", note: "quick profile:\n40 steps", legend: "± is over seeds.",
  columns: [
    { key: "task", label: "Task", format: "text", labels: { d: "the task D" } },
    { key: "area", label: "Area (%)", format: "percent" },
    { key: "params", label: "Parameters", format: "count" },
    { key: "flops", label: "Cost", format: "flops" },
  ],
  rows: [
    { task: 'a|b, "c"', area: { mean: 0.61234, spread: 0.00449, count: 3 }, params: 1234567, flops: 9_800_000 },
    { task: "d", area: { mean: 0.1 + 0.2, spread: null, count: 1 }, params: null },
    { task: "e", area: null, params: 999, flops: 1.26e9 },
  ],
};

test("Markdown shows per cent, spread, units, and a dash for what is missing", () => {
  expect(tableToMarkdown(table)).toBe(
    [
      "### Each task", "", "*quick profile: 40 steps*", "", "| Task | Area (%) | Parameters | Cost |", "| --- | ---: | ---: | ---: |",
      '| a\\|b, "c" | 61.2 ± 0.4 | 1,234,567 | 9.8 MFLOPs |', "| the task D | 30.0 | – | – |", "| e | – | 999 | 1.26 GFLOPs |", "", "± is over seeds.", "",
    ].join("\n"),
  );
});

test("CSV quotes, spreads a mean over three columns and leaves missing numbers empty", () => {
  expect(tableToCsv(table)).toBe(
    [
      "# quick profile: 40 steps", "task,area_mean,area_spread,area_seeds,params,flops", '"a|b, ""c""",0.61234,0.00449,3,1234567,9800000', "d,0.3,,1,,", "e,,,,999,1260000000", "",
    ].join("\n"),
  );
});

test("JSON holds the same numbers, with null for what is missing", () => {
  expect(JSON.parse(tableToJson(table))).toEqual({
    ...table,
    rows: [table.rows[0], { task: "d", area: { mean: 0.3, spread: null, count: 1 }, params: null, flops: null }, table.rows[2]],
  });
});

test("a table is written in three files and nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "esta-table-"));
  writeTable(join(folder, "tables"), table);
  expect(readdirSync(join(folder, "tables")).sort()).toEqual(["tasks.csv", "tasks.json", "tasks.md"]);
});
