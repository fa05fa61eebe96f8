/**
 * @file Whole numbers as English words.
 */
import { throwProblems, wholeNumberProblem } from "../checks.js";

const small = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const tens = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** Writes 0 to 999: `342` → `three hundred and forty-two`. @throws {UsageError} for any other number. */
export function numberInWords(value: number): string {
  throwProblems(wholeNumberProblem("numberInWords", "value", value, 0, 999));
  if (value < 20) return small[value]!;
  if (value < 100) return tens[Math.floor(value / 10)]! + (value % 10 === 0 ? "" : `-${small[value % 10]!}`);
  return `${small[Math.floor(value / 100)]!} hundred${value % 100 === 0 ? "" : ` and ${numberInWords(value % 100)}`}`;
}
