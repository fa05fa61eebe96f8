/**
 * @file Four numbers that the threads share, so that an interrupt finds a busy main thread.
 */

/** Shared between the thread that runs cells and the thread that talks to Jupyter. */
export class InterruptFlags {
  private readonly slots: Int32Array;

  /** Pass the `memory` of the other thread's flags to share them. */
  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.slots = new Int32Array(memory);
  }

  /** Whether a cell's own code runs: only then may execution be stopped from outside. */
  get userCodeRuns(): boolean {
    return Atomics.load(this.slots, 0) === 1;
  }
  set userCodeRuns(runs: boolean) {
    Atomics.store(this.slots, 0, runs ? 1 : 0);
  }

  /** Whether the running cell has taken the signal of its interrupt: it will end by itself, with its work kept. */
  get signalIsWatched(): boolean {
    return Atomics.load(this.slots, 3) === 1;
  }
  set signalIsWatched(isWatched: boolean) {
    Atomics.store(this.slots, 3, isWatched ? 1 : 0);
  }

  /** The number of the last interrupt that the main thread has seen. */
  get seen(): number {
    return Atomics.load(this.slots, 1);
  }
  set seen(count: number) {
    Atomics.store(this.slots, 1, count);
  }

  /** How many times code was stopped from outside. */
  get stops(): number {
    return Atomics.load(this.slots, 2);
  }
  countStop(): void {
    Atomics.add(this.slots, 2, 1);
  }
}
