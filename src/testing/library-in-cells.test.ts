import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSafetensorsSummary } from "../anchors/safetensors.js";
import { packageRoot } from "../experiments/package-root.js";
import { KernelClient, type Execution } from "../kernel/kernel-client.js";
import { kernelFromSource } from "../kernel/kernel-from-source.js";
import { textOf } from "../kernel/notebook-file.js";
import { writeRandomAnchors } from "./random-anchors.js";

const isBuilt = existsSync(join(packageRoot, "dist", "index.js"));
if (!isBuilt) console.log("skipped: the library in cells, since dist/index.js is not there; npm run build:ts makes it");

const folder = mkdtempSync(join(tmpdir(), "esta-cells-"));
let kernel: KernelClient;
beforeAll(async () => {
  kernel = await KernelClient.start(kernelFromSource(), folder);
}, 120_000);
afterAll(async () => {
  await kernel.shutdown();
  rmSync(folder, { recursive: true, force: true });
});

async function run(code: string, timeoutSeconds = 60): Promise<Execution & { readonly text: string; readonly error: string }> {
  const execution = await kernel.execute(code, { timeoutSeconds });
  const result = execution.outputs.findLast((output) => output.output_type === "execute_result");
  const error = execution.outputs.findLast((output) => output.output_type === "error");
  return {
    ...execution,
    text: result?.output_type === "execute_result" ? textOf(String(result.data["text/plain"])) : "",
    error: error?.output_type === "error" ? `${error.ename}: ${error.evalue}` : "",
  };
}
const complete = async (code: string, position = code.length): Promise<readonly string[]> => (await kernel.ask("complete_request", { code, cursor_pos: position }))["matches"] as string[];

test.skipIf(!isBuilt)("the library comes by its name with its types, from any folder", async () => {
  expect((await run('import { stitchSpace, type StitchSpace } from "esta";\nconst space: StitchSpace = stitchSpace([12, 12, 12]);\nspace.stitches.length')).text).toBe("71");
  expect((await run("stitchSpace([12, 12, 12], { windowSize: 'two' })")).error).toMatch(/^TypeScriptError: In\[\d+\]:1:29 - Type 'string' is not assignable to type 'number'/);
  expect((await run("stitchSpace([12, 12, 12], { window: 2 })")).error).toContain("'window' does not exist in type 'PositionOptions'");
  expect((await run('import { stichSpace } from "esta";')).error).toContain(`has no exported member named 'stichSpace'. Did you mean 'stitchSpace'?`);
});

test.skipIf(!isBuilt)("newer types keep their meaning instead of turning into any", async () => {
  expect((await run("const bytes: Uint8Array<ArrayBuffer> = new Uint8Array(2);\nbytes.nothing")).error).toContain("Property 'nothing' does not exist on type 'Uint8Array<ArrayBuffer>'");
  expect((await run('function pick<T extends string>(all: T[], one: NoInfer<T>): T { return one; }\npick(["a"], "b")')).error).toContain(`Argument of type '"b"' is not assignable to parameter of type '"a"'`);
});

test.skipIf(!isBuilt)("completion knows the library's names in an import, its members and its options", async () => {
  await run('import { stitchSpace } from "esta";\nconst space = stitchSpace([12, 12, 12]);');
  expect(await complete('import { stitchC } from "esta"', "import { stitchC".length)).toContain("stitchCosts");
  expect(await complete("space.stitch")).toEqual(expect.arrayContaining(["stitches", "stitchingLayers"]));
  expect(await complete("stitchSpace([12, 12], { windo })", "stitchSpace([12, 12], { windo".length)).toContain("windowSize");
});

test.skipIf(!isBuilt)("a tooltip shows the signature, the documentation and what a function throws", async () => {
  await run('import { adapt, stitchSpace } from "esta";');
  const reply = await kernel.ask("inspect_request", { code: "adapt(", cursor_pos: 2, detail_level: 0 });
  const markdown = (reply["data"] as Record<string, string>)["text/markdown"] ?? "";
  expect(markdown).toMatch(/adapt\(anchorFamily: AnchorFamily, dataset: Dataset/);
  expect(markdown).toContain("Adapts the family, or one anchor alone, on the task's training split");
  expect(markdown).toContain("*@throws* {UsageError} when settings, images or classes do not fit");
});

test.skipIf(!isBuilt)("an interrupt ends a training between two steps and leaves its checkpoint; the next run takes it up", { timeout: 180_000 }, async () => {
  writeRandomAnchors(folder);
  const checkpoint = join(folder, "training.safetensors");
  const setUp = [
    'import { adapt, adaptSettingsOf, familyOf, interruptSignal, loadAnchorFamily, loadTask, useBackend, vtabBase } from "esta";',
    'await useBackend("auto", { threads: 1 });',
    `const family = await loadAnchorFamily("mini", [${JSON.stringify(folder)}]);`,
    'const task = await loadTask("digits", { testImages: 10 });',
    'const settings = (total: number) => adaptSettingsOf({ ...vtabBase, steps: total, batchSize: 4, initialImages: 10 }, "pst", familyOf("mini"));',
    "let steps: number[] = [];",
    `const train = () => adapt(family, task, settings(100_000), { seed: 0, checkpoint: ${JSON.stringify(checkpoint)}, signal: interruptSignal(), onProgress: ({ done, total }) => { if (total === 100_000) console.log(steps.push(done)); } });`,
    '"ready"',
  ];
  const ready = await run(setUp.join("\n"));
  expect(ready.error).toBe("");
  expect(ready.text).toBe("'ready'");
  const stepsUntilInterrupt = async (): Promise<number[]> => {
    await run("steps = [];");
    let began = Infinity;
    const interrupted = await kernel.execute("await train();", {
      onOutput: (output) => {
        if (output.output_type !== "stream" || !textOf(output.text).includes("4") || began < Infinity) return;
        began = performance.now();
        void kernel.interrupt();
      },
    });
    const seconds = (performance.now() - began) / 1000;
    expect(interrupted.outputs).toContainEqual(expect.objectContaining({ output_type: "error", ename: "KeyboardInterrupt" }));
    console.log(`a training answered the interrupt after ${seconds.toFixed(2)} s`);
    return JSON.parse((await run("await new Promise((done) => setTimeout(done, 2000)); JSON.stringify(steps)")).text.slice(1, -1)) as number[];
  };
  const first = await stepsUntilInterrupt();
  expect(first[0]).toBe(1);
  const kept = JSON.parse(readSafetensorsSummary(checkpoint).metadata["progress"] ?? "{}") as { step?: number };
  expect(kept.step).toBe(first.at(-1));
  const second = await stepsUntilInterrupt();
  expect(second[0]).toBe(first.at(-1)! + 1);
});

test.skipIf(!isBuilt)("memory stays flat while one cell is run five hundred times", { timeout: 900_000 }, async () => {
  const cell = "const kept = Array.from({ length: 100_000 }, (_, i) => i);\nfunction sum(values: number[]) { return values.reduce((a, b) => a + b, 0); }\nsum(kept)";
  await run('import { setFlagsFromString } from "node:v8";\nimport { runInNewContext } from "node:vm";\nsetFlagsFromString("--expose-gc");\nconst collect = runInNewContext("gc") as () => void;');
  const megabytes = async (): Promise<number> => Number((await run("collect(); collect(); Math.round(process.memoryUsage().heapUsed / 1e6)")).text);
  for (let i = 0; i < 60; i++) expect((await run(cell)).kind).toBe("ok");
  const before = await megabytes();
  for (let i = 0; i < 440; i++) await run(cell);
  const after = await megabytes();
  console.log(`heap after 60 runs of a cell ${before} MB, after 500 runs ${after} MB`);
  expect(after - before).toBeLessThan(60); // the array alone, kept 440 times, would be 350 MB
});
