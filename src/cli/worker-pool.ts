/**
 * @file Local processes that share the runs of experiments: each takes the next run that nobody works on, and one that dies leaves its
 * run, with its checkpoint, to the others and is replaced.
 */
import { fork, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../experiments/package-root.js";
import type { RunEvent } from "../experiments/run-events.js";

/** What a worker tells: an event of one of the experiments. */
export interface WorkerEvent {
  readonly experiment: string;
  readonly event: RunEvent;
}

/** How workers are started and watched. */
export interface WorkerPoolOptions {
  readonly workers: number;
  /** The command line that they share, without options of threads and workers. */
  readonly args: readonly string[];
  /** Threads of each worker. */
  readonly threads: number;
  /** When this scheduling began, in milliseconds since 1970: what failed after it is not tried again. */
  readonly since: number;
  readonly onEvent: (event: WorkerEvent) => void;
  /** Told of a worker that ended by itself, and whether another takes its place. */
  readonly onLoss: (how: string, replaced: boolean) => void;
  readonly signal: AbortSignal;
}

/** Workers that may be lost, for each that was asked for, before no more are started. */
const REPLACEMENTS = 3;

/** Threads of each of so many workers: the cores in equal parts. */
export function threadsOfWorkers(workers: number): number {
  return Math.max(1, Math.floor(availableParallelism() / workers));
}

/**
 * Runs the workers until each has found nothing more to do.
 *
 * @throws the signal's reason when stopped; the workers have then written their checkpoints and ended.
 */
export async function runWorkers({ workers, args, threads, since, onEvent, onLoss, signal }: WorkerPoolOptions): Promise<void> {
  let spare = REPLACEMENTS * workers;
  const one = async (): Promise<void> => {
    while (!signal.aborted) {
      const child = fork(join(packageRoot, "dist", "cli.js"), [...args, "--threads", String(threads), "--worker", String(since)], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      child.on("message", (message) => onEvent(message as WorkerEvent));
      const stop = (): void => void child.kill("SIGTERM");
      signal.addEventListener("abort", stop);
      const how = await endOf(child);
      signal.removeEventListener("abort", stop);
      if (how === undefined || signal.aborted) return;
      const replaced = spare-- > 0;
      onLoss(how, replaced);
      if (!replaced) return;
    }
  };
  await Promise.all(Array.from({ length: workers }, one));
  signal.throwIfAborted();
}

/** How a worker ended, where not as it should. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, name) => resolve(code === 0 ? undefined : name === null ? `exit code ${code}` : name));
  });
}
