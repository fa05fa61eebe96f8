/**
 * @file Shows how far long work is: a bar with the time left on a terminal, a plain line every few seconds elsewhere.
 */
import cliProgress from "cli-progress";
import type { Progress } from "../training/train.js";
import type { Terminal } from "./terminal.js";
import { durationText } from "./text-table.js";

/** Seconds between plain lines. */
const LINE_SECONDS = 5;

/** A display of one piece of work after another. */
export interface ProgressDisplay {
  update(progress: Progress): void;
  /** Takes the bar away, for other lines to be written. */
  clear(): void;
}

/** Makes a display. @param now - milliseconds, for tests. */
export function progressDisplay(terminal: Terminal, now: () => number = () => performance.now()): ProgressDisplay {
  return terminal.interactive ? barDisplay(now) : lineDisplay(terminal, now);
}

function barDisplay(now: () => number): ProgressDisplay {
  let bar: cliProgress.SingleBar | undefined;
  let phase: Phase | undefined;
  return {
    update(progress) {
      const next = phaseOf(phase, progress, now());
      if (bar === undefined || next !== phase) {
        bar?.stop();
        bar = new cliProgress.SingleBar({ format: "  {bar} {value}/{total}  {left} left  {label}", barsize: 28, hideCursor: true, clearOnComplete: true, stream: process.stderr }, cliProgress.Presets.shades_classic);
        bar.start(progress.total, progress.done, { left: "?", label: progress.label });
      }
      phase = next;
      bar.update(progress.done, { left: leftText(phase, progress, now()), label: progress.label });
    },
    clear() {
      bar?.stop();
      bar = undefined;
    },
  };
}

function lineDisplay(terminal: Terminal, now: () => number): ProgressDisplay {
  let phase: Phase | undefined;
  let said = now();
  return {
    update(progress) {
      phase = phaseOf(phase, progress, now());
      if (now() - said < LINE_SECONDS * 1000) return;
      said = now();
      terminal.print(`    ${progress.done} of ${progress.total}, ${leftText(phase, progress, now())} left, ${progress.label}`);
    },
    clear: () => undefined,
  };
}

/** A stretch of work that counts to one total. */
interface Phase {
  readonly total: number;
  readonly firstDone: number;
  readonly started: number;
  lastDone: number;
}

/** The phase that a progress belongs to: a new one when the total changes or the count falls back. */
function phaseOf(phase: Phase | undefined, { done, total }: Progress, now: number): Phase {
  if (phase === undefined || phase.total !== total || done < phase.lastDone) return { total, firstDone: done, started: now, lastDone: done };
  phase.lastDone = done;
  return phase;
}

function leftText({ firstDone, started }: Phase, { done, total }: Progress, now: number): string {
  return done === firstDone ? "?" : durationText((((now - started) / 1000) * (total - done)) / (done - firstDone));
}
