import { expect, test } from "vitest";
import { interpolationFigure } from "./figures/interpolation-figure.js";
import { instructionClaims } from "./instruction-claims.js";
import { instructionRows, samplesOf, type InstructionRow } from "./instruction-rows.js";
import { instructionMeans, instructionTables } from "./instruction-tables.js";
import { parseRows, rowsToCsv } from "./rows-csv.js";
import { cellText } from "./table.js";

/** Small and large anchor and one stitch between; quality by method and seed. */
function rowsOf(method: string, seed: number, rouge: readonly [small: number, stitch: number, large: number]): InstructionRow[] {
  const common = { method, seed, trainableParams: 100, examples: 10, exactEntity: 0.5, exactPhrasing: null, exactBoth: 0.25, valPerplexity: 4, importance: null, visits: null, selected: 0, profile: "test" } as const;
  const samples = (answer: string): string => JSON.stringify([{ question: "What, \"now\"?\nSay.", reference: "Yes.", answer }]);
  const at = (stitchId: number, kind: "anchor" | "stitch", front: string, end: string, flopsPerToken: number, rougeL: number, answer: string): InstructionRow => ({
    ...common, stitchId, kind, front, end, frontBlock: kind === "stitch" ? 0 : null, endBlock: kind === "stitch" ? 2 : null, flopsPerToken, params: 10 * flopsPerToken, perplexity: 10 - 10 * rougeL, exactMatch: rougeL / 2, rougeL, samples: samples(answer),
  });
  return [at(0, "anchor", "mini-llama-s", "mini-llama-s", 100, rouge[0], "no"), at(1, "anchor", "mini-llama-l", "mini-llama-l", 400, rouge[2], "Yes."), at(2, "stitch", "mini-llama-s", "mini-llama-l", 250, rouge[1], "  ")];
}

const between = [0, 1, 2].flatMap((seed) => [...rowsOf("pst", seed, [0.2, 0.3 + seed / 100, 0.4 + seed / 50]), ...rowsOf("sn-net", seed, [0.1, 0.15, 0.2])]);

test("stitches between the anchors support interpolation on both sides, and the order of all; a comparison that was not run makes no claim", () => {
  const claims = instructionClaims(between);
  const stitch = [0, 1, 2].map((seed) => Math.log(7 - seed / 10));
  const large = [0, 1, 2].map((seed) => Math.log(6 - seed / 5));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / 3;
  const full = (Math.log(9) + Math.log(8.5) + Math.log(8)) / 3;
  expect(claims.map(({ claim, verdict }) => [claim, verdict])).toEqual([
    ["Stitches predict the answers better than the small anchor", "supported"],
    ["The large anchor predicts the answers better than the stitches", "supported"],
    ["After full fine-tuning too, stitches predict the answers better than the small anchor", "supported"],
    ["After full fine-tuning too, the large anchor predicts the answers better than the stitches", "supported"],
    ["The dearer a stitch, the better it predicts the answers", "supported"],
    ["PST predicts the answers better than full fine-tuning", "supported"],
  ]);
  const expected = [Math.log(8) - mean(stitch), mean(stitch) - mean(large), Math.log(9 / 8.5), Math.log(8.5 / 8), 1, full - (Math.log(8) + mean(stitch) + mean(large)) / 3];
  claims.forEach(({ ours }, index) => expect(ours!.mean).toBeCloseTo(expected[index]!, 10));
});

test("stitches worse than the small anchor contradict it", () => {
  const worse = [0, 1, 2].flatMap((seed) => rowsOf("pst", seed, [0.2, 0.1 + seed / 100, 0.4]));
  expect(instructionClaims(worse)[0]).toMatchObject({ claim: "Stitches predict the answers better than the small anchor", verdict: "contradicted" });
});

test("where the small anchor alone was adapted alone, it is compared with the small anchor inside the family, not with both", () => {
  const small = [0, 1, 2].flatMap((seed) => rowsOf("anchors", seed, [0.5, 0, 0]).slice(0, 1));
  const claim = instructionClaims([...between, ...small]).at(-1)!;
  expect(claim).toMatchObject({ claim: "The anchors inside the adapted family predict as well as those adapted alone", verdict: "contradicted" });
  expect(claim.ours!.mean).toBeCloseTo(Math.log(5) - Math.log(8), 10);
});

test("rows come back from their file, questions with commas, quotes and line breaks too", () => {
  const text = rowsToCsv(instructionRows, between);
  const read = parseRows(instructionRows, text, "rows.csv");
  expect(rowsToCsv(instructionRows, read)).toBe(text);
  expect(samplesOf(read[0]!)[0]!.question).toBe("What, \"now\"?\nSay.");
});

test("tables average over seeds, sum what anchors alone train, and set answers beside the reference by size", () => {
  const tables = Object.fromEntries(instructionTables([...between, ...rowsOf("anchors", 0, [0.2, 0, 0.4]).filter(({ kind }) => kind === "anchor")], "note", {}).map((table) => [table.id, table]));
  expect(tables["stitches"]!.rows.slice(0, 3).map(({ stitch }) => stitch)).toEqual(["S", "S→L (0→2)", "L"]);
  expect(tables["methods"]!.rows.map(({ method, trainable_params }) => [method, trainable_params])).toEqual([["pst", 100], ["sn-net", 100], ["anchors", 200]]);
  expect(tables["novelty"]!.rows[0]).toMatchObject({ entity: { mean: 0.5, count: 3 }, phrasing: null, both: { mean: 0.25 } });
  expect(tables["answers"]!.rows.map(({ stitch, answer_1 }) => [stitch, answer_1])).toEqual([["reference", "Yes."], ["S", "no"], ["S→L (0→2)", "(nothing)"], ["L", "Yes."]]);
  expect(cellText(instructionMeans(between).get("pst")![1]!.rougeL, "percent")).toBe("31.0 ± 1.0");
});

test("the figure has two costs across and two qualities down, every method's stitches in the order of the cost", () => {
  const { data } = interpolationFigure(between, { note: "test" });
  const lines = data.filter((trace) => trace["showlegend"] === false);
  expect(lines).toHaveLength(8);
  expect(lines.map((trace) => trace["x"])).toEqual([[1000, 2500, 4000], [1000, 2500, 4000], [100, 250, 400], [100, 250, 400], [1000, 2500, 4000], [1000, 2500, 4000], [100, 250, 400], [100, 250, 400]]);
});
