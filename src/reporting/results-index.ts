/**
 * @file `results/README.md`: what the paper claims, what was found, the verdict, the file and the command — read from the results
 * folder alone.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { shown, UsageError } from "../checks.js";
import { writeFileAtomic } from "./atomic-write.js";
import { verdicts } from "./claims.js";
import type { ClaimResult } from "./claims.js";
import { parseRunRecord } from "./run-record.js";
import type { RunRecord } from "./run-record.js";

/** The file in an experiment's folder that says what its rows mean. */
export const SUMMARY_FILE = "summary.json";

/** What an experiment leaves in its folder beside rows, tables and figures. */
export interface ExperimentSummary {
  readonly experiment: string;
  readonly profile: string;
  readonly question: string;
  /** What the profile reduced, in one line. */
  readonly note: string;
  /** The command that makes the folder again. */
  readonly command: string;
  /** Files that a reader should open, relative to the experiment's folder: tables and figures. */
  readonly files: readonly string[];
  readonly claims: readonly ClaimResult[];
}

/** Writes the summary of an experiment into its folder, at once. */
export function writeSummary(folder: string, summary: ExperimentSummary): void {
  writeFileAtomic(join(folder, SUMMARY_FILE), `${JSON.stringify(summary, null, 2)}\n`);
}

/**
 * Reads a summary from its text.
 *
 * @param path - the file's name, for messages.
 * @throws {UsageError} that lists every field of another type than expected.
 */
export function parseSummary(text: string, path: string): ExperimentSummary {
  const advice = "Delete it and run the experiment again.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${path}: not JSON (${(cause as Error).message}), expected the summary of an experiment. ${advice}`);
  }
  const fields = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const problems = (["experiment", "profile", "question", "note", "command"] as const)
    .filter((key) => typeof fields[key] !== "string")
    .map((key) => `${path}: ${key} is ${shown(fields[key])}, expected a text. ${advice}`);
  if (!Array.isArray(fields["files"]) || fields["files"].some((file) => typeof file !== "string")) problems.push(`${path}: files is ${shown(fields["files"])}, expected a list of texts. ${advice}`);
  const claims = Array.isArray(fields["claims"]) ? (fields["claims"] as Record<string, unknown>[]) : null;
  if (claims === null) problems.push(`${path}: claims is ${shown(fields["claims"])}, expected a list. ${advice}`);
  for (const [index, claim] of (claims ?? []).entries()) {
    if (!verdicts.some((verdict) => verdict === claim["verdict"])) {
      problems.push(`${path}: claims[${index}].verdict is ${shown(claim["verdict"])}, expected one of ${verdicts.join(", ")}. ${advice}`);
    }
  }
  if (problems.length > 0) throw new UsageError(problems);
  return value as ExperimentSummary;
}

/** An experiment that has left results. */
export interface FoundExperiment {
  /** Folder relative to the results folder, with forward slashes. */
  readonly folder: string;
  readonly summary: ExperimentSummary;
  readonly runs: readonly RunRecord[];
}

/** Finds the experiments of every profile: `<results>/<profile>/<experiment>/summary.json`. */
export function findExperiments(results: string): FoundExperiment[] {
  return folders(results).flatMap((profile) => folders(join(results, profile)).flatMap((experiment) => {
    const folder = join(results, profile, experiment);
    const path = join(folder, SUMMARY_FILE);
    const text = readIfPresent(path);
    if (text === null) return [];
    return [{ folder: `${profile}/${experiment}`, summary: parseSummary(text, path), runs: readRuns(join(folder, "runs")) }];
  }));
}

/** Names of the folders in a folder, sorted; none where it is absent. */
function folders(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => statSync(join(path, name)).isDirectory()).sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw cause;
  }
}

function readIfPresent(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
}

function readRuns(folder: string): RunRecord[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.filter((name) => name.endsWith(".json") && !name.startsWith(".")).sort().map((name) => {
    const path = join(folder, name);
    return parseRunRecord(readFileSync(path, "utf8"), path);
  });
}

/** Writes the index of a results folder. */
export function writeResultsIndex(results: string): void {
  writeFileAtomic(join(results, "README.md"), resultsIndex(results));
}

/** Makes the index of a results folder as Markdown; the same folder gives the same bytes. */
export function resultsIndex(results: string): string {
  const found = findExperiments(results);
  const claims = found.flatMap(({ folder, summary }) => summary.claims.map((claim) =>
    `| ${cell(claim.claim)} | ${cell(claim.source)} | ${oursText(claim)} | **${claim.verdict}**: ${cell(claim.reason)} | ${cell(summary.profile)} | [${folder}](${folder}/) | \`${summary.command}\` |`));
  const sections = found.map(({ folder, summary, runs }) => [
    `## ${cell(summary.experiment)}, ${cell(summary.profile)} profile`,
    "",
    cell(summary.question),
    "",
    `*${cell(summary.note)}*`,
    "",
    `Made by \`${summary.command}\`; ${runsText(runs)}.`,
    ...runs.filter(({ status }) => status === "failed").map(({ run, reason }) => `- failed: ${cell(run)}: ${cell(reason ?? "no reason given")}`),
    "",
    ...picture(folder, summary.files),
    summary.files.map((file) => `[${file}](${folder}/${file})`).join(" · "),
    "",
  ].join("\n"));
  return [
    "# Results",
    "",
    "Generated from this folder; do not edit. A number is the mean ± sample standard deviation over seeds; with one seed the spread is a dash.",
    "Only the direction of an effect is tested, never a published number. Supported or contradicted: the 95 % interval of the mean over seeds lies on one side of zero.",
    "",
    ...(claims.length === 0
      ? ["No experiment has finished yet."]
      : ["| Claim | From | Ours | Verdict | Profile | Files | Command |", "| --- | --- | --- | --- | --- | --- | --- |", ...claims]),
    "",
    ...sections,
  ].join("\n");
}

/** "+1.9 ± 0.4 points (area …)": the difference in percentage points. */
function oursText({ ours, measure }: ClaimResult): string {
  if (ours === null) return `– (${cell(measure)})`;
  const sign = ours.mean >= 0 ? "+" : "−";
  return `${sign}${(100 * Math.abs(ours.mean)).toFixed(1)} ± ${ours.spread === null ? "–" : (100 * ours.spread).toFixed(1)} points (${cell(measure)})`;
}

function runsText(runs: readonly RunRecord[]): string {
  const failed = runs.filter(({ status }) => status === "failed").length;
  const finished = runs.length - failed;
  return `${finished} ${finished === 1 ? "run" : "runs"} finished${failed === 0 ? "" : `, ${failed} failed`}`;
}

function picture(folder: string, files: readonly string[]): string[] {
  const image = files.find((file) => file.endsWith(".png"));
  return image === undefined ? [] : [`![${image}](${folder}/${image})`, ""];
}

function cell(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|").trim();
}
