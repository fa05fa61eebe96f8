import { expect, test } from "vitest";
import { readCountries } from "./text-countries.js";
import { readNovel } from "./text-novel.js";
import { readPronunciations, rhymeOf, syllablesOf } from "./text-pronunciations.js";
import { parseMeaning, readWordNet, readWordUses } from "./text-wordnet.js";

test("a line of WordNet gives words, definition, examples and more general meanings", () => {
  const line = '00001740 00 a 02 able 0 in_a_position(p) 0 002 = 05207437 n 0000 ! 00002098 a 0101 | (usually followed by `to\') having the means; "able to swim"; "she was able to"- A. Author  ';
  expect(parseMeaning("adj", line)).toEqual({
    id: "adj-00001740", wordClass: "adj", words: ["able", "in a position"], definition: "(usually followed by 'to') having the means",
    examples: ["able to swim", "she was able to"], kinds: [], opposites: ["adj-00002098"],
  });
});

test("WordNet has its meanings; every more general one exists; dog is a kind of canine and domestic animal", () => {
  const meanings = readWordNet();
  expect(meanings.length).toBe(117_791);
  const byId = new Map(meanings.map((meaning) => [meaning.id, meaning]));
  expect(meanings.flatMap((meaning) => meaning.kinds).filter((id) => !byId.has(id))).toEqual([]);
  const dog = byId.get(readWordUses().find((use) => use.word === "dog")!.meaning)!;
  expect(dog.definition).toMatch(/^a member of the genus Canis/);
  expect(dog.examples).toEqual(["the dog barked all night"]);
  expect(dog.kinds.map((id) => byId.get(id)!.words[0]).sort()).toEqual(["canine", "domestic animal"]);
  expect(meanings.filter((meaning) => meaning.definition.includes('"') || meaning.definition === "").map((meaning) => meaning.id)).toEqual([]);
});

test("countries have capitals, continents, languages and currencies by name", () => {
  const countries = readCountries();
  const peru = countries.find((country) => country.name === "Peru")!;
  expect([peru.capital, peru.continent, peru.phone, peru.languages[0]]).toEqual(["Lima", "South America", "51", "Spanish"]);
  expect(countries.length).toBeGreaterThan(185);
  expect(countries.flatMap((country) => [country.continent, country.currency, ...country.languages]).filter((name) => /^[A-Za-z]{2,3}$/.test(name) && name.toUpperCase() === name)).toEqual([]);
});

test("words rhyme that share all sounds from the last stressed vowel on", () => {
  const sounds = readPronunciations();
  expect(rhymeOf(sounds.get("table")!)).toBe(rhymeOf(sounds.get("able")!));
  expect(rhymeOf(sounds.get("cough")!)).not.toBe(rhymeOf(sounds.get("though")!));
  expect([syllablesOf(sounds.get("dog")!), syllablesOf(sounds.get("banana")!)]).toEqual([1, 3]);
});

test("the novel has 135 chapters, from Loomings on", () => {
  const chapters = readNovel();
  expect(chapters[0]!.title).toBe("Loomings.");
  expect(chapters[0]!.paragraphs[0]).toMatch(/^Call me Ishmael\./);
  expect(chapters.every((chapter) => chapter.paragraphs.length > 0)).toBe(true);
});
