import { families } from "../anchors/registry.js";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { progressDisplay } from "../cli/progress.js";
import { Interrupted, interruptible } from "../cli/terminal.js";
import { durationText, textTable } from "../cli/text-table.js";
import { esta, listener } from "./esta.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "esta-cli-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Every command but `notebook`, which has commands of its own. */
const commands = ["list", "tasks", "plan", "run", "report", "figure", "pretrain", "compare", "adapt", "chat", "export", "bench", "latency", "costs", "doctor"];

test.each(commands)("esta %s --help explains its options and gives examples", async (command) => {
  const { exitCode, out, err } = await esta(command, "--help");
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  expect(out).toMatch(new RegExp(`^Usage: esta ${command}`));
  expect(out).toContain(`Examples:\n  esta ${command}`);
});

test("the program's help lists every command", async () => {
  const { exitCode, out } = await esta("--help");
  expect(exitCode).toBe(0);
  for (const command of [...commands, "notebook"]) expect(out).toMatch(new RegExp(`^  ${command} `, "m"));
});

test("wrong words on the command line are told in one line and exit with 2", async () => {
  expect(await esta("frobnicate")).toEqual({ exitCode: 2, out: "", err: "error: unknown command 'frobnicate'\n(--help lists what there is)" });
  expect(await esta("run", "--colour")).toMatchObject({ exitCode: 2, err: expect.stringContaining("error: unknown option '--colour'") as string });
  expect(await esta("bench", "--steps", "many")).toMatchObject({ exitCode: 2, err: expect.stringContaining("error: option '--steps <count>' argument 'many' is invalid. Expected a whole number of at least 1.") as string });
  expect(await esta("bench", "--family", "50")).toMatchObject({ exitCode: 2, err: expect.stringContaining("Expected multiples of 16 (16 features a head), from small to large.") as string });
  expect(await esta("bench", "--tokens", "18")).toMatchObject({ exitCode: 2, err: expect.stringContaining("Expected 17, 65 or 197.") as string });
  expect(await esta("adapt", "--task", "digits")).toMatchObject({ exitCode: 2, err: expect.stringContaining("error: required option '--out <folder>' not specified") as string });
  expect(await esta("bench", "--backend", "abacus")).toMatchObject({ exitCode: 2, err: expect.stringMatching(/^useBackend: backend is "abacus", expected one of auto, native, /) as string });
});

test("list names experiments, families and tasks, and the settings of one experiment", async () => {
  const { out } = await esta("list");
  for (const name of ["vtab-stitching", "mini", "vit", "digits", "dsprites-like-location"]) expect(out).toMatch(new RegExp(`^${name} `, "m"));
  const { out: settings } = await esta("list", "vtab-stitching");
  expect(settings).toMatch(/^setting +kind +quick +laptop +paper$/m);
  expect(settings).toMatch(/^rank +number +8 +8 +8$/m);
  expect(settings).toMatch(/^seeds +numbers +0 +0,1,2 /m);
});

test("a profile may stand before the experiments, as with reproduce.sh", async () => {
  const { exitCode, out } = await esta("plan", "paper", "stitch-space-identities");
  expect(exitCode).toBe(0);
  expect(out).toContain("stitch-space-identities, exact: nothing trained, nothing measured");
  expect(out).toContain("/paper/stitch-space-identities; the rest takes");
});

test("doctor tells engine, packages, weights and data, and how to get what is missing", { timeout: 30_000 }, async () => {
  const { exitCode, out } = await esta("doctor");
  expect(exitCode).toBe(0);
  for (const what of ["machine", "Node", "cargo", "engine", "backend native", "backend wasm", "backend cpu", "packages", "weights of mini", "weights of vit", "tasks of the kit", "VTAB-1k"]) expect(out).toMatch(new RegExp(`^(ok|missing) +${what} `, "m"));
  expect(out).toMatch(/^ok +packages /m); // the tests run on what npm ci installed
  const missing = [...out.matchAll(/^missing +(\S+(?: \S+)*?) {2}/gm)].map((match) => match[1]!);
  for (const what of missing) expect(out).toMatch(new RegExp(`^  ${what}: `, "m"));
});

test("bench prints one JSON object a line, with nothing else on standard output", { timeout: 60_000 }, async () => {
  const { exitCode, out, err } = await esta("bench", "--family", "16,32,48", "--tokens", "17", "--batch", "2", "--steps", "2", "--json");
  expect(exitCode).toBe(0);
  expect(err).toMatch(/^engine: /);
  const lines = out.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ bench }) => bench)).toEqual(["matmul", "train-step", "inference"]);
  for (const line of lines) {
    expect(Object.keys(line)).toEqual(["bench", "backend", "family", "tokens", "batch", "threads", "images_per_second_best", "images_per_second_median", "gflops_rate", "fraction_of_matmul_rate", "peak_rss_bytes"]);
    expect(line).toMatchObject({ family: "16,32,48", tokens: 17, batch: 2 });
    expect(line["gflops_rate"]).toBeGreaterThan(0);
  }
  const detailed = await esta("bench", "--family", "16,32", "--tokens", "17", "--batch", "1", "--steps", "1", "--only", "inference", "--json", "--details");
  const inference = JSON.parse(detailed.out.split("\n")[1]!) as Record<string, unknown>;
  expect(Object.keys(inference)).toEqual(expect.arrayContaining(["cpu_ms_per_image", "late_over_early"]));
  expect(inference["cpu_ms_per_image"]).toBeGreaterThan(0);
});

test("bench --costs tells how far stitches are from costing what their FLOPs say", { timeout: 60_000 }, async () => {
  const { exitCode, out } = await esta("bench", "--family", "16,32", "--tokens", "17", "--batch", "1", "--costs", "1", "--json");
  expect(exitCode).toBe(0);
  const line = JSON.parse(out) as Record<string, number>;
  expect(line).toMatchObject({ bench: "stitch-costs", family: "16,32", batch: 1 });
  expect(line["worst_deviation"]).toBeGreaterThanOrEqual(line["median_deviation"]!);
  expect(line["cpu_ms_per_gmac"]).toBeGreaterThan(0);
});

test("a report without rows says which command makes them", async () => {
  const { exitCode, err } = await esta("report", "vtab-stitching", "--results", folder);
  expect({ exitCode, err }).toEqual({ exitCode: 2, err: `report vtab-stitching: ${join(folder, "quick", "vtab-stitching", "rows.csv")} is not there, expected rows of an earlier run. Run it first: esta run vtab-stitching --profile quick.` });
});

test("--set goes before the settings file, and both are held to the known keys", async () => {
  const file = join(folder, "settings.json");
  writeFileSync(file, '{"steps": 5, "rank": 2}');
  const { exitCode, err } = await esta("run", "vtab-stitching", "--settings", file, "--set", "rank=0", "--set", "family=nano");
  expect({ exitCode, err }).toEqual({ exitCode: 2, err: `run vtab-stitching: family is "nano", expected one of ${families.map(({ familyId }) => familyId).join(", ")}.` });
});

test("Ctrl-C asks the work to stop, which then ends with 130; SIGTERM with 143", async () => {
  const { terminal, err } = listener();
  for (const [name, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const listeners = process.listenerCount(name);
    const stopped = interruptible(terminal, async (signal) => {
      process.emit(name);
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    });
    const thrown = await stopped.catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Interrupted);
    expect((thrown as Interrupted).exitCode).toBe(exitCode);
    expect(process.listenerCount(name)).toBe(listeners);
  }
  expect(err[0]).toBe("\nStopping after this step and writing the checkpoint; once more to stop at once.");
});

test("progress away from a terminal is a plain line every few seconds, with the time left", () => {
  const { terminal, out } = listener();
  let now = 0;
  const display = progressDisplay(terminal, () => now);
  for (let done = 1; done <= 100; done++) {
    now = 200 * done;
    display.update({ done, total: 100, label: "loss 1.5" });
  }
  expect(out).toEqual(["    25 of 100, 15 s left, loss 1.5", "    50 of 100, 10 s left, loss 1.5", "    75 of 100, 5 s left, loss 1.5", "    100 of 100, 0 s left, loss 1.5"]);
});

test("durations and tables read well", () => {
  expect([0.4, 59.6, 125, 3600, 86_399].map(durationText)).toEqual(["0 s", "1 min 00 s", "2 min 05 s", "1 h 00 min", "23 h 59 min"]);
  expect(textTable(["a", "count"], [["x", "1"], ["long", "20"]], [1])).toEqual(["a     count", "----  -----", "x         1", "long     20"]);
});
