/**
 * @file Runs the test suite and the comparison with golden values, and ends with what failed and both counts on one line.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../experiments/package-root.js";
import { tensorflowSetUpFor } from "../tensor/tensorflow-backend.js";
import { closingLines, goldenCounts, vitestCounts, type Counts } from "./test-counts.js";

/** Runs a Node program with its output shown; returns its exit code and what it printed. */
async function shownRun(args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], { cwd: packageRoot, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]] as const) {
      from.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        to.write(text);
      });
    }
    child.on("error", reject).on("close", (code) => resolve({ exitCode: code ?? 1, output }));
  });
}

async function runVitest(filters: readonly string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "esta-tests-"));
  const report = join(folder, "vitest.json");
  try {
    const { exitCode, output } = await shownRun([join("node_modules", "vitest", "vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...filters]);
    return vitestCounts(readReport(report), exitCode, output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

async function runGoldens(backend: string): Promise<Counts> {
  console.log(`\n== golden values, backend ${backend}`);
  const { exitCode, output } = await shownRun([join("dist", "testing", "goldens.js"), "--backend", backend]);
  return goldenCounts(output, exitCode);
}

const counts = [await runVitest(process.argv.slice(2))];
if (process.argv.length === 2) {
  for (const backend of ["auto", "wasm"]) counts.push(await runGoldens(backend));
  if (tensorflowSetUpFor() === undefined) console.log("\n== golden values, backend tensorflow: left out, it is not set up (npm run setup:tensorflow)");
  else counts.push(await runGoldens("tensorflow"));
}
console.log(`\n${closingLines(counts).join("\n")}`);
process.exitCode = counts.every(({ failures }) => failures.length === 0) ? 0 : 1;
