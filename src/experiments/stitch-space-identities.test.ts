import { expect, test } from "vitest";
import { identities } from "./stitch-space-identities.js";

test("every exact number agrees", () => {
  const lines = identities();
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter(({ equal }) => equal === 0)).toEqual([]);
});
