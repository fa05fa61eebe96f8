import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../experiments/package-root.js";

/** What each part of `src` may import: the arrows of the design, from the left to the right of "checks, rng ← tensor ← anchors ← …". */
const base = ["checks", "rng", "write-whole"];
const tensor = [...base, "native"];
const anchors = [...base, "tensor"];
const stitching = [...anchors, "anchors"];
const tuning = [...stitching, "stitching"];
const sampling = [...base];
const language = [...base];
const datasets = [...base];
const training = [...tuning, "tuning", "sampling", "datasets", "language"];
const experiments = [...training, "training", "reporting"];
const cli = [...experiments, "experiments", "kernel"];
const allowed: Readonly<Record<string, readonly string[]>> = {
  checks: [], rng: [], "write-whole": ["checks"], native: base, tensor, anchors, stitching, tuning, sampling, datasets, language, training, experiments,
  cli, index: cli, reporting: ["checks", "write-whole"], kernel: ["checks"],
};

/** Imports that go against an arrow or past it, each with its reason. */
const exceptions: Readonly<Record<string, string>> = {
  "datasets/task-cache.ts → anchors/safetensors.ts": "cached tasks are kept in the file format of the weights, and one reader of it is enough",
  "reporting/tables.ts → sampling/selection.ts": "what a global top-k deploys is told from rows, by the rule that would choose it",
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "target" ? [] : sourceFiles(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

/** Every import of another file of `src`, as paths below `src`. */
function imports(): Import[] {
  const root = join(packageRoot, "src");
  return sourceFiles(root).flatMap((path) => {
    const code = readFileSync(path, "utf8");
    const from = path.slice(root.length + 1);
    const found = [...code.matchAll(/(?:import|export)\s+(type\s)?[^;"']*?from\s+"(\.[^"]+)"|import\s*\(\s*"(\.[^"]+)"|import\s+"(\.[^"]+)"/g)];
    return found.map((match) => {
      const target = match[2] ?? match[3] ?? match[4]!;
      return { from, to: normalize(join(dirname(from), target)).replace(/\.js$/, ".ts"), typeOnly: match[1] !== undefined };
    });
  });
}

const partOf = (path: string): string => path.split("/")[0]!.replace(/\.ts$/, "");

test("imports between the folders of src follow the design's arrows", () => {
  const all = imports();
  expect(all.length).toBeGreaterThan(200);
  const wrong = all.filter(({ from, to }) => {
    const [a, b] = [partOf(from), partOf(to)];
    if (a === b || a === "testing") return false;
    return !(allowed[a] ?? []).includes(b) && exceptions[`${from} → ${to}`] === undefined;
  });
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test("every exception is still needed", () => {
  const all = new Set(imports().map(({ from, to }) => `${from} → ${to}`));
  expect(Object.keys(exceptions).filter((one) => !all.has(one))).toEqual([]);
});

test("only the engine's own folders import TensorFlow.js", () => {
  const root = join(packageRoot, "src");
  const importers = sourceFiles(root).filter((path) => /(?:from|import|import\()\s*"@tensorflow\//.test(readFileSync(path, "utf8")));
  expect([...new Set(importers.map((path) => partOf(path.slice(root.length + 1))))].sort()).toEqual(["native", "tensor"]);
});

test("no module is reached through a name that is made up at run time, and no barrel re-exports everything", () => {
  const root = join(packageRoot, "src");
  const code = sourceFiles(root).filter((path) => !path.includes(`${join("src", "kernel")}`)).map((path) => [path.slice(root.length + 1), readFileSync(path, "utf8")] as const);
  expect(code.filter(([, text]) => /import\s*\(\s*(`|[a-z])/.test(text)).map(([path]) => path)).toEqual([]);
  expect(code.filter(([, text]) => /export \* from/.test(text)).map(([path]) => path)).toEqual([]);
});
