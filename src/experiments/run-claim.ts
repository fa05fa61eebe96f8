/**
 * @file Who works on a run: a file that one process makes and others see, so that several can share an experiment's runs.
 *
 * A claim only spares work. Two processes that did the same run would write the same bytes, whole, to the same names.
 */
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "../reporting/atomic-write.js";
import { codeOf, unwritable } from "./run-events.js";

/** A claim that says nothing for so long is given up, whoever made it. */
const SILENT_SECONDS = 600;
/** A claim that cannot be read is being written, for so long. */
const WRITING_SECONDS = 5;

/** A run that this process may work on. */
export interface RunClaim {
  /** Says that the work goes on. */
  keep(): void;
  release(): void;
}

/** Place of a run's claim. */
export function claimPath(folder: string, run: string): string {
  return join(folder, "claims", `${run}.json`);
}

/**
 * Claims a run, or answers nothing while another process works on it.
 *
 * What a process leaves that has ended without a release is taken over: at once on the same machine, after ten silent minutes
 * elsewhere.
 *
 * @throws {UsageError} when the claim cannot be written.
 */
export function claimRun(folder: string, run: string): RunClaim | undefined {
  const path = claimPath(folder, run);
  const own = JSON.stringify({ host: hostname(), process: process.pid });
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, own, { flag: "wx" });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw unwritable(path, error);
    if (isHeld(path)) return undefined;
    // Of two that take over at the same moment, the last to write has it.
    writeFileAtomic(path, own);
    if (readFileSync(path, "utf8") !== own) return undefined;
  }
  let kept = Date.now();
  return {
    keep() {
      if (Date.now() - kept < 10_000) return;
      kept = Date.now();
      try {
        utimesSync(path, kept / 1000, kept / 1000);
      } catch {
        // After a long silence another process may have taken the run over, done it and released the claim: the work at hand is as good.
      }
    },
    release: () => rmSync(path, { force: true }),
  };
}

/** Whether a process other than this one is at work behind the claim. */
function isHeld(path: string): boolean {
  let silent = Infinity;
  let claim: { host?: unknown; process?: unknown };
  try {
    silent = (Date.now() - statSync(path).mtimeMs) / 1000;
    claim = JSON.parse(readFileSync(path, "utf8")) as typeof claim;
  } catch {
    return silent < WRITING_SECONDS;
  }
  if (silent > SILENT_SECONDS) return false;
  if (claim.host !== hostname()) return true;
  return typeof claim.process === "number" && claim.process !== process.pid && isRunning(claim.process);
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
