import { expect, test } from "vitest";
import { commonRows, comparableRows, methodAndAnchor, mostCommon, wholeRows } from "./common-runs.js";
import { syntheticRows } from "./synthetic-rows.js";

const seedsOf = (...tasks: readonly string[]) => new Map(tasks.map((some, seed) => [seed, new Set(some)]));

const alike = () => "";

test("what makes the most runs is common, and of two alike what has more seeds", () => {
  expect(mostCommon(seedsOf("abcdefg", "abcdef", "abcdef"), alike)).toEqual({ tasks: [..."abcdef"], seeds: [0, 1, 2] });
  expect(mostCommon(seedsOf("abcdef", "a"), alike)).toEqual({ tasks: [..."abcdef"], seeds: [0] });
  expect(mostCommon(seedsOf("ab", "a"), alike)).toEqual({ tasks: ["a"], seeds: [0, 1] });
  expect(mostCommon(seedsOf("a", "abc", "abc"), alike)).toEqual({ tasks: [..."abc"], seeds: [1, 2] });
  expect(mostCommon(seedsOf("", "abc"), alike)).toEqual({ tasks: [..."abc"], seeds: [1] });
  expect(mostCommon(seedsOf("", ""), alike)).toEqual({ tasks: [], seeds: [] });
  expect(mostCommon(new Map(), alike)).toEqual({ tasks: [], seeds: [] });
});

test("a block that lacks a group of tasks is taken only where none has them all", () => {
  const pairs = (task: string): string => ({ a: "1", b: "1", c: "2", d: "2", e: "3", f: "3" })[task]!;
  expect(mostCommon(seedsOf("abcdef", "abcd"), pairs)).toEqual({ tasks: [..."abcdef"], seeds: [0] });
  expect(mostCommon(seedsOf("abcdef", "abcde"), pairs)).toEqual({ tasks: [..."abcde"], seeds: [0, 1] });
  expect(mostCommon(seedsOf("abc", "ab"), pairs)).toEqual({ tasks: [..."abc"], seeds: [0] });
  expect(mostCommon(seedsOf("ab", "ab"), pairs)).toEqual({ tasks: [..."ab"], seeds: [0, 1] });
});

test("rows are common where a method lacks tasks, and none where all have all or share one task only", () => {
  const rows = syntheticRows({ seeds: [0, 1] });
  const tasks = [...new Set(rows.map(({ task }) => task))];
  const methods = [...new Set(rows.map(({ method }) => method))];
  const lacking = (kept: number) => rows.filter(({ task, method }) => method !== methods[0] || tasks.indexOf(task) < kept);
  expect(commonRows(rows, methods)).toEqual([]);
  expect(new Set(commonRows(lacking(2), methods).map(({ task }) => task))).toEqual(new Set(tasks.slice(0, 2)));
  expect(new Set(commonRows(lacking(2), methods).map(({ method }) => method))).toEqual(new Set(methods));
  expect(commonRows(lacking(1), methods)).toEqual([]);
  // An anchor alone is a run of its own: a task that lacks one does not have the method.
  const lacksAnchor = rows.filter(({ task, method, front }) => task !== tasks[0] || method !== "anchors" || front !== rows[0]!.front);
  expect(new Set(commonRows(lacksAnchor, methods).map(({ task }) => task))).toEqual(new Set(tasks.slice(1)));
  expect(commonRows(lacksAnchor, ["pst", "sn-net"])).toEqual([]);
});

test("a run is whole when it has every stitch that its method has elsewhere", () => {
  const rows = syntheticRows({ tasks: 2, seeds: [0, 1] });
  const of = (row: (typeof rows)[number]): boolean => row.task === rows[0]!.task && row.method === "anchors" && row.seed === 1;
  expect(wholeRows(rows)).toEqual(rows);
  expect(wholeRows(rows.filter((row) => !of(row) || row.stitchId === 0))).toEqual(rows.filter((row) => !of(row)));
});

test("of a study of which a part is missing the tasks and seeds are compared that every method has, anchor by anchor", () => {
  const rows = syntheticRows({ seeds: [0, 1] });
  const tasks = [...new Set(rows.map(({ task }) => task))];
  const [{ method, front }] = rows as [(typeof rows)[number]];
  expect(comparableRows(rows, methodAndAnchor)).toEqual(rows);
  const lacksAnchor = rows.filter((row) => row.method !== method || row.front !== front || row.task !== tasks[0]);
  expect(comparableRows(lacksAnchor, methodAndAnchor)).toEqual(rows.filter(({ task }) => task !== tasks[0]));
  const begun = rows.filter((row) => row.seed === 0 || (row.task === tasks[0] && row.method === method));
  expect(comparableRows(begun, methodAndAnchor)).toEqual(rows.filter(({ seed }) => seed === 0));
  const onlyOne = rows.filter((row) => row.method !== method);
  expect(comparableRows(onlyOne, methodAndAnchor)).toEqual(onlyOne);
  const nothingShared = rows.filter((row) => (row.method === method) === (row.task === tasks[0]));
  expect(comparableRows(nothingShared, methodAndAnchor)).toEqual([]);
});
