import { expect, test } from "vitest";
import { closingLines, goldenCounts, vitestCounts } from "./test-counts.js";

test("vitest's report is counted, its failures are named, and a file that did not load is one of them", () => {
  const report = {
    numPassedTests: 7,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [
      { name: "a.test.ts", status: "failed", assertionResults: [{ status: "passed", fullName: "adds" }, { status: "failed", fullName: "sums", failureMessages: ["Error: 3, not 4\n  at a.test.ts:1"] }] },
      { name: "b.test.ts", status: "failed", message: "SyntaxError: b", assertionResults: [] },
      { name: "c.test.ts", status: "passed", assertionResults: [{ status: "passed" }] },
    ],
  };
  expect(vitestCounts(report, 1, "")).toEqual({ passed: 7, skipped: 3, failures: ["a.test.ts > sums: Error: 3, not 4", "b.test.ts: SyntaxError: b"] });
  expect(vitestCounts({ numPassedTests: 7, testResults: [] }, 0, "")).toEqual({ passed: 7, skipped: 0, failures: [] });
  expect(vitestCounts({ numPassedTests: 7, testResults: [] }, 1, "Unhandled Error\nat a.ts\n")).toEqual({ passed: 7, skipped: 0, failures: ["vitest found a fault outside the tests, exit code 1, and printed last:\nUnhandled Error\nat a.ts"] });
  expect(vitestCounts(undefined, 2, "Killed")).toEqual({ passed: 0, skipped: 0, failures: ["vitest left no report, exit code 2, and printed last:\nKilled"] });
});

test("golden lines are counted by their first word, and a silent exit code is a failure", () => {
  expect(goldenCounts("pass  a  error 0\nFAIL  b  error 2\nskip  c  absent\npass  d\npassed 2\n", 1)).toEqual({ passed: 2, skipped: 1, failures: ["b  error 2"] });
  expect(goldenCounts("pass  a\n", 2)).toEqual({ passed: 1, skipped: 0, failures: ["the golden values ended early, exit code 2, and printed last:\npass  a"] });
});

test("a run ends with its failures and their number, and names the skipped only where there are any", () => {
  expect(closingLines([{ passed: 2, skipped: 0, failures: [] }, { passed: 3, skipped: 0, failures: ["a.test.ts > sums"] }])).toEqual(["FAIL  a.test.ts > sums", "5 passed, 1 failed"]);
  expect(closingLines([{ passed: 2, skipped: 4, failures: [] }])).toEqual(["2 passed, 0 failed, 4 skipped"]);
});
