import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { jsonFault } from "./json-fault.js";

test("a text has a fault exactly where JSON.parse refuses it", () => {
  const whole = '{"a": [1, -2.5e+3, true, null, "x\\u00e9\\n\\"y"], "b": {"c": {}, "d": []}}';
  expect(jsonFault(whole)).toBeUndefined();
  const stream = createRng(0).stream("mutations");
  for (let trial = 0; trial < 3000; trial++) {
    const at = stream.integer(whole.length);
    const letter = '{}[]",:\\ -+.0e1tfnu\n'[stream.integer(20)]!;
    const text = stream.uniform() < 0.3 ? whole.slice(0, at) : whole.slice(0, at) + letter + whole.slice(at + stream.integer(3));
    let parses = true;
    try {
      JSON.parse(text);
    } catch {
      parses = false;
    }
    expect(jsonFault(text) === undefined, text).toBe(parses);
  }
});
