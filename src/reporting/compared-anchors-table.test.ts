import { expect, test } from "vitest";
import { comparedAnchorsTable } from "./compared-anchors-table.js";
import { tableToMarkdown } from "./table.js";

const tasks = [
  { name: "digits", group: "natural", chance: 0.1 },
  { name: "letters", group: "natural", chance: 0.2 },
  { name: "count", group: "structured", chance: 0.3 },
];

test("tasks stand above the means of their groups, the mean of those, and the mean of all tasks", () => {
  const table = comparedAnchorsTable({ id: "adapted", title: "Adapted alone", note: "a note" }, tasks, [
    { version: "anchors", anchor: "Ti", top1: [0.5, 0.6, 0.9] },
    { version: "anchors", anchor: "S", top1: [0.7, 0.8, 0.15] },
  ]);
  expect(tableToMarkdown(table)).toBe(`### Adapted alone

*a note*

| task | group | chance | Ti | S |
| --- | --- | ---: | ---: | ---: |
| digits | natural | 10.0 | 50.0 | 70.0 |
| letters | natural | 20.0 | 60.0 | 80.0 |
| count | structured | 30.0 | 90.0 | 15.0 |
| mean of the group | natural | 15.0 | 55.0 | 75.0 |
| mean of the group | structured | 30.0 | 90.0 | 15.0 |
| mean of the groups | – | 22.5 | 72.5 | 45.0 |
| mean of the tasks | – | 20.0 | 66.7 | 55.0 |

Mean of the group: S > Ti in natural.
`);
});

test("several versions head their columns, and the means of groups say where bigger is better and where a version gains on the first", () => {
  const of = (version: string, ti: readonly number[], small: readonly number[]) => [{ version, anchor: "Ti", top1: ti }, { version, anchor: "S", top1: small }];
  const all = [...tasks, { name: "earth", group: "specialised", chance: 0.2 }];
  const { columns, legend } = comparedAnchorsTable({ id: "a", title: "A", note: "n" }, all, [...of("one", [0.5, 0.6, 0.4, 0.3], [0.5, 0.5, 0.3, 0.2]), ...of("two", [0.6, 0.7, 0.3, 0.4], [0.7, 0.7, 0.3, 0.2])]);
  expect(columns.slice(3).map(({ label }) => label)).toEqual(["Ti, one", "S, one", "Ti, two", "S, two"]);
  expect(legend).toBe("Mean of the group, one: S > Ti in no group. Mean of the group, two: S > Ti in natural. two against one: better with every anchor in natural, with some in specialised, with none in structured (points: natural Ti +10.0, S +20.0; structured Ti −10.0, S 0.0; specialised Ti +10.0, S 0.0).");
});

test("a single group has its mean alone", () => {
  const table = comparedAnchorsTable({ id: "a", title: "A", note: "n" }, tasks.slice(0, 2), [{ version: "anchors", anchor: "Ti", top1: [0.5, 0.7] }]);
  expect(table.rows.map(({ task }) => task)).toEqual(["digits", "letters", "mean of the group"]);
});
