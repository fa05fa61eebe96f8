import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { vitConfig, vitModules } from "../anchors/vit-shape.js";
import { writeSafetensors } from "../anchors/safetensors.js";
import { experiments } from "../experiments/index.js";
import { packageRoot } from "../experiments/package-root.js";
import { withClaims } from "../reporting/results-index.js";
import { createRng } from "../rng.js";
import { randomParameters } from "../training/pretrain.js";

const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
/** Inside the kit, so that `esta` resolves to it. */
const folder = join(packageRoot, "dist", "readme-examples");
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code], index) => ({ name: /^\/\/ (\S+\.ts):/.exec(code!)?.[1] ?? `block-${index}.ts`, code: code! }));

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, code } of blocks) writeFileSync(join(folder, name), code);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs an example as its own program, in its folder. */
function run(name: string): string {
  const { code } = blocks.find((block) => block.name === name)!;
  const script = join(folder, name.replace(/ts$/, "js"));
  writeFileSync(script, ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } }).outputText);
  return execFileSync(process.execPath, [script], { cwd: folder, encoding: "utf8" });
}

test("README.md has the library's example and one for everything that can be added", () => {
  expect(blocks.map(({ name }) => name)).toEqual(["block-0.ts", "own-family.ts", "own-task.ts", "own-technique.ts", "own-experiment.ts"]);
});

test("the code in README.md is of the right types, strictly", { timeout: 120_000 }, () => {
  const options: ts.CompilerOptions = { strict: true, noUncheckedIndexedAccess: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, lib: ["lib.es2023.d.ts"], module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: ["node"] };
  const program = ts.createProgram(blocks.map(({ name }) => join(folder, name)), options);
  expect(ts.getPreEmitDiagnostics(program).map(({ messageText, file }) => `${file?.fileName.slice(folder.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`)).toEqual([]);
});

test("a family of one's own is adapted: twelve stitches of two anchors of four blocks", { timeout: 300_000 }, () => {
  for (const [file, width, heads] of [["narrow", 32, 2], ["wide", 64, 4]] as const) {
    writeSafetensors(join(folder, `${file}.safetensors`), randomParameters(vitModules(vitConfig({ depth: 4, imageSize: 32, patchSize: 8, classes: 1, width, heads })), createRng(width)));
  }
  expect(run("own-family.ts")).toMatch(/^12 stitches, the best of them 0(\.\d+)?\n$/);
});

test("a task of one's own is adapted to, and its deployed stitches named: eight bins and two anchors", { timeout: 300_000 }, () => {
  const lines = run("own-task.ts").trim().split("\n");
  expect(lines.length).toBe(10);
  for (const line of lines) expect(line).toMatch(/^stitch \d+: [01](\.\d+)?$/);
});

test("a technique of one's own trains its factors beside the stitches' biases", { timeout: 300_000 }, () => {
  // Factors 12 · (48 + 96); the rest as PST without low-rank updates in the blocks.
  expect(run("own-technique.ts")).toMatch(/^\d+ parameters trained; mean of 36 stitches 0\.\d+\n$/);
});

test("an experiment of one's own runs and leaves rows, tables, figures and its claim", { timeout: 300_000 }, () => {
  expect(run("own-experiment.ts")).toMatch(/^tables and figures in .*weight-decay\n$/);
  const results = join(folder, "results", "quick", "weight-decay");
  expect(readFileSync(join(results, "rows.csv"), "utf8").trim().split("\n")).toHaveLength(1 + 2 * 36);
  expect(JSON.parse(readFileSync(join(results, "summary.json"), "utf8"))).toMatchObject({ claims: [{ claim: "Weight decay helps PST", verdict: "undecided" }], coverage: { planned: 2, finished: 2, missing: [] } });
  expect(readFileSync(join(results, "figures", "pareto.png")).length).toBeGreaterThan(10_000);
});

test("the claims in README.md are those of results/: esta report writes them", () => {
  expect(readme).toContain("<!-- claims: written by esta report -->");
  expect(withClaims(readme, join(packageRoot, "results"), experiments)).toBe(readme);
});
