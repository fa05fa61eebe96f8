import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { claimPath, claimRun } from "./run-claim.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "esta-claims-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Leaves a claim as another process would. */
function leave(claim: unknown, secondsAgo = 0): string {
  const path = claimPath(folder, "task=a_seed=0");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof claim === "string" ? claim : JSON.stringify(claim));
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(path, time, time);
  return path;
}

test("a claim names its process and goes when it is released", () => {
  const claim = claimRun(folder, "task=a_seed=0")!;
  const path = claimPath(folder, "task=a_seed=0");
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ host: hostname(), process: process.pid });
  claim.release();
  expect(existsSync(path)).toBe(false);
});

test("a process that was silent for so long that another did its run goes on undisturbed", () => {
  const claim = claimRun(folder, "task=a_seed=0")!;
  rmSync(claimPath(folder, "task=a_seed=0"));
  vi.useFakeTimers({ now: Date.now() + 700_000 });
  claim.keep();
  vi.useRealTimers();
  expect(existsSync(claimPath(folder, "task=a_seed=0"))).toBe(false);
  claim.release();
});

test("a run on which another process works is left to it, here and on another machine", () => {
  leave({ host: hostname(), process: process.ppid });
  expect(claimRun(folder, "task=a_seed=0")).toBeUndefined();
  leave({ host: "elsewhere", process: 1 }, 500);
  expect(claimRun(folder, "task=a_seed=0")).toBeUndefined();
  leave("", 1);
  expect(claimRun(folder, "task=a_seed=0")).toBeUndefined();
});

test("what a dead process left is taken over, and so are a silent claim and one cut off", () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  for (const [claim, secondsAgo] of [[{ host: hostname(), process: dead }, 0], [{ host: "elsewhere", process: 1 }, 601], [{ host: hostname(), process: process.ppid }, 601], ["{\"ho", 6]] as const) {
    const path = leave(claim, secondsAgo);
    expect(claimRun(folder, "task=a_seed=0")).toBeDefined();
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ host: hostname(), process: process.pid });
  }
});
