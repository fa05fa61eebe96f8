/**
 * @file Settings from outside: `--set key=value` and settings files, each key known and each value of its kind, or one message.
 */
import { readFileSync } from "node:fs";
import { shown, throwProblems, UsageError } from "../checks.js";
import type { Json } from "../reporting/run-record.js";
import { jsonFault } from "./json-fault.js";
import type { PlainData } from "./experiment.js";

/** What a setting holds; a question mark allows none (`null` in a file, `none` on the command line). */
export type SettingKind = "number" | "number?" | "text" | "text?" | "texts" | "flag";

const expectations: Readonly<Record<SettingKind, string>> = {
  number: "a number",
  "number?": "a number or none",
  text: "a text",
  "text?": "a text or none",
  texts: "a list of texts",
  flag: "true or false",
};

/** Puts changes over the defaults. @throws {UsageError} naming every unknown key, with the known ones, and every value of the wrong kind. */
export function changedSettings<Settings extends PlainData>(where: string, defaults: Settings, kinds: { readonly [Key in keyof Settings]: SettingKind }, changes: PlainData): Settings {
  const known: { readonly [key: string]: SettingKind } = kinds;
  throwProblems(
    Object.entries(changes).flatMap(([key, value]) => {
      const kind = Object.hasOwn(known, key) ? known[key] : undefined;
      if (kind === undefined) return [`${where}: ${key} is not a setting, expected one of ${Object.keys(kinds).join(", ")}.`];
      return isOfKind(kind, value) ? [] : [`${where}: ${key} is ${value === null ? "none" : shown(value)}, expected ${expectations[kind]}.`];
    }),
  );
  return { ...defaults, ...changes };
}

function isOfKind(kind: SettingKind, value: Json): boolean {
  switch (kind) {
    case "number":
      return typeof value === "number";
    case "number?":
      return value === null || typeof value === "number";
    case "text":
      return typeof value === "string";
    case "text?":
      return value === null || typeof value === "string";
    case "texts":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "flag":
      return typeof value === "boolean";
  }
}

/**
 * Reads `key=value` assignments; the key's kind decides how the value is read, lists are separated by commas.
 *
 * @throws {UsageError} for an assignment without "=", an unknown key, or a value that is not of the key's kind.
 */
export function parseAssignments(where: string, assignments: readonly string[], kinds: { readonly [key: string]: SettingKind }): PlainData {
  const problems: string[] = [];
  const changes: Record<string, Json> = {};
  for (const assignment of assignments) {
    const split = assignment.indexOf("=");
    const key = assignment.slice(0, split);
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
    if (split < 1) problems.push(`${where}: --set ${shown(assignment)} has no "=", expected key=value.`);
    else if (kind === undefined) problems.push(`${where}: ${key} is not a setting, expected one of ${Object.keys(kinds).join(", ")}.`);
    else {
      const value = parseValue(kind, assignment.slice(split + 1));
      if (value === undefined) problems.push(`${where}: ${key} is ${shown(assignment.slice(split + 1))}, expected ${expectations[kind]}.`);
      else changes[key] = value;
    }
  }
  throwProblems(problems);
  return changes;
}

function parseValue(kind: SettingKind, text: string): Json | undefined {
  if (kind.endsWith("?") && text === "none") return null;
  switch (kind) {
    case "number":
    case "number?":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case "text":
    case "text?":
      return text === "" ? undefined : text;
    case "texts":
      return text === "" ? undefined : text.split(",").map((item) => item.trim());
    case "flag":
      return text === "true" || text === "false" ? text === "true" : undefined;
  }
}

/** Reads a settings file: one JSON object. @throws {UsageError} with line and column where it is not JSON. */
export function readSettingsFile(path: string): PlainData {
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(`settings ${path}: cannot be read (${code}), expected a JSON file. Check the path.`);
  }
  const fault = jsonFault(text);
  if (fault !== undefined) {
    throw new UsageError(`settings ${path}: line ${fault.line}, column ${fault.column}: found ${fault.found}, expected ${fault.expected}. A settings file is one JSON object, for instance {"steps": 200}.`);
  }
  const value = JSON.parse(text) as Json;
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new UsageError(`settings ${path}: holds ${shown(JSON.stringify(value))}, expected one JSON object, for instance {"steps": 200}.`);
  return value as PlainData;
}
