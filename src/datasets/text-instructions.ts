/**
 * @file The offline instruction set: several thousand questions and answers from facts that packages carry, with things and wordings kept for testing.
 */
import { createHash } from "node:crypto";
import { createRng } from "../rng.js";
import type { InstructionExample } from "./text-example.js";
import { factCategories, type Fact, type FactCategory } from "./text-instruction-facts.js";

/** What a test example has that training never showed: the thing asked about, the wording, or both. */
export type Novelty = "entity" | "phrasing" | "both";

/** An example with where it comes from. */
export interface LabelledExample extends InstructionExample {
  readonly category: string;
  /** What is asked about, such as a word, a country or a pair of numbers. */
  readonly entity: string;
  /** Index of the wording among the category's. */
  readonly phrasing: number;
}

/** An example for testing. */
export interface TestExample extends LabelledExample {
  readonly novelty: Novelty;
}

/** The set; the same on every machine. */
export interface InstructionSet {
  readonly train: readonly LabelledExample[];
  /** Other held-out entities in wordings that training shows: to choose settings by. */
  readonly validation: readonly LabelledExample[];
  readonly test: readonly TestExample[];
  readonly categories: readonly string[];
  /** sha256 over instruction, input and output of all examples in order, each followed by a zero byte. */
  readonly sha256: string;
}

/** Wordings of a category that only the test uses: its last ones. */
const TEST_PHRASINGS = 2;

/**
 * Builds the set. An entity belongs to training (80 %), validation (5 %) or test (15 %) by the hash of its name, in every category alike; a fact is asked in
 * two wordings in training. The examples of each part are in a seeded order.
 *
 * @throws {UsageError} when a package is missing or another version's.
 */
export function buildInstructions(): InstructionSet {
  const rng = createRng(20);
  const categories = factCategories(rng.stream("facts"));
  const train: LabelledExample[] = [];
  const validation: LabelledExample[] = [];
  const test: TestExample[] = [];
  for (const category of categories) {
    const shown = category.phrasings.length - TEST_PHRASINGS;
    for (const fact of category.facts) {
      const draw = drawn(`${category.name}/${fact.x}`, 1000);
      const [known, other] = [draw % shown, (draw + 1 + (draw % (shown - 1))) % shown];
      const unseen = shown + (draw % TEST_PHRASINGS);
      const part = partOf(fact.entity);
      if (part === "train") {
        train.push(exampleOf(category, fact, known), exampleOf(category, fact, other));
        if (draw < 60) test.push({ ...exampleOf(category, fact, unseen), novelty: "phrasing" });
      } else if (part === "validation") validation.push(exampleOf(category, fact, known));
      else test.push({ ...exampleOf(category, fact, known), novelty: "entity" }, { ...exampleOf(category, fact, unseen), novelty: "both" });
    }
  }
  // Two facts can lead to one question (a definition that two words share): it is asked once, in training before the other parts.
  const asked = new Set<string>();
  const once = (example: LabelledExample): boolean => asked.size < asked.add(`${example.instruction}\n${example.input}`).size;
  const parts = { train: rng.stream("train").shuffle(train.filter(once)), validation: rng.stream("validation").shuffle(validation.filter(once)), test: rng.stream("test").shuffle(test.filter(once)) };
  const hash = createHash("sha256");
  for (const { instruction, input, output } of [...parts.train, ...parts.validation, ...parts.test]) hash.update(instruction).update("\0").update(input).update("\0").update(output).update("\0");
  return { ...parts, categories: categories.map((category) => category.name), sha256: hash.digest("hex") };
}

/** The same whole number from 0 to `below − 1` for the same text. */
function drawn(text: string, below: number): number {
  return createHash("sha256").update(text).digest().readUInt32LE(0) % below;
}

function partOf(entity: string): "train" | "validation" | "test" {
  const draw = drawn(`entity/${entity}`, 100);
  return draw < 80 ? "train" : draw < 85 ? "validation" : "test";
}

function exampleOf(category: FactCategory, fact: Fact, phrasing: number): LabelledExample {
  const filled = category.phrasings[phrasing]!.replaceAll("{x}", () => fact.x).replaceAll("{y}", () => fact.y ?? "");
  const [instruction = "", input = ""] = filled.split(" || ");
  return { instruction: instruction.charAt(0).toUpperCase() + instruction.slice(1), input, output: fact.output, category: category.name, entity: fact.entity, phrasing };
}
