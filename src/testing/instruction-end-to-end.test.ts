/**
 * @file instruction-following from decoders to report, as the command line runs it, a few steps long.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { instructionFollowing } from "../experiments/instruction-following.js";
import { runExperiment } from "../experiments/run-experiment.js";
import { instructionRows, type InstructionRow } from "../reporting/instruction-rows.js";
import { readRows } from "../reporting/rows-csv.js";
import { useBackend } from "../tensor/index.js";

const results = mkdtempSync(join(tmpdir(), "esta-instructions-"));
afterAll(() => rmSync(results, { recursive: true }));

test("every method adapts the kit's own pair, and leaves rows, tables and the figure; run again, nothing is done", { timeout: 120_000 }, async () => {
  const engine = await useBackend();
  const changes = { steps: 3, batchSize: 2, initialExamples: 3, trainExamples: 12, valExamples: 2, testExamples: 3, maximumTokens: 3, samples: 2 };
  const run = () => runExperiment(instructionFollowing.plan("quick", { changes, name: "short" }), { results, engine, onEvent: () => undefined });
  const { folder, failed, finished } = await run();
  expect({ failed, finished }).toEqual({ failed: [], finished: 5 });

  const rows = readRows(join(folder, "rows.csv"), instructionRows);
  const of = (method: string): InstructionRow[] => rows.filter((row) => row.method === method);
  // Depths 4 and 8: seven stitches beside the anchors.
  expect(["pst", "pst-uniform", "sn-net", "anchors"].map((method) => of(method).length)).toEqual([9, 9, 9, 2]);
  expect(of("pst").map(({ kind, front, end }) => `${kind} ${front} ${end}`)).toEqual(["anchor mini-llama-s mini-llama-s", "anchor mini-llama-l mini-llama-l", ...Array<string>(7).fill("stitch mini-llama-s mini-llama-l")]);
  for (const method of ["pst", "pst-uniform", "sn-net"]) expect(of(method).reduce((sum, { visits }) => sum + visits!, 0), method).toBe(3);
  for (const { perplexity, valPerplexity, rougeL, exactMatch, examples, samples } of rows) {
    expect(perplexity).toBeGreaterThan(1);
    expect(perplexity).toBeLessThan(2048); // better than guessing among the vocabulary
    expect(valPerplexity).toBeGreaterThan(1);
    expect(rougeL).toBeGreaterThanOrEqual(exactMatch);
    expect(examples).toBe(3);
    expect((JSON.parse(samples) as { question: string; reference: string; answer: string }[]).every(({ question, reference, answer }) => question !== "" && reference !== "" && typeof answer === "string")).toBe(true);
  }
  expect(of("pst")[0]!.trainableParams).toBeLessThan(of("sn-net")[0]!.trainableParams);
  const [small, large] = of("pst") as [InstructionRow, InstructionRow];
  for (const { params, flopsPerToken } of of("pst").slice(2)) {
    expect(params).toBeGreaterThan(small.params);
    expect(flopsPerToken).toBeGreaterThan(small.flopsPerToken);
    expect(params).toBeLessThan(large.params + small.params);
  }

  const table = (name: string): string => readFileSync(join(folder, "tables", `${name}.md`), "utf8");
  for (const name of ["stitches", "methods", "answers", "costs", "speed"]) expect(table(name), name).toContain("3 steps of batch 2 on the kit's own instructions");
  expect(table("methods").match(/^\| (PST|SN-Net|Each)/gm)).toHaveLength(4);
  expect(table("stitches").match(/^\| .*S→L/gm)!.length).toBe(21);
  expect(readFileSync(join(folder, "figures", "interpolation.svg"), "utf8")).toContain("3 steps of batch 2");
  expect(readFileSync(join(folder, "figures", "interpolation.png")).subarray(1, 4).toString()).toBe("PNG");
  const { claims } = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")) as { claims: { claim: string; verdict: string }[] };
  expect(claims.map(({ claim }) => claim)).toContain("Stitches predict the answers better than the small anchor");
  expect(claims.every(({ verdict }) => verdict === "undecided")).toBe(true); // one seed decides nothing

  expect(await run()).toMatchObject({ finished: 0, skipped: 5, failed: [] });
});
