/**
 * @file What a training step of each method takes, and the most memory of its process: `step-costs.json` in an experiment's folder.
 *
 * Measured by `esta costs` with a process of its own for each method, one after another: the records of runs tell neither, since runs share their
 * process with those before them and the machine with others. They differ from machine to machine and stand in nothing that is compared byte for byte.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { writeFileAtomic } from "./atomic-write.js";
import { parseJson } from "./parse-json.js";
import type { Machine } from "./run-record.js";

/** One method on one task. */
export interface MethodStepCosts {
  readonly method: string;
  /** Mean milliseconds of a training step, over the stitches as training draws them; of the steps of all stages together where a method trains in stages. */
  readonly milliseconds: number;
  /** Bytes that the process held at most, data and runtime included. */
  readonly peakBytes: number;
}

/** What one measurement leaves. */
export interface StepCosts {
  readonly command: string;
  readonly task: string;
  readonly steps: number;
  readonly engine: { readonly backend: string; readonly threads: number };
  readonly machine: Machine;
  readonly methods: readonly MethodStepCosts[];
}

/** Where an experiment's measurement stands. */
export function stepCostsPath(folder: string): string {
  return join(folder, "step-costs.json");
}

/** Writes the measurement of an experiment; returns its path. */
export function writeStepCosts(folder: string, costs: StepCosts): string {
  const path = stepCostsPath(folder);
  writeFileAtomic(path, `${JSON.stringify(costs, null, 1)}\n`);
  return path;
}

/** Reads an experiment's measurement; nothing where there is none. @throws {UsageError} for a file that is no such measurement. */
export function readStepCosts(folder: string): StepCosts | undefined {
  const path = stepCostsPath(folder);
  if (!existsSync(path)) return undefined;
  const advice = "Delete it and measure again: esta costs.";
  const costs = parseJson(readFileSync(path, "utf8"), path, "what training steps took", advice) as Partial<StepCosts> | null;
  const isWhole = Array.isArray(costs?.methods) && costs.methods.every(({ milliseconds, peakBytes }) => typeof milliseconds === "number" && typeof peakBytes === "number") && costs.engine !== undefined && costs.machine !== undefined;
  if (!isWhole) throw new UsageError(`${path}: methods, engine or machine is missing, expected what training steps took. ${advice}`);
  return costs as StepCosts;
}
