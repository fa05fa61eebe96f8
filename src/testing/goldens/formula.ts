/**
 * @file Evaluates the formulas of a manifest: numbers, named values, parentheses and the operators + - * / >> << & ^ |, as C ranks them.
 */
import { UsageError } from "../../checks.js";

/** Values by name, to the formula's value. */
export type Formula = (values: Readonly<Record<string, number>>) => number;

/** Operators from the loosest to the tightest. */
const ranks: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { "|": (a, b) => a | b },
  { "^": (a, b) => a ^ b },
  { "&": (a, b) => a & b },
  { ">>": (a, b) => a >> b, "<<": (a, b) => a << b },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b, "/": (a, b) => a / b },
];

/**
 * Parses a formula of the given names.
 *
 * @throws {UsageError} when the text is anything else.
 */
export function parseFormula(text: string, names: readonly string[]): Formula {
  const tokens = text.match(/\d+(?:\.\d+)?|[A-Za-z_]\w*|>>|<<|\S/g) ?? [];
  let at = 0;
  const formula = binary(0);
  if (at < tokens.length) throw unreadable();
  return formula;

  function binary(rank: number): Formula {
    if (rank === ranks.length) return single();
    let left = binary(rank + 1);
    for (;;) {
      const operator = ranks[rank]![tokens[at] ?? ""];
      if (operator === undefined) return left;
      at++;
      const [first, second] = [left, binary(rank + 1)];
      left = (values) => operator(first(values), second(values));
    }
  }

  function single(): Formula {
    const token = tokens[at++] ?? "";
    if (token === "(") {
      const inner = binary(0);
      if (tokens[at++] !== ")") throw unreadable();
      return inner;
    }
    if (names.includes(token)) return (values) => values[token]!;
    const value = Number(token);
    if (token === "" || !Number.isFinite(value)) throw unreadable();
    return () => value;
  }

  function unreadable(): UsageError {
    return new UsageError(`goldens: the formula ${JSON.stringify(text)} cannot be read at ${JSON.stringify(tokens[at - 1] ?? "its end")}, expected numbers, ${names.join(", ")}, parentheses and + - * / >> << & ^ |.`);
  }
}
