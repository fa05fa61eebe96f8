import { expect, test } from "vitest";
import type { StitchRow } from "../record.js";
import { syntheticRows } from "../synthetic-rows.js";
import { rankFigure } from "./rank-figure.js";

test("beside accuracy stand trained parameters, and their memory with gradients and AdamW's averages", () => {
  const rows = (["ti-s-rank-1", "ti-s-rank-8"] as const).flatMap((method, index): StitchRow[] => syntheticRows({ tasks: 1 }).filter((row) => row.method === "pst").map((row) => ({ ...row, method, trainableParams: 2 ** 20 * (index + 1) })));
  const { data, layout } = rankFigure(rows, { note: "n" });
  const [accuracy, parameters, memory] = data as { x: number[]; y: number[] }[];
  expect(accuracy!.x).toEqual([1, 8]);
  expect(parameters!.y).toEqual([2 ** 20 / 1000, 2 ** 21 / 1000]);
  expect(memory!.y).toEqual([16, 32]);
  expect(JSON.stringify(layout)).toContain("Memory: what is trained");
});
