import { expect, test } from "vitest";
import { defaultProbe, fastestOf, mayHaveDevice, probeSeconds } from "./device-probe.js";
import { tf, useBackend } from "./index.js";

type Name = "native" | "tensorflow" | "webgpu";

/** Backends that take so many seconds, and which one is current in the end. */
function stage(seconds: Record<Name, number>, starts: (name: Name) => boolean) {
  let current: Name = "native";
  const device = (backend: Name) => ({
    backend,
    start: async () => {
      if (!starts(backend)) return false;
      current = backend;
      return true;
    },
  });
  const run = () => fastestOf<Name>("native", [device("tensorflow"), device("webgpu")], () => seconds[current], async (name) => void (current = name));
  return { run, current: () => current };
}

test("a device that is faster is taken, and the reason holds what was measured", async () => {
  const { run, current } = stage({ native: 0.02, tensorflow: 0.004, webgpu: 0.03 }, () => true);
  expect(await run()).toEqual({ backend: "tensorflow", reason: "measured: native 20.0 ms, tensorflow 4.0 ms, webgpu 30.0 ms a step" });
  expect(current()).toBe("tensorflow");
});

test("a device that is slower is left, the processor current again", async () => {
  const { run, current } = stage({ native: 0.02, tensorflow: 0.5, webgpu: 0.03 }, (name) => name === "webgpu");
  expect((await run())?.backend).toBe("native");
  expect(current()).toBe("native");
});

test("without a device nothing is measured; one that fails is none", async () => {
  const absent = stage({ native: 0.02, tensorflow: 0, webgpu: 0 }, () => false);
  expect(await absent.run()).toBeUndefined();
  const failing = await fastestOf<Name>("native", [{ backend: "webgpu", start: () => Promise.reject(new Error("lost")) }], () => 1, async () => undefined);
  expect(failing).toBeUndefined();
});

test("on Linux a device shows itself below /dev; elsewhere there may be one", () => {
  expect(mayHaveDevice("linux", () => false)).toBe(false);
  expect(mayHaveDevice("linux", (path) => path === "/dev/nvidiactl")).toBe(true);
  expect(mayHaveDevice("darwin", () => false)).toBe(true);
});

test("a probe measures a step and leaves no tensor behind", async () => {
  await useBackend("auto");
  const before = tf.memory().numTensors;
  expect(probeSeconds({ ...defaultProbe, width: 32, batch: 2 })).toBeGreaterThan(0);
  expect(tf.memory().numTensors).toBe(before);
});
