/**
 * @file Runs the same tests on every backend that is present here; an absent one is skipped with its reason printed.
 */
import { describe } from "vitest";
import { useBackend } from "../tensor/index.js";
import type { BackendName } from "../tensor/index.js";

const found: { name: BackendName; absent: string }[] = [];
for (const name of ["cpu", "wasm", "native", "tensorflow", "webgpu"] as const) {
  try {
    await useBackend(name);
    found.push({ name, absent: "" });
  } catch (error) {
    found.push({ name, absent: error instanceof Error ? error.message : String(error) });
    console.log(`skipped on ${name}: ${found[found.length - 1]!.absent}`);
  }
}

/** Declares a suite per backend; `body` is called once for each. Backends are selected before each suite's tests run. */
export function onEachBackend(title: string, body: (backend: BackendName) => void): void {
  for (const { name, absent } of found) describe.skipIf(absent !== "")(`${title} on ${name}`, () => body(name));
}
