import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KernelClient, type Execution } from "./kernel-client.js";
import { kernelFromSource } from "./kernel-from-source.js";
import { textOf } from "./notebook-file.js";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await KernelClient.start(kernelFromSource());
}, 30_000);
afterAll(async () => {
  await kernel.shutdown();
});

const run = (code: string, timeoutSeconds = 20): Promise<Execution> => kernel.execute(code, { timeoutSeconds });
const printed = ({ outputs }: Execution, name = "stdout"): string =>
  outputs.map((output) => (output.output_type === "stream" && output.name === name ? textOf(output.text) : "")).join("");
const plain = ({ outputs }: Execution): unknown => {
  const result = outputs.find((output) => output.output_type === "execute_result");
  return result?.output_type === "execute_result" ? result.data["text/plain"] : undefined;
};
const errorOf = ({ outputs }: Execution): { ename: string; evalue: string; traceback: string } | undefined => {
  const error = outputs.find((output) => output.output_type === "error");
  return error?.output_type === "error" ? { ename: error.ename, evalue: error.evalue, traceback: error.traceback.join("\n") } : undefined;
};

test("the value of the last expression is the cell's result", async () => {
  const execution = await run("const six = 2 * 3;\nsix + 1");
  expect(execution.kind).toBe("ok");
  expect(plain(execution)).toBe("7");
});

test("names, functions and later changes are shared between cells, also as { name }", async () => {
  await run("let counter = 1; const read = () => counter; function twice(x: number): number { return 2 * x; }");
  expect(plain(await run("counter += 4; ({ counter, own: twice(counter) })"))).toBe("{ counter: 5, own: 10 }");
  expect(plain(await run("read()"))).toBe("5");
  expect(plain(await run("const { counter: copied = 0 } = { counter }; copied"))).toBe("5");
});

test("what one cell imports another can use", async () => {
  await run('import sharedPath, { basename, join as joined } from "node:path";\nimport * as files from "node:fs";');
  expect(plain(await run('[basename("/a/b"), joined("a", "b"), sharedPath.sep, typeof files.readFileSync, ({ basename }).basename("c")]'))).toBe(
    "[ 'b', 'a/b', '/', 'function', 'c' ]",
  );
});

test("cells are checked strictly and the error shows the user's line with a caret", async () => {
  const error = errorOf(await run("const a = 1;\nconst wrong: string = 5;"));
  expect(error?.ename).toBe("TypeScriptError");
  expect(error?.evalue).toMatch(/^In\[\d+\]:2:7 - Type 'number' is not assignable to type 'string'\.$/);
  expect(error?.traceback).toContain("    const wrong: string = 5;\n          ^^^^^");
  expect(errorOf(await run("const untyped = (x) => x;"))?.evalue).toContain("implicitly has an 'any' type");
});

test("an error at run time shows its name, message and the user's own line", async () => {
  const error = errorOf(await run("interface Padding { a: number }\n\nfunction deep(n: number): never {\n  throw new RangeError(`too deep: ${n}`);\n}\ndeep(3);"));
  expect(error).toMatchObject({ ename: "RangeError", evalue: "too deep: 3" });
  expect(error?.traceback).toMatch(/at deep \(In\[\d+\]:4:9\)/);
  expect(error?.traceback).toContain("-->   4 |   throw new RangeError(`too deep: ${n}`);");
  expect(error?.traceback).not.toContain("cell-runner");
});

test("a rejection that nobody awaits and an error in a timer fail the cell", async () => {
  expect(errorOf(await run("void Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 50));"))?.evalue).toBe("lost");
  expect(errorOf(await run("setTimeout(() => { throw new TypeError('in a timer'); }, 5); await new Promise(() => {});"))).toMatchObject({
    ename: "TypeError",
    evalue: "in a timer",
  });
});

test("what is thrown and is no Error is reported too", async () => {
  expect(errorOf(await run("throw { code: 3 };"))?.evalue).toBe("{ code: 3 } was thrown (not an Error)");
});

test("top-level await, for await and ES modules by import() and import statements work", async () => {
  const source = [
    'import { join } from "node:path";',
    'import * as fs from "node:fs";',
    "async function* two() { yield 1; yield 2; }",
    "let sum = 0;",
    "for await (const n of two()) sum += n;",
    'const { basename } = await import("node:path");',
    '[sum, join("a", "b"), basename("/x/y"), typeof fs.readFileSync]',
  ].join("\n");
  expect(plain(await run(source))).toBe("[ 3, 'a/b', 'y', 'function' ]");
  const folder = mkdtempSync(join(tmpdir(), "late-module-"));
  writeFileSync(join(folder, "late.mjs"), "await null; export const late = 41; export default 'd';");
  writeFileSync(join(folder, "late.d.mts"), "export declare const late: number; declare const letter: string; export default letter;");
  const path = JSON.stringify(join(folder, "late.mjs"));
  expect(plain(await run(`import letter, { late } from ${path};\nimport * as all from ${path};\nlate + 1 + letter + all.late`))).toBe("'42d41'");
  rmSync(folder, { recursive: true });
});

test("a hundred thousand printed lines arrive in order, then what was written to stderr", async () => {
  const execution = await run('for (let i = 0; i < 100_000; i++) console.log(`line ${i}`);\nconsole.error("done");');
  const lines = printed(execution).trimEnd().split("\n");
  expect(lines.length).toBe(100_000);
  expect(lines.every((line, i) => line === `line ${i}`)).toBe(true);
  expect(printed(execution, "stderr")).toBe("done\n");
});

test("a value with a Jupyter.display method shows its own bundle", async () => {
  const { outputs } = await run('({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>x</b>", "text/plain": "x" }) })');
  expect(outputs).toMatchObject([{ output_type: "execute_result", data: { "text/html": "<b>x</b>", "text/plain": "x" } }]);
});

test("a display can be updated while its cell runs and from a later cell", async () => {
  const first = await run('import { newDisplay } from "tslab";\nconst bar = newDisplay();\nbar.text("0 %"); bar.text("50 %");');
  expect(first.outputs).toMatchObject([{ output_type: "display_data", data: { "text/plain": "50 %" } }]);
  await run('bar.text("100 %");');
  expect(first.outputs).toMatchObject([{ data: { "text/plain": "100 %" } }]);
});

test.each([
  ["a busy loop", "while (true) {}"],
  ["a busy loop after an await", "await new Promise((r) => setTimeout(r, 10)); for (;;) {}"],
  ["a pending await", "await new Promise(() => {});"],
  ["a loop in a timer", "setTimeout(() => { for (;;) {} }, 5); await new Promise(() => {});"],
  ["a loop that swallows errors and prints", "for (;;) { try { console.log('x'.repeat(100)); JSON.parse('{'); } catch {} }"],
])("an interrupt stops %s and keeps the session", async (_what, code) => {
  await run("let kept = 7;");
  const execution = await run(code, 0.3);
  expect(execution.kind).toBe("timeout");
  expect(errorOf(execution)?.ename).toBe("KeyboardInterrupt");
  expect(plain(await run("kept"))).toBe("7");
});

test("a tensor computation that was stopped leaves the engine in order", async () => {
  await run('import "@tensorflow/tfjs-backend-cpu";\nimport * as tensors from "@tensorflow/tfjs-core";\nawait tensors.setBackend("cpu");');
  const before = plain(await run("tensors.memory().numTensors"));
  const endless = "tensors.tidy(() => tensors.grad((x) => { for (;;) x = tensors.mul(x, x); })(tensors.scalar(1)));";
  expect((await run(endless, 0.3)).kind).toBe("timeout");
  await run("const six = tensors.customGrad((x) => ({ value: tensors.square(x as tensors.Tensor), gradFunc: (dy) => tensors.mul(dy, 6) }));");
  expect(plain(await run("tensors.tidy(() => tensors.grad((x) => six(x))(tensors.scalar(3)).dataSync()[0])"))).toBe("6");
  expect(plain(await run("[tensors.engine().state.scopeStack.length, tensors.memory().numTensors]"))).toBe(`[ 0, ${String(before)} ]`);
});

test("work that watches the signal learns of an interrupt, and what it does later leaves no names", async () => {
  const waiting = `const signal = (globalThis as any)[Symbol.for("notebook.signal")].signal as AbortSignal;
    await new Promise((done) => signal.addEventListener("abort", () => setTimeout(done, 50)));
    console.log("left"); var ghost = 1;`;
  expect((await run(waiting, 0.2)).kind).toBe("timeout");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(errorOf(await run("ghost"))?.evalue).toContain("Cannot find name 'ghost'");
});

test("work that watches the signal may finish a step that takes longer than a busy loop is allowed", async () => {
  const step = `const watched = (globalThis as any)[Symbol.for("notebook.signal")].signal as AbortSignal;
    const until = performance.now() + 1800;
    while (performance.now() < until);
    var keptStep = "written";
    await new Promise((done) => setImmediate(done));
    console.log(keptStep, watched.aborted);`;
  const execution = kernel.execute(step);
  await new Promise((resolve) => setTimeout(resolve, 400));
  await kernel.interrupt();
  expect(errorOf(await execution)?.ename).toBe("KeyboardInterrupt");
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(printed(await execution) + printed(await run("1"))).toBe("written true\n");
});

test("completion knows names of earlier cells, and positions count code points", async () => {
  await run("const stitches = { count: 71, layers: 22 };");
  const code = '"🙂"; stitches.la';
  const reply = await kernel.ask("complete_request", { code, cursor_pos: [...code].length });
  expect(reply).toMatchObject({ matches: ["layers"], cursor_start: 14, cursor_end: 16 });
  expect(reply["metadata"]).toMatchObject({ _jupyter_types_experimental: [{ text: "layers", type: "property" }] });
});

test("inspection shows the signature and the documentation", async () => {
  await run("/** Doubles a number. */\nfunction doubled(x: number): number { return 2 * x; }");
  const reply = await kernel.ask("inspect_request", { code: "doubled(1)", cursor_pos: 3, detail_level: 0 });
  expect(reply).toMatchObject({ found: true, data: { "text/markdown": "```typescript\nfunction doubled(x: number): number\n```\n\nDoubles a number." } });
});

test("an unfinished cell is told from a finished one", async () => {
  expect(await kernel.ask("is_complete_request", { code: "function f() {" })).toMatchObject({ status: "incomplete", indent: "  " });
  expect(await kernel.ask("is_complete_request", { code: "1 + 1" })).toMatchObject({ status: "complete" });
});

test("process.exit in a cell is an error, not the end of the session", async () => {
  expect(errorOf(await run("process.exit(3)"))?.evalue).toBe('process.exit(3) in a cell would end the kernel: use "Restart Kernel".');
});

test("cells that were sent along with a failing one are not run", async () => {
  const results = await Promise.all([run("var aborted = 0; throw new Error('first');"), run("aborted = 1"), run("aborted = 2")]);
  expect(results.map(({ kind, executionCount }) => [kind, typeof executionCount])).toEqual([["error", "number"], ["error", "object"], ["error", "object"]]);
  expect((await run("1")).kind).toBe("ok");
});

test("memory stays flat when a cell is run 500 times", { timeout: 600_000 }, async () => {
  const fresh = await KernelClient.start(kernelFromSource());
  const source = [
    'import { basename } from "node:path";',
    "let numbers = new Float64Array(100_000).fill(1);",
    "const rows = Array.from({ length: 5000 }, (_, n) => ({ n, name: `row ${n}` }));",
    "function sumOf(values: Float64Array): number { return values.reduce((sum, value) => sum + value, 0); }",
    "console.log(basename(`a/${rows.length}`));",
    "sumOf(numbers)",
  ].join("\n");
  const measure = 'import { setFlagsFromString } from "node:v8";\nimport { runInNewContext } from "node:vm";\nsetFlagsFromString("--expose_gc"); const collect = runInNewContext("gc") as () => void; collect(); collect();\nconst { heapUsed, arrayBuffers, rss } = process.memoryUsage(); [heapUsed + arrayBuffers, rss].map((bytes) => Math.round(bytes / 1e5) / 10)';
  const megabytes = async (): Promise<readonly [used: number, resident: number]> => JSON.parse(String(plain(await fresh.execute(measure, { timeoutSeconds: 60 })))) as [number, number];
  try {
    const repeat = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++) expect(plain(await fresh.execute(source, { timeoutSeconds: 60 }))).toBe("100000");
    };
    await repeat(50);
    const [early, earlyResident] = await megabytes();
    await repeat(450);
    const [late, lateResident] = await megabytes();
    console.log(`in use after 50 runs ${early} MB, after 500 ${late} MB; resident ${earlyResident} and ${lateResident} MB`);
    // What one run makes is 0.8 MB of numbers and as much of rows: kept, 450 runs would be 700 MB.
    expect(late - early).toBeLessThan(20);
  } finally {
    await fresh.shutdown();
  }
});

test("a kernel whose cell is busy shuts down", async () => {
  const busy = await KernelClient.start(kernelFromSource());
  const execution = busy.execute("for (;;) {}");
  await new Promise((resolve) => setTimeout(resolve, 200));
  const began = performance.now();
  await busy.shutdown();
  expect(performance.now() - began).toBeLessThan(5000);
  expect((await execution).kind).toBe("dead");
});
