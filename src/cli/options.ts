/**
 * @file Options that several commands share, and how their texts become values.
 */
import { InvalidArgumentError, type Command } from "commander";
import { join } from "node:path";
import { packageRoot } from "../experiments/package-root.js";
import { countText } from "../reporting/claim-text.js";
import { useBackend, type BackendChoice, type BackendInUse } from "../tensor/index.js";
import type { Terminal } from "./terminal.js";

/** Options of every command that computes. */
export interface EngineOptions {
  /** Checked by {@link useBackend}, which knows what there is. */
  readonly backend: string;
  readonly threads?: number;
}

/** Where results lie unless told otherwise. */
export const defaultResults: string = join(packageRoot, "results");

/** Adds `--backend` and `--threads`. */
export function withEngineOptions(command: Command): Command {
  return command
    .option("--backend <name>", "engine backend, as esta doctor lists them; auto takes the fastest present", "auto")
    .option("--threads <count>", "threads of the backend (default: all cores)", wholeNumber(1));
}

/** Chooses the backend and says which and why. */
export async function startEngine(terminal: Pick<Terminal, "print">, { backend, threads }: EngineOptions): Promise<BackendInUse> {
  const inUse = await useBackend(backend as BackendChoice, threads === undefined ? {} : { threads });
  terminal.print(`engine: ${inUse.backend}, ${countText(inUse.threads, "thread")} (${inUse.reason})`);
  return inUse;
}

/** Reads a whole number of at least `low`. */
export function wholeNumber(low: number): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text) || Number(text) < low) throw new InvalidArgumentError(`Expected a whole number of at least ${low}.`);
    return Number(text);
  };
}

/** Reads a finite number. */
export function finiteNumber(text: string): number {
  if (text.trim() === "" || !Number.isFinite(Number(text))) throw new InvalidArgumentError("Expected a number.");
  return Number(text);
}

/** Reads whole numbers separated by commas. */
export function wholeNumbers(low: number): (text: string) => number[] {
  return (text) => text.split(",").map(wholeNumber(low));
}

/** Reads texts separated by commas. */
export function texts(text: string): string[] {
  const items = text.split(",").map((item) => item.trim());
  if (items.some((item) => item === "")) throw new InvalidArgumentError("Expected names separated by commas.");
  return items;
}

/** Collects a repeated option. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
