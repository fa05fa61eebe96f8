import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { packageRoot } from "../experiments/package-root.js";
import { writeRandomAnchors } from "./random-anchors.js";

const script = join(packageRoot, "reproduce.sh");
const program = join(packageRoot, "dist", "cli.js");
if (!existsSync(program)) console.log("skipped: tests of the built program, since dist/cli.js is not there; npm run build:ts makes it");

let folder: string;
let weights: string;
beforeAll(() => writeRandomAnchors((weights = mkdtempSync(join(tmpdir(), "esta-weights-")))), 60_000);
afterAll(() => rmSync(weights, { recursive: true, force: true }));
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "esta-reproduce-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs reproduce.sh with nothing on the path but what a test puts there. */
function reproduce(args: readonly string[], programs: Readonly<Record<string, string>>): { exitCode: number | null; out: string; err: string } {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of ["bash", "dirname", "env"]) symlinkSync(spawnSync("which", [name], { encoding: "utf8" }).stdout.trim(), join(bin, name));
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!${join(bin, "bash")}\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const { status, stdout, stderr } = spawnSync(script, args, { encoding: "utf8", env: { PATH: bin } });
  return { exitCode: status, out: stdout, err: stderr };
}

test("the script stays short enough to be read", () => {
  expect(readFileSync(script, "utf8").split("\n").length).toBeLessThan(61);
});

test("a word that is no profile is refused with those that are", () => {
  expect(reproduce(["fast"], {})).toEqual({ exitCode: 1, out: "", err: 'reproduce: "fast" is not known, expected quick, laptop, paper, test or setup.\n' });
});

test("a machine without Node, or with an old one, is told which is needed", () => {
  expect(reproduce([], {})).toMatchObject({ exitCode: 1, err: "reproduce: Node with npm was not found, expected Node 20.19 or later. Install it from https://nodejs.org.\n" });
  rmSync(join(folder, "bin"), { recursive: true });
  const old = { node: '[ "$1" = --version ] && echo v18.20.4 && exit 0; exit 1', npm: "exit 0" };
  expect(reproduce([], old)).toMatchObject({ exitCode: 1, err: "reproduce: Node v18.20.4 was found, expected 20.19 or later. Install a current one from https://nodejs.org.\n" });
});

test("a machine without cargo is told what takes the native engine's place", () => {
  const fake = { node: '[ "$1" = --version ] && echo v20.19.0; exit 0', npm: '[ "$1" = --version ] && echo 10.0.0; [ "$1" = ci ] && exit 7; exit 0' };
  const { out } = reproduce([], fake);
  expect(out).toContain("Node v20.19.0, npm 10.0.0, no cargo: WebAssembly will compute instead of the native engine\n");
});

const settings = ["tasks=digits", "methods=anchor-ti", "steps=400", "batchSize=8", "valImages=10", "testImages=40"].flatMap((assignment) => ["--set", assignment]);
const runArgs = (results: string): string[] => [program, "run", "vtab-stitching", "--results", join(folder, results), "--name", "quick", "--set", `weightsFolder=${weights}`, ...settings];

test.skipIf(!existsSync(program))("a process killed in the middle and run again ends with the same rows.csv", { timeout: 240_000 }, async () => {
  const whole = spawnSync(process.execPath, runArgs("whole"), { encoding: "utf8" });
  expect(whole.status, whole.stderr).toBe(0);
  const rows = (results: string): string => readFileSync(join(folder, results, "quick", "vtab-stitching", "rows.csv"), "utf8");

  const killed = spawn(process.execPath, runArgs("killed"), { stdio: "ignore" });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => killed.on("exit", (_, signal) => resolve(signal)));
  const checkpoint = join(folder, "killed", "quick", "vtab-stitching", "checkpoints", "task=digits_method=anchor-ti_seed=0.safetensors");
  while (!existsSync(checkpoint)) await new Promise((resolve) => setTimeout(resolve, 5));
  killed.kill("SIGKILL");
  expect(await ended).toBe("SIGKILL");
  expect(existsSync(join(folder, "killed", "quick", "vtab-stitching", "rows.csv"))).toBe(false);

  const again = spawnSync(process.execPath, runArgs("killed"), { encoding: "utf8" });
  expect(again.status, again.stderr).toBe(0);
  expect(again.stdout).toContain("task=digits_method=anchor-ti_seed=0, resumed from its checkpoint");
  expect(rows("killed")).toBe(rows("whole"));
});

test.skipIf(!existsSync(program))("Ctrl-C writes the checkpoint, says how to go on, and exits with 130", { timeout: 120_000 }, async () => {
  const child = spawn(process.execPath, runArgs("stopped"), { stdio: ["ignore", "pipe", "pipe"] });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  const checkpoint = join(folder, "stopped", "quick", "vtab-stitching", "checkpoints", "task=digits_method=anchor-ti_seed=0.safetensors");
  while (!existsSync(checkpoint)) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(err).toContain("Stopping after this step and writing the checkpoint; once more to stop at once.");
  expect(err).toContain("Stopped. What was done is kept; the same command takes it up again:\n  esta run vtab-stitching ");
  expect(existsSync(checkpoint)).toBe(true);
});

const sharedArgs = (results: string, workers: number, steps = 150): string[] => [
  ...[program, "run", "vtab-stitching", "--results", join(folder, results), "--name", "quick", "--workers", String(workers), "--seeds", "0,1"],
  ...["tasks=digits", "methods=anchor-ti", `steps=${steps}`, "batchSize=8", "valImages=10", "testImages=40", `weightsFolder=${weights}`].flatMap((assignment) => ["--set", assignment]),
];

test.skipIf(!existsSync(program))("two workers, one of them killed in the middle, leave the rows of one process", { timeout: 240_000 }, async () => {
  const whole = spawnSync(process.execPath, sharedArgs("alone", 1), { encoding: "utf8" });
  expect(whole.status, whole.stderr).toBe(0);
  const parent = spawn(process.execPath, sharedArgs("shared", 2), { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  parent.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  parent.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<number | null>((resolve) => parent.on("exit", (code) => resolve(code)));
  const there = join(folder, "shared", "quick", "vtab-stitching");
  const run = "task=digits_method=anchor-ti_seed=0";
  while (!existsSync(join(there, "checkpoints", `${run}.safetensors`))) await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill((JSON.parse(readFileSync(join(there, "claims", `${run}.json`), "utf8")) as { process: number }).process, "SIGKILL");
  expect(await ended, err).toBe(0);
  expect(err).toContain("a worker ended (SIGKILL): another takes its place and takes up its run");
  expect(out).toContain(`${run}, resumed from its checkpoint`);
  expect(out).toContain("vtab-stitching: runs done 2, there before 0, failed 0");
  expect(readFileSync(join(there, "rows.csv"), "utf8")).toBe(readFileSync(join(folder, "alone", "quick", "vtab-stitching", "rows.csv"), "utf8"));
  expect(existsSync(join(there, "claims"))).toBe(false);
});

test.skipIf(!existsSync(program))("workers whose parent is gone write their checkpoints and end without a word", { timeout: 120_000 }, async () => {
  const parent = spawn(process.execPath, sharedArgs("orphaned", 2, 4000), { stdio: ["ignore", "ignore", "pipe"] });
  let err = "";
  parent.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const allEnded = new Promise<void>((resolve) => parent.stderr.on("close", resolve)); // the workers write there too
  const there = join(folder, "orphaned", "quick", "vtab-stitching");
  const checkpoints = [0, 1].map((seed) => join(there, "checkpoints", `task=digits_method=anchor-ti_seed=${seed}.safetensors`));
  while (!checkpoints.every((path) => existsSync(path))) await new Promise((resolve) => setTimeout(resolve, 5));
  const written = checkpoints.map((path) => statSync(path).mtimeMs);
  parent.kill("SIGKILL");
  await allEnded;
  expect(err).toBe("");
  for (const [seed, path] of checkpoints.entries()) expect(statSync(path).mtimeMs).toBeGreaterThan(written[seed]!);
  expect(readdirSync(join(there, "claims"))).toEqual([]);
});
