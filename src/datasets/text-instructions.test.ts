import { expect, test } from "vitest";
import { buildInstructions, type LabelledExample } from "./text-instructions.js";
import { numberInWords } from "./text-numbers.js";

const set = buildInstructions();
const asked = ({ instruction, input }: LabelledExample): string => `${instruction}\n${input}`;

test("the set has several thousand examples of all categories and is the same everywhere", () => {
  const count = (examples: readonly LabelledExample[]): number[] => [examples.length, new Set(examples.map((example) => example.category)).size];
  expect([count(set.train), count(set.validation), count(set.test), set.sha256.slice(0, 12)]).toEqual([[14_944, 29], [441, 29], [3_090, 29], "8891dcf8efb4"]);
});

test("no question of validation or test stands in training, and no question is asked twice", () => {
  const train = new Set(set.train.map(asked));
  expect(train.size).toBe(set.train.length);
  expect([...set.validation, ...set.test].filter((example) => train.has(asked(example)))).toEqual([]);
  expect(new Set([...set.train, ...set.validation, ...set.test].map(asked)).size).toBe(set.train.length + set.validation.length + set.test.length);
});

test("held-out things and wordings are held out in every category", () => {
  const entities = new Set(set.train.map((example) => example.entity));
  const phrasings = new Set(set.train.map((example) => `${example.category} ${example.phrasing}`));
  for (const example of set.validation) expect(entities.has(example.entity)).toBe(false);
  for (const example of set.test) {
    expect(entities.has(example.entity)).toBe(example.novelty === "phrasing");
    expect(phrasings.has(`${example.category} ${example.phrasing}`)).toBe(example.novelty === "entity");
  }
  for (const novelty of ["entity", "phrasing", "both"]) expect(new Set(set.test.filter((example) => example.novelty === novelty).map((example) => example.category)).size).toBe(set.categories.length);
});

test("answers are right where they can be worked out again", () => {
  const all = [...set.train, ...set.validation, ...set.test];
  for (const { category, entity, output } of all) {
    const [, x, y] = entity.split(" ").map(Number);
    if (category === "sum") expect(output.toLowerCase()).toBe(`${numberInWords(x! + y!)}.`);
    if (category === "product") expect(output.toLowerCase()).toBe(`${numberInWords(x! * y!)}.`);
    if (category === "difference") expect(output.toLowerCase()).toBe(`${numberInWords(x! - y!)}.`);
  }
  const answers = (category: string): Record<string, string> => Object.fromEntries(all.filter((example) => example.category === category).map((example) => [example.entity, example.output]));
  expect(answers("capital")).toMatchObject({ France: "Paris.", Japan: "Tokyo.", Peru: "Lima." });
  expect(answers("plural")).toMatchObject({ child: "Children.", city: "Cities." });
  expect([342, 20, 100, 999, 0].map(numberInWords)).toEqual(["three hundred and forty-two", "twenty", "one hundred", "nine hundred and ninety-nine", "zero"]);
});

test("every placeholder is filled and every answer is short, clean text", () => {
  for (const example of [...set.train, ...set.validation, ...set.test]) {
    expect(asked(example) + example.output).not.toMatch(/[{}_|]|undefined| {2}/);
    expect(example.output.length).toBeLessThan(90);
    expect(example.output.trim()).toBe(example.output);
  }
});
