/**
 * @file What the comparisons with other engines share: their words, and programs in alternation, each in a process of its own.
 */
import { spawnSync } from "node:child_process";

/** The words `key=value` that the program was called with. */
export const words: ReadonlyMap<string, string> = new Map(process.argv.slice(2).map((word) => word.split("=", 2) as [string, string]));

/** Runs a program to its end; returns what it printed. */
export function run(command: string, all: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, all, { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`bench: ${command} ${all[0]} failed, expected JSON lines: ${error?.message ?? stderr}`);
  return stdout.trim();
}

/** Runs every program once a round, in turn, so that all meet the same minutes of the machine. @returns what each gave, by its name, a round after another. */
export function alternate<T>(programs: Readonly<Record<string, () => T>>, rounds: number): Record<string, T[]> {
  const found: Record<string, T[]> = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) for (const [name, program] of Object.entries(programs)) found[name]!.push(program());
  return found;
}
