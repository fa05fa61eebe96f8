/**
 * @file `esta doctor`: what is here, what is missing, and the command that mends it.
 */
import { execFileSync } from "node:child_process";
import type { Command } from "commander";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { wholeFamilies, weightFile } from "../anchors/registry.js";
import { UsageError } from "../checks.js";
import { taskNames } from "../datasets/registry.js";
import { vtabTasks } from "../datasets/vtab-tasks.js";
import { packageRoot } from "../experiments/package-root.js";
import { fromRoot, ownWeightFolders, shortPath } from "../experiments/vtab-sources.js";
import { countText } from "../reporting/claim-text.js";
import { useBackend, type BackendName } from "../tensor/index.js";
import type { Terminal } from "./terminal.js";
import { textTable } from "./text-table.js";

/** One line of the report; `mend` is the command or place that brings what is missing. */
export interface Finding {
  readonly what: string;
  readonly state: "ok" | "missing" | "note";
  readonly detail: string;
  readonly mend?: string;
}

/** Adds the command. */
export function addDoctorCommand(program: Command, terminal: Terminal): void {
  program
    .command("doctor")
    .description("tell which engine, packages, weights and data are here, and how to get what is missing")
    .addHelpText("after", "\nExamples:\n  esta doctor")
    .action(async () => {
      const findings = [...machineFindings(), ...(await engineFindings()), ...packageFindings(), ...weightFindings(), ...dataFindings()];
      for (const line of textTable(["", "what", "found"], findings.map(({ what, state, detail }) => [state, what, detail]))) terminal.print(line);
      const mends = findings.filter(({ mend }) => mend !== undefined);
      if (mends.length > 0) terminal.print("\nTo get what is missing:");
      for (const { what, mend } of mends) terminal.print(`  ${what}: ${mend!}`);
      if (findings.some(({ what, state }) => what === "engine" && state === "missing")) throw new UsageError("doctor: no backend of the engine starts, expected at least cpu. Install the packages again: npm ci.");
    });
}

function machineFindings(): Finding[] {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const recent = major > 20 || (major === 20 && minor >= 19);
  const cargo = versionOf("cargo");
  return [
    { what: "machine", state: "ok", detail: `${process.platform}-${process.arch}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB` },
    recent ? { what: "Node", state: "ok", detail: process.versions.node } : { what: "Node", state: "missing", detail: `${process.versions.node}, expected 20.19 or later`, mend: "install a current Node from https://nodejs.org" },
    cargo === undefined
      ? { what: "cargo", state: "missing", detail: "not found: the native engine cannot be built, WebAssembly or plain JavaScript computes", mend: "install Rust from https://rustup.rs, then npm run build:native" }
      : { what: "cargo", state: "ok", detail: cargo },
  ];
}

async function engineFindings(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of ["native", "wasm", "cpu", "tensorflow", "webgpu"] as const) findings.push(await backendFinding(name));
  try {
    const { backend, threads, reason } = await useBackend("auto");
    findings.unshift({ what: "engine", state: "ok", detail: `${backend}, ${countText(threads, "thread")} (${reason})` });
  } catch (error) {
    findings.unshift({ what: "engine", state: "missing", detail: error instanceof Error ? error.message : String(error), mend: "npm ci" });
  }
  return findings;
}

async function backendFinding(name: BackendName): Promise<Finding> {
  const what = `backend ${name}`;
  try {
    const { backend, threads } = await useBackend(name);
    if (backend !== name) return missingBackend(what, name, `not built (${backend} takes its place)`);
    return { what, state: "ok", detail: `starts, ${countText(threads, "thread")}` };
  } catch (error) {
    return missingBackend(what, name, error instanceof Error ? error.message : String(error));
  }
}

function missingBackend(what: string, name: BackendName, detail: string): Finding {
  if (name === "tensorflow") return { what, state: "note", detail, mend: "npm run setup:tensorflow (optional)" };
  if (name === "webgpu") return { what, state: "note", detail, mend: "npm run setup:webgpu (optional)" };
  return { what, state: "missing", detail, mend: name === "native" ? "npm run build:native (needs cargo)" : "npm ci" };
}

function packageFindings(): Finding[] {
  const { dependencies } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  const expected = Object.entries(dependencies).map(([name, version]) => [name, version.startsWith("file:") ? versionIn(join(packageRoot, version.slice("file:".length))) : version] as const);
  const wrong = expected.filter(([name, version]) => installedVersion(name) !== version);
  if (wrong.length === 0) return [{ what: "packages", state: "ok", detail: `${Object.keys(dependencies).length} of package.json, at their versions` }];
  return [{ what: "packages", state: "missing", detail: wrong.map(([name, version]) => `${name} ${version} (found ${installedVersion(name) ?? "none"})`).join(", "), mend: "npm ci" }];
}

function installedVersion(name: string): string | undefined {
  return versionIn(join(packageRoot, "node_modules", name));
}

function versionIn(folder: string): string | undefined {
  const path = join(folder, "package.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version : undefined;
}

function weightFindings(): Finding[] {
  return wholeFamilies.map((family) => {
    const missing = family.anchors.filter((anchor) => weightFile(anchor, ownWeightFolders) === undefined);
    const what = `weights of ${family.familyId}`;
    if (missing.length === 0) return { what, state: "ok", detail: `${family.anchors.length} anchors` };
    return { what, state: "missing", detail: `${missing.map(({ file }) => file).join(", ")} not in ${ownWeightFolders.map(shortPath).join(" or ")}`, mend: family.obtain };
  });
}

function dataFindings(): Finding[] {
  const folder = fromRoot(join("data", "vtab-1k"));
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, "train800.txt"))) : [];
  const vtab: Finding =
    found.length >= vtabTasks.length
      ? { what: "VTAB-1k", state: "ok", detail: `${found.length} tasks in ${shortPath(folder)}` }
      : { what: "VTAB-1k", state: "missing", detail: `${found.length} of ${vtabTasks.length} folders in ${shortPath(folder)}; only the paper profile needs it`, mend: "see data/README.md" };
  return [{ what: "tasks of the kit", state: "ok", detail: `${taskNames.length} without a download: ${taskNames.join(", ")}` }, vtab];
}

function versionOf(program: string): string | undefined {
  try {
    return execFileSync(program, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
