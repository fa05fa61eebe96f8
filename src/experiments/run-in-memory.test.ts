import { expect, test } from "vitest";
import { toyExperiment, toyRows } from "../testing/toy-experiment.js";
import { runInMemory } from "./run-in-memory.js";

test("every point and seed is run in the plan's order, and progress says which run it is", async () => {
  const labels = new Set<string>();
  const rows = await runInMemory(toyExperiment().plan("quick"), toyRows, { onProgress: ({ label }) => labels.add(label) });
  expect(rows).toEqual([
    { shape: "ring", seed: 0, size: 12.4 },
    { shape: "star", seed: 0, size: 12.4 },
    { shape: "ring", seed: 1, size: 13.4 },
    { shape: "star", seed: 1, size: 13.4 },
  ]);
  expect([...labels][0]).toBe("run 1 of 4, shape=ring seed=0: ring");
});

test("settings that cannot run are refused before any work, and a signal ends the work", async () => {
  await expect(runInMemory(toyExperiment().plan("quick", { changes: { steps: 0 } }), toyRows)).rejects.toThrow("run toy: steps is 0, expected at least 1.");
  const stop = new AbortController();
  const steps: number[] = [];
  const stopped = runInMemory(toyExperiment().plan("quick"), toyRows, { signal: stop.signal, onProgress: ({ done }) => (steps.push(done), done === 2 && stop.abort(new Error("enough"))) });
  await expect(stopped).rejects.toThrow("enough");
  expect(steps).toEqual([1, 2]);
});
