import { expect, test } from "vitest";
import type { Figure } from "../reporting/figures/figure.js";
import type { ReportContext } from "./experiment.js";
import { onCommonRuns } from "./on-common-runs.js";

interface Row {
  readonly task: string;
  readonly group: "natural" | "structured";
  readonly seed: number;
  readonly part: string;
}

const rowsOf = (seed: number, tasks: string, parts = "ab"): Row[] => [...tasks].flatMap((task) => [...parts].map((part): Row => ({ task, group: "natural", seed, part })));
const seen = (rows: readonly Row[]): string => [...new Set(rows.map(({ task, seed }) => `${task}${seed}`))].join(" ");
const context: ReportContext = { id: "x", folder: "", profile: "quick", note: "note", records: [] };

/** What each of the four is given. */
async function given(rows: readonly Row[]): Promise<string[]> {
  const told: string[] = [];
  const { figures, report, claims, found } = onCommonRuns<Row>(({ part }) => part, {
    figures: { one: (kept, { note }) => (told.push(`${seen(kept)}: ${note}`), { data: [], layout: { width: 1, height: 1 } } satisfies Figure) },
    report: async (kept, { note }) => void told.push(`${seen(kept)}: ${note}`),
    claims: (kept) => (told.push(seen(kept)), []),
    found: (kept) => (told.push(seen(kept)), []),
  });
  figures["one"]!(rows, { note: "note", width: "single" });
  await report(rows, context);
  claims(rows);
  found(rows, context);
  return told;
}

test("a whole experiment is shown as it is", async () => {
  expect(await given([...rowsOf(0, "xy"), ...rowsOf(1, "xy")])).toEqual(["x0 y0 x1 y1: note", "x0 y0 x1 y1: note", "x0 y0 x1 y1", "x0 y0 x1 y1"]);
});

test("tasks that a seed lacks, or that lack a part, are left out, and notes say so", async () => {
  const note = "note; compared on the 2 tasks and 2 seeds that all have";
  expect(await given([...rowsOf(0, "xyz"), ...rowsOf(1, "xy"), ...rowsOf(1, "z", "a")])).toEqual([`x0 y0 x1 y1: ${note}`, `x0 y0 x1 y1: ${note}`, "x0 y0 x1 y1", "x0 y0 x1 y1"]);
});

test("where no task has every part, figures and tables show all, and nothing is claimed or found", async () => {
  expect(await given([...rowsOf(0, "x", "a"), ...rowsOf(0, "y", "b")])).toEqual(["x0 y0: note", "x0 y0: note", "", ""]);
});
