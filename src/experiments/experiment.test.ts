import { expect, test } from "vitest";
import { toyExperiment } from "../testing/toy-experiment.js";
import { runName } from "./experiment.js";
import { canonicalJson, identityOf } from "./run-identity.js";

test("a run is named by its point and seed, in letters that every file system takes", () => {
  expect(runName({ task: "digits", method: "pst" }, 3)).toBe("task=digits_method=pst_seed=3");
  expect(runName({ task: "a/b c:d" }, 0)).toBe("task=a-b-c-d_seed=0");
});

test("a plan has one run for each seed and point, seeds outermost, under the profile's name", () => {
  const plan = toyExperiment().plan("laptop");
  expect(plan.runs.map(({ name }) => name)).toEqual([0, 1, 2].flatMap((seed) => ["ring", "star"].map((shape) => `shape=${shape}_seed=${seed}`)));
  expect({ profile: plan.profile, note: plan.note }).toEqual({ profile: "laptop", note: "laptop: 60 steps, 3 seeds" });
});

test("a plan with changed settings or seeds goes by another name, so that it never mixes with the profile's results", () => {
  expect(toyExperiment().plan("quick", { changes: { steps: 9 } }).profile).toBe("own");
  expect(toyExperiment().plan("quick", { seeds: [7] }).profile).toBe("own");
  expect(toyExperiment().plan("quick", { seeds: [7], name: "mine" }).profile).toBe("mine");
});

test("canonical JSON does not depend on the order in which keys were written", () => {
  expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}');
});

test("a run's identity moves with each of its causes and with nothing else", async () => {
  const ingredients = { weights: [{ name: "w", sha256: "1" }], data: [{ name: "d", sha256: "2" }] };
  const base = identityOf("toy", 1, "quick", { a: 1, b: 2 }, 0, ingredients).sha256;
  expect(base).toMatch(/^[0-9a-f]{64}$/);
  expect(identityOf("toy", 1, "quick", { b: 2, a: 1 }, 0, { ...ingredients, weights: [{ name: "renamed", sha256: "1" }] }).sha256).toBe(base);
  const others = [
    identityOf("other", 1, "quick", { a: 1, b: 2 }, 0, ingredients),
    identityOf("toy", 2, "quick", { a: 1, b: 2 }, 0, ingredients),
    identityOf("toy", 1, "laptop", { a: 1, b: 2 }, 0, ingredients),
    identityOf("toy", 1, "quick", { a: 1, b: 3 }, 0, ingredients),
    identityOf("toy", 1, "quick", { a: 1, b: 2 }, 1, ingredients),
    identityOf("toy", 1, "quick", { a: 1, b: 2 }, 0, { ...ingredients, weights: [{ name: "w", sha256: "3" }] }),
    identityOf("toy", 1, "quick", { a: 1, b: 2 }, 0, { ...ingredients, data: [{ name: "d", sha256: "3" }] }),
  ].map(({ sha256 }) => sha256);
  expect(new Set([base, ...others]).size).toBe(8);
});
