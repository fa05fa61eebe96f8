/**
 * @file What makes two runs the same: settings, point, seed, and the content of weights and data, hashed.
 */
import { createHash } from "node:crypto";
import type { Json } from "../reporting/run-record.js";
import type { Ingredients, PlainData } from "./experiment.js";

/** The hash that names a run's causes, and the ingredients it was made from. */
export interface RunIdentity extends Ingredients {
  /** sha256, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Names all that decides a run's rows.
 *
 * The engine is no part of it: backends agree within rounding, and the run's record says which one computed.
 */
export function identityOf(experiment: string, revision: number, profile: string, settings: PlainData, seed: number, { weights, data }: Ingredients): RunIdentity {
  const contents = (ingredients: Ingredients["weights"]): Json => ingredients.map(({ sha256 }) => sha256);
  const causes: Json = { experiment, revision, profile, settings, seed, weights: contents(weights), data: contents(data) };
  return { sha256: createHash("sha256").update(canonicalJson(causes)).digest("hex"), weights, data };
}

/** JSON with sorted keys and no spaces: the same text for the same data, whatever order it was written in. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value as PlainData).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
}
