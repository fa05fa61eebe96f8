import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const program = join(root, "dist", "testing", "goldens.js");
const built = existsSync(program) && existsSync(join(root, "src", "native", "esta_native.node"));
if (!built) console.log("native levels: skipped, the kit or its native engine is not built (npm run build)");

test.skipIf(!built || process.arch !== "x64").each(["baseline", "avx2", "avx512"])(
  "the golden values agree on the kernels of %s processors",
  (level) => {
    const { status, stdout } = spawnSync(process.execPath, [program, join(root, "data", "goldens"), "--backend", "native"], {
      env: { ...process.env, ESTA_NATIVE_LEVEL: level },
      encoding: "utf8",
    });
    expect(stdout).toMatch(new RegExp(`Rust kernels, ${level}\\b(?! and)`));
    expect(stdout.split("\n").filter((line) => line.startsWith("fail"))).toEqual([]);
    expect(status).toBe(0);
  },
);
