/**
 * @file Where a command writes and how it is stopped; tests put their own in place of the process.
 */

/** What a command sees of its terminal. */
export interface Terminal {
  /** Writes a line to standard output. */
  readonly print: (line?: string) => void;
  /** Writes a line to standard error. */
  readonly complain: (line: string) => void;
  /** Whether someone looks at standard error as a terminal: bars there, plain lines elsewhere. */
  readonly interactive: boolean;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return {
    print: (line = "") => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
    interactive: process.stderr.isTTY === true && process.env["CI"] === undefined,
  };
}

/** Thrown through a command that was asked to stop. */
export class Interrupted extends Error {
  /** 128 + the signal's number, as shells count. */
  readonly exitCode: number;

  constructor(readonly signalName: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signalName}`);
    this.exitCode = signalName === "SIGINT" ? 130 : 143;
  }
}

/**
 * Runs `work` with a signal that Ctrl-C and SIGTERM set off: the first asks it to stop at the next safe place, the second
 * ends the process at once.
 */
export async function interruptible<T>(terminal: Terminal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: "SIGINT" | "SIGTERM") => (): void => {
    const interrupted = new Interrupted(name);
    if (controller.signal.aborted) process.exit(interrupted.exitCode);
    terminal.complain("\nStopping after this step and writing the checkpoint; once more to stop at once.");
    controller.abort(interrupted);
  };
  const handlers = { SIGINT: stop("SIGINT"), SIGTERM: stop("SIGTERM") } as const;
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, handlers[name]);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, handlers[name]);
  }
}
