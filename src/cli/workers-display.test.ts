import { expect, test } from "vitest";
import { toyExperiment } from "../testing/toy-experiment.js";
import { workersDisplay } from "./workers-display.js";

test("several workers show as one piece of work: what is done of all, the time left, where each is", () => {
  const out: string[] = [];
  let now = 0;
  const planned = [toyExperiment().plan("quick")];
  const display = workersDisplay({ print: (line = "") => void out.push(line), complain: (line) => void out.push(`! ${line}`), interactive: false }, planned, () => now);
  const [first, second, third, fourth] = planned[0]!.runs.map(({ name }) => name) as [string, string, string, string];
  const progress = (run: string, share: number, label: string): void => display.tell({ experiment: "toy", event: { kind: "progress", run, progress: { done: 1, total: 2, label, share } } });
  display.tell({ experiment: "toy", event: { kind: "skipped", run: first, index: 0, runs: 4 } });
  display.tell({ experiment: "toy", event: { kind: "started", run: second, index: 1, runs: 4, resumed: true } });
  progress(second, 0, "loss 2.0");
  now = 6000;
  progress(third, 0.5, "loss 1.0");
  display.tell({ experiment: "toy", event: { kind: "finished", run: second, seconds: 6, rows: 1 } });
  now = 12_000;
  progress(third, 0.5, "validation, batch 1");
  display.tell({ experiment: "toy", event: { kind: "failed", run: fourth, reason: "it broke", stack: null } });
  expect(out).toEqual([
    `  [2/4] toy ${second}, resumed from its checkpoint`,
    "    0.5 of 3, 30 s left, star 0: loss 2.0 | ring 1: loss 1.0",
    `    ${second} done in 6 s`,
    "    1.5 of 3, 12 s left, ring 1: validation, batch 1",
    `!     failed: ${fourth}: it broke`,
  ]);
  expect(display.finished("toy")).toBe(1);
});
