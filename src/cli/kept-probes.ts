/**
 * @file What linear probes on the pixels of the kit's own tasks reached, kept so that a card need not fit them again.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../experiments/package-root.js";
import { writeFileAtomic } from "../reporting/atomic-write.js";
import { parseJson } from "../reporting/parse-json.js";
import type { PixelProbe } from "../training/pixel-probe.js";

/** The kit's own file of probes. */
export const keptProbesPath = join(packageRoot, "data", "pixel-probes.json");

/** A probe of one task. */
export interface KeptProbe extends PixelProbe {
  readonly task: string;
  /** Of the task's pictures and labels: a probe of others does not count. */
  readonly taskSha256: string;
  /** First test pictures that it was measured on. */
  readonly testImages: number;
}

/** Reads probes; none where there is no file. @throws {UsageError} when it is not JSON. */
export function readKeptProbes(path: string): readonly KeptProbe[] {
  if (!existsSync(path)) return [];
  return parseJson(readFileSync(path, "utf8"), path, "the probes of earlier calls", "Delete it and fit them again with --probe.") as readonly KeptProbe[];
}

/** Keeps a probe, in place of an earlier one of the same task; a line each. @returns all that are kept. */
export function keepProbe(path: string, probe: KeptProbe): readonly KeptProbe[] {
  const all = [...new Map([...readKeptProbes(path), probe].map((one) => [one.task, one])).values()];
  writeFileAtomic(path, `[\n${all.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n]\n`);
  return all;
}
