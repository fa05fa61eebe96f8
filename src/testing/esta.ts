/**
 * @file The program inside a test: its words, and what it says to them.
 */
import { main } from "../cli/main.js";
import type { Terminal } from "../cli/terminal.js";

/** What a command said, lines joined. */
export interface Spoken {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** A terminal that keeps its lines. */
export function listener(): { readonly terminal: Terminal; readonly out: string[]; readonly err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  return { terminal: { print: (line = "") => void out.push(line), complain: (line) => void err.push(line), interactive: false }, out, err };
}

/** Runs one command. */
export async function esta(...args: string[]): Promise<Spoken> {
  const { terminal, out, err } = listener();
  const exitCode = await main(args, terminal);
  return { exitCode, out: out.join("\n"), err: err.join("\n") };
}
