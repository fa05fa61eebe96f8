import { expect, test } from "vitest";
import { CellDoesNotCompile, CellInterrupted, reportError, type RunCell } from "./error-report.js";

const cell: RunCell = { count: 3, source: "const a = 1;\nconst b = 2;\nfail();\nconst c = 3;", originalPlace: (line) => ({ line: line - 4, column: 1 }) };
const cells = (count: number): RunCell | undefined => (count === 3 ? cell : undefined);

test("frames of cells point into the user's text, frames of the kernel are left out, and the line is shown", () => {
  const error = new RangeError("too far");
  error.stack = "RangeError: too far\n    at fail (In[3]:7:5)\n    at run (/kit/dist/kernel/cell-runner.js:1:1)\n    at node:internal/process:1:1\n    at lib (/lib.js:2:2)";
  const { ename, evalue, traceback } = reportError(error, 3, cells, "/kit/dist/kernel");
  expect({ ename, evalue }).toEqual({ ename: "RangeError", evalue: "too far" });
  expect(traceback.join("\n")).toBe(
    "RangeError: too far\n    at fail (In[3]:3:1)\n    at lib (/lib.js:2:2)\n\n      1 | const a = 1;\n      2 | const b = 2;\n-->   3 | fail();\n      4 | const c = 3;",
  );
});

test("findings of the compiler are shown with the line and carets under the whole expression", () => {
  const at = (line: number, character: number) => ({ offset: 0, line, character });
  const error = new CellDoesNotCompile([{ start: at(1, 6), end: at(1, 7), messageText: "wrong type", code: 1 }, { start: at(2, 0), end: at(2, 4), messageText: "no such name", code: 2 }]);
  expect(reportError(error, 3, cells, "/k")).toEqual({
    ename: "TypeScriptError",
    evalue: "In[3]:2:7 - wrong type",
    traceback: ["In[3]:2:7 - wrong type", "    const b = 2;", "          ^", "In[3]:3:1 - no such name", "    fail();", "    ^^^^"],
  });
});

test("an interrupt has no stack, and what is no error is shown as what it is", () => {
  expect(reportError(new CellInterrupted(), 3, cells, "/k").traceback).toEqual(["KeyboardInterrupt: interrupted by the user"]);
  expect(reportError("text", 3, cells, "/k")).toEqual({
    ename: "Error",
    evalue: "'text' was thrown (not an Error)",
    traceback: ["Error: 'text' was thrown (not an Error)"],
  });
});

test("a cell that cannot find the library is told how to build it", () => {
  const at = { offset: 0, line: 0, character: 0 };
  const error = new CellDoesNotCompile([{ start: at, end: at, messageText: "Cannot find module 'esta' or its corresponding type declarations.", code: 2307 }]);
  expect(reportError(error, 3, cells, "/k").traceback.at(-1)).toBe("The library is not built: run `npm run build`, then restart the kernel.");
});
