/**
 * @file Real English text for pretraining small language models: meanings and example sentences, a novel, facts about countries, rhymes.
 */
import { createHash } from "node:crypto";
import { choiceProblem, throwProblems } from "../checks.js";
import { createRng } from "../rng.js";
import { readCountries, type Country } from "./text-countries.js";
import { readNovel } from "./text-novel.js";
import { readPronunciations, rhymeOf } from "./text-pronunciations.js";
import { readWordNet, readWordUses, type Meaning } from "./text-wordnet.js";

/** The parts of the text, in this order. */
export const textSourceNames = ["wordnet", "novel", "countries", "rhymes"] as const;
export type TextSourceName = (typeof textSourceNames)[number];

/** Documents of one source. The split is fixed: no document and no paragraph is on both sides. */
export interface TextSource {
  readonly name: TextSourceName;
  readonly train: readonly string[];
  readonly heldOut: readonly string[];
  /** sha256 over every document of train, then of the held-out part, each followed by a zero byte. */
  readonly sha256: string;
}

/** One document in so many is held out of WordNet and of the novel. Countries and rhymes are facts to learn: all for training. */
const heldOutShare = { wordnet: 50, novel: 20 };

/**
 * Reads one source.
 *
 * - `wordnet`: one document per definition, with its words, a more general word and the examples. Equal definitions are one document. An example that
 *   also stands in the training part is left out of the held-out part.
 * - `novel`: one document per paragraph, once; whole chapters are held out.
 * - `countries`: five documents per country, in the words of a gazetteer rather than of questions.
 * - `rhymes`: lists of words that rhyme, of the 6,000 most used.
 *
 * @throws {UsageError} when a package is missing or another version's.
 */
export function readTextSource(name: TextSourceName): TextSource {
  throwProblems(choiceProblem("readTextSource", "name", name, textSourceNames));
  const { train, heldOut } = readers[name]();
  const hash = createHash("sha256");
  for (const document of [...train, ...heldOut]) hash.update(document).update("\0");
  return { name, train, heldOut, sha256: hash.digest("hex") };
}

type Split = Pick<TextSource, "train" | "heldOut">;

const readers: Readonly<Record<TextSourceName, () => Split>> = {
  wordnet: splitWordNet,
  novel: splitNovel,
  countries: () => ({ train: readCountries().flatMap(countryDocuments), heldOut: [] }),
  rhymes: () => ({ train: rhymeDocuments(), heldOut: [] }),
};

/** The same whole number from 0 to `below − 1` for the same text. */
function drawn(text: string, below: number): number {
  return createHash("sha256").update(text).digest().readUInt32LE(0) % below;
}

function splitWordNet(): Split {
  const meanings = readWordNet();
  const byId = new Map(meanings.map((meaning) => [meaning.id, meaning]));
  const merged = new Map<string, Meaning>();
  for (const meaning of meanings) {
    const known = merged.get(meaning.definition);
    merged.set(meaning.definition, known === undefined ? meaning : { ...known, words: [...new Set([...known.words, ...meaning.words])], examples: [...new Set([...known.examples, ...meaning.examples])] });
  }
  const isHeldOut = (meaning: Meaning): boolean => drawn(meaning.definition, heldOutShare.wordnet) === 0;
  const all = [...merged.values()];
  const trained = all.filter((meaning) => !isHeldOut(meaning));
  const seen = new Set(trained.flatMap((meaning) => meaning.examples));
  const heldOut = all.filter(isHeldOut).map((meaning) => ({ ...meaning, examples: meaning.examples.filter((example) => !seen.has(example)) }));
  return { train: trained.map((meaning) => meaningDocument(meaning, byId)), heldOut: heldOut.map((meaning) => meaningDocument(meaning, byId)) };
}

const classNames = { noun: "noun", verb: "verb", adj: "adjective", adv: "adverb" };

function meaningDocument(meaning: Meaning, byId: ReadonlyMap<string, Meaning>): string {
  const [word = "", ...others] = meaning.words;
  const frames = [
    `${word}: ${meaning.definition}.`,
    `The ${classNames[meaning.wordClass]} "${word}" means ${meaning.definition}.`,
    `${word} (${classNames[meaning.wordClass]}). ${asSentence(meaning.definition)}`,
    `${asSentence(meaning.definition)} The word for it is "${word}".`,
  ];
  const parts = [frames[drawn(meaning.id, frames.length)]!];
  if (others.length > 0) parts.push(`Also: ${others.join(", ")}.`);
  const general = byId.get(meaning.kinds[0] ?? "")?.words[0];
  if (general !== undefined && meaning.wordClass === "noun") parts.push(`A kind of ${general}.`);
  return [...parts, ...meaning.examples.map(asSentence)].join(" ");
}

/** With a capital letter and a full stop. */
function asSentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function splitNovel(): Split {
  const chapters = readNovel();
  const order = createRng(1851).stream("chapters").shuffle(chapters.map((chapter) => chapter.number));
  const heldOut = new Set(order.slice(0, Math.ceil(chapters.length / heldOutShare.novel)));
  const paragraphs = (kept: boolean): string[] => chapters.filter((chapter) => heldOut.has(chapter.number) === kept).flatMap((chapter) => [...chapter.paragraphs]);
  const train = new Set(paragraphs(false));
  return { train: [...train], heldOut: [...new Set(paragraphs(true))].filter((paragraph) => !train.has(paragraph)) };
}

function countryDocuments(country: Country): string[] {
  const { inText: name, capital, continent, currency } = country;
  const spoken = listed(country.languages);
  return [
    `${asSentence(name).slice(0, -1)} lies in ${continent}. ${capital} is its capital. People there speak ${spoken} and pay with the ${currency}.`,
    `${capital}, the capital of ${name}. Currency: ${currency}. Continent: ${continent}.`,
    `Country: ${country.name}. Capital: ${capital}. Languages: ${spoken}.`,
    `In ${continent} we find ${name}, whose government sits in ${capital}. The money of ${name} is the ${currency}.`,
    `They travelled to ${capital} in ${name} and heard people speak ${country.languages[0]!}.`,
  ];
}

/** `a, b and c`. */
function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)!}`;
}

function rhymeDocuments(): string[] {
  const sounds = readPronunciations();
  const plain = new Set(readWordNet().flatMap((meaning) => meaning.words)); // a name is not among them in small letters
  const used = readWordUses().map((use) => use.word).filter((word) => sounds.has(word) && plain.has(word)).slice(0, 6000);
  const groups = new Map<string, string[]>();
  for (const word of used) {
    const rhyme = rhymeOf(sounds.get(word)!);
    groups.set(rhyme, [...(groups.get(rhyme) ?? []), word]);
  }
  return [...groups.values()].filter((words) => words.length > 1).flatMap((words) => [`These words rhyme: ${words.slice(0, 12).join(", ")}.`, `${listed([...words].reverse().slice(0, 6))} end with the same sound.`]);
}
