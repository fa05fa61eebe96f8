import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { experiments } from "../experiments/index.js";
import { packageRoot } from "../experiments/package-root.js";
import { esta } from "../testing/esta.js";

const results = mkdtempSync(join(tmpdir(), "esta-report-"));
afterAll(() => rmSync(results, { recursive: true }));

test("a report of a whole profile has what was run of it and names the rest; of a profile without results it says how to run it", { timeout: 60_000 }, async () => {
  expect(await esta("report", "--results", results)).toEqual({
    exitCode: 2, out: "", err: `report ${experiments[0]!.id}: ${join(results, "quick", experiments[0]!.id, "rows.csv")} is not there, expected rows of an earlier run. Run it first: esta run ${experiments[0]!.id} --profile quick.`,
  });
  cpSync(join(packageRoot, "results", "quick", "lora-vs-full"), join(results, "quick", "lora-vs-full"), { recursive: true });
  const { exitCode, out, err } = await esta("report", "--results", results);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  expect(out.split("\n")).toEqual([
    ...experiments.map(({ id }) => (id === "lora-vs-full" ? `${id}: tables and figures in ${join(results, "quick", id)}` : `${id}: not run yet`)),
    `report: ${join(results, "quick", "report.html")}`,
  ]);
  expect(existsSync(join(results, "README.md"))).toBe(true);
});
