import { expect, test } from "vitest";
import { goldenCounts, sumLine, vitestCounts } from "./test-counts.js";

test("vitest's report is counted, and a file that did not load is a failure", () => {
  const report = { numPassedTests: 7, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults: [{ status: "failed", assertionResults: [{ status: "failed" }] }, { status: "failed", assertionResults: [] }, { status: "passed", assertionResults: [{ status: "passed" }] }] };
  expect(vitestCounts(report, 1)).toEqual({ passed: 7, failed: 2, skipped: 3 });
  expect(vitestCounts({ numPassedTests: 7, testResults: [] }, 0)).toEqual({ passed: 7, failed: 0, skipped: 0 });
  expect(vitestCounts({ numPassedTests: 7, testResults: [] }, 1)).toEqual({ passed: 7, failed: 1, skipped: 0 });
  expect(vitestCounts(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("golden lines are counted by their first word, and a silent exit code is a failure", () => {
  expect(goldenCounts("pass  a  error 0\nFAIL  b\nskip  c  absent\npass  d\npassed 2\n", 1)).toEqual({ passed: 2, failed: 1, skipped: 1 });
  expect(goldenCounts("pass  a\n", 2)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("the last line names the skipped only where there are any", () => {
  expect(sumLine([{ passed: 2, failed: 0, skipped: 0 }, { passed: 3, failed: 1, skipped: 0 }])).toBe("5 passed, 1 failed");
  expect(sumLine([{ passed: 2, failed: 0, skipped: 4 }])).toBe("2 passed, 0 failed, 4 skipped");
});
