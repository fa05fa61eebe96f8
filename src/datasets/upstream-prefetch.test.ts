import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createUpstream } from "./upstream.js";
import { prefetchUpstream } from "./upstream-prefetch.js";

const settings = { seed: 2, formulaClasses: 24 };
const folder = join("node_modules", ".cache", `prefetch-test-${process.pid}`);
let compiled: { prefetchUpstream: typeof prefetchUpstream };

beforeAll(async () => {
  // A worker thread cannot run TypeScript: the few files it needs are compiled beside each other first.
  mkdirSync(join(folder, "datasets"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const names = ["../checks.ts", "../rng.ts", ...readdirSync(import.meta.dirname).filter((name) => /^(formula|upstream|photographs).*(?<!\.test)\.ts$/.test(name))];
  for (const name of names) {
    const { outputText } = ts.transpileModule(readFileSync(join(import.meta.dirname, name), "utf8"), { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } });
    writeFileSync(join(folder, "datasets", name).replace(/\.ts$/, ".js"), outputText);
  }
  compiled = (await import(pathToFileURL(join(process.cwd(), folder, "datasets", "upstream-prefetch.js")).href)) as typeof compiled;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("batches made ahead by workers are the batches of their steps, in order, for any number of workers", async () => {
  const upstream = await createUpstream(settings);
  for (const workers of [1, 3]) {
    const prefetch = await compiled.prefetchUpstream(settings, { size: 5, firstStep: 4, workers, depth: 3 });
    expect(prefetch.workers).toBe(workers);
    for (let step = 4; step < 15; step++) expect(prefetch.next()).toEqual(upstream.batch(step, 5));
    await prefetch.close();
    expect(() => prefetch.next()).toThrow("upstream prefetch: closed, no batch can be drawn.");
  }
});

test("a step too large for a worker stops the caller with the worker's reason", async () => {
  const prefetch = await compiled.prefetchUpstream(settings, { size: 1, firstStep: 2 ** 31 - 1, workers: 1 });
  prefetch.next();
  expect(() => prefetch.next()).toThrow(/upstream prefetch: a worker failed at or before step 2147483648: .*upstream batch: step is 2147483648, expected a whole number/);
  await prefetch.close();
});

test("started from TypeScript sources, batches are made when asked for", async () => {
  const prefetch = await prefetchUpstream(settings, { size: 4, firstStep: 9, workers: 2 });
  expect(prefetch.workers).toBe(0);
  expect(prefetch.next()).toEqual((await createUpstream(settings)).batch(9, 4));
  expect(prefetch.next()).toEqual((await createUpstream(settings)).batch(10, 4));
});

test("bad prefetch settings are told all at once", async () => {
  await expect(prefetchUpstream(settings, { size: 0, workers: 99 })).rejects.toThrow(
    "upstream prefetch: size is 0, expected a whole number from 1 to 65536.\nupstream prefetch: workers is 99, expected a whole number from 0 to 16.",
  );
});
