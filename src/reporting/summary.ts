/**
 * @file What an experiment says of its rows: the question, what the profile reduced, the claims and how much of the plan was run.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { shown, UsageError } from "../checks.js";
import { writeFileAtomic } from "./atomic-write.js";
import { verdicts } from "./claims.js";
import type { ClaimResult } from "./claims.js";
import type { Coverage } from "./coverage.js";
import { parseJson } from "./parse-json.js";

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
  /** What the rows show, sentence by sentence; empty where nothing is said, absent in summaries of earlier versions. */
  readonly found?: readonly string[];
  /** Which of the planned runs the rows hold; absent in summaries of earlier versions. */
  readonly coverage?: Coverage;
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
  const value = parseJson(text, path, "the summary of an experiment", advice);
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

/** Reads the summary in an experiment's folder; nothing where there is none. */
export function readSummary(folder: string): ExperimentSummary | undefined {
  const path = join(folder, SUMMARY_FILE);
  return existsSync(path) ? parseSummary(readFileSync(path, "utf8"), path) : undefined;
}
