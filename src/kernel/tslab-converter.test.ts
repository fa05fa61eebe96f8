import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { mendConverter } from "./tslab-converter.js";

test("the installed tslab's converter can be mended, and any other text is refused with what to do", () => {
  const path = createRequire(import.meta.url).resolve("tslab/dist/converter.js");
  const mended = mendConverter(readFileSync(path, "utf8"), "1.0.22");
  expect(mended).toContain("ts.mendShorthand(node, checker, declsFile, wrapPrevIdentifier)");
  expect(() => mendConverter("another text", "2.0.0")).toThrow(
    'kernel: tslab 2.0.0 is installed, expected 1.0.22: its converter cannot be mended ("{ x } with x of an earlier cell throws a ReferenceError"). Run `npm ci`.',
  );
});
