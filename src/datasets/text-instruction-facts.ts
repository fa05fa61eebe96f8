/**
 * @file What the offline instruction set asks about: facts from packages, each with the ways to ask for it.
 */
import pluralize from "pluralize";
import type { RandomStream } from "../rng.js";
import { readCountries } from "./text-countries.js";
import { numberInWords } from "./text-numbers.js";
import { readPronunciations, rhymeOf, syllablesOf } from "./text-pronunciations.js";
import { readWordNet, readWordUses, type Meaning } from "./text-wordnet.js";

/** One thing to ask: `entity` is held out as a whole, in all categories that have it; `x` and `y` fill the phrasings. */
export interface Fact {
  readonly entity: string;
  readonly x: string;
  readonly y?: string;
  readonly output: string;
}

/** A kind of question. The last two phrasings are kept for testing. */
export interface FactCategory {
  readonly name: string;
  /** `{x}` and `{y}` are replaced; what follows `||` is the input of the example. */
  readonly phrasings: readonly string[];
  readonly facts: readonly Fact[];
}

const unkind = /slur|obscene|offensive|derogat|disparag|vulgar|sexual|genital|excrement|prostitut|intercourse|naked|anus|breast|kill|rape|drug|negro|race\b|bastard|damn|\bhell\b/i;

interface Lexicon {
  /** Plain words in small letters, the most used first, each with its most usual meaning; every meaning once. */
  readonly words: readonly { readonly word: string; readonly meaning: Meaning }[];
  readonly byId: ReadonlyMap<string, Meaning>;
  readonly classes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly sounds: ReadonlyMap<string, readonly string[]>;
}

function readLexicon(): Lexicon {
  const meanings = readWordNet();
  const byId = new Map(meanings.map((meaning) => [meaning.id, meaning]));
  const classes = new Map<string, Set<string>>();
  for (const meaning of meanings) for (const word of meaning.words) (classes.get(word) ?? classes.set(word, new Set()).get(word)!).add(meaning.wordClass);
  const taken = new Set<string>();
  const words = readWordUses().flatMap(({ word, meaning: id }) => {
    const meaning = byId.get(id);
    if (meaning === undefined || taken.has(id) || !/^[a-z]{3,}$/.test(word) || !meaning.words.includes(word) || unkind.test(`${word} ${meaning.definition}`)) return [];
    taken.add(id);
    return [{ word, meaning }];
  });
  return { words, byId, classes, sounds: readPronunciations() };
}

/** Collects every category; `stream` draws wrong choices, lists and numbers. */
export function factCategories(stream: RandomStream): FactCategory[] {
  const lexicon = readLexicon();
  return [...meaningCategories(lexicon), ...countryCategories(), ...formCategories(lexicon), ...soundCategories(lexicon, stream), ...numberCategories(stream), ...formatCategories(lexicon, stream)];
}

/** With a capital letter and a full stop. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function meaningCategories({ words, byId }: Lexicon): FactCategory[] {
  const definable = words.filter(({ word, meaning }) => /^[^();]{15,80}$/.test(meaning.definition) && !new RegExp(`\\b${word}`, "i").test(meaning.definition));
  const definitions = definable.slice(0, 700);
  const common = new Set(words.map(({ word }) => word));
  const general = words.flatMap(({ word, meaning }) => {
    const kind = byId.get(meaning.kinds[0] ?? "")?.words[0];
    return meaning.wordClass === "noun" && kind !== undefined && common.has(kind) && !kind.includes(word) ? [{ entity: word, x: word, output: sentence(kind) }] : [];
  });
  const opposites = words.flatMap(({ word, meaning }) => {
    const other = byId.get(meaning.opposites[0] ?? "");
    if (meaning.words.length > 1 || other?.words.length !== 1 || !/^[a-z]+$/.test(other.words[0]!)) return [];
    const opposite = other.words[0]!;
    return [{ entity: [word, opposite].sort().join("/"), x: word, output: sentence(opposite) }];
  });
  const used = words.flatMap(({ word, meaning }) => {
    const example = meaning.examples.find((text) => text.split(" ").length >= 4 && text.length <= 70 && !/[();]/.test(text) && new RegExp(`\\b${word}\\b`, "i").test(text) && !unkind.test(text));
    return example === undefined ? [] : [{ entity: word, x: word, output: sentence(example) }];
  });
  return [
    {
      name: "definition",
      phrasings: ['What does "{x}" mean?', 'Define the word "{x}".', "Give the meaning of this word. || {x}", 'Explain what is meant by "{x}".', 'How would you define "{x}"?', "What is the meaning of the following word? || {x}"],
      facts: definitions.map(({ word, meaning }) => ({ entity: word, x: word, output: sentence(meaning.definition) })),
    },
    {
      name: "word-for-meaning",
      phrasings: ["Which word has this meaning? || {x}", "Find the word for this definition. || {x}", "Name the word that is described. || {x}", "What do we call this? || {x}", "Give the word that fits the description. || {x}"],
      facts: definitions.slice(0, 400).map(({ word, meaning }) => ({ entity: word, x: sentence(meaning.definition), output: sentence(word) })),
    },
    {
      name: "more-general-word",
      phrasings: ['Name a more general word for "{x}".', 'Give a word for the kind of thing that "{x}" is.', "Write a broader term. || {x}", 'What is a broader term for "{x}"?', 'To what larger group does "{x}" belong?'],
      facts: general.slice(0, 400),
    },
    {
      name: "opposite",
      phrasings: ['What is the opposite of "{x}"?', 'Give the opposite of "{x}".', "Write a word with the opposite meaning. || {x}", 'Name an antonym of "{x}".', 'Which word means the contrary of "{x}"?'],
      facts: opposites.slice(0, 400),
    },
    {
      name: "example-sentence",
      phrasings: ['Use the word "{x}" in a sentence.', 'Write a sentence with "{x}".', "Give an example of how this word is used. || {x}", 'Show how "{x}" is used.', 'Make a sentence that contains "{x}".'],
      facts: used.slice(0, 400),
    },
  ];
}

function countryCategories(): FactCategory[] {
  const countries = readCountries().filter((country) => country.name !== country.capital);
  const once = new Set<string>();
  const capitals = countries.filter((country) => !once.has(country.capital) && once.add(country.capital) !== undefined);
  return [
    {
      name: "capital",
      phrasings: ["What is the capital of {x}?", "Name the capital of {x}.", "Write the capital of this country. || {x}", "Which city is the capital of {x}?", "Tell me the capital city of {x}.", "{x} has which capital?"],
      facts: capitals.map((country) => ({ entity: country.name, x: country.inText, output: sentence(country.capital) })),
    },
    {
      name: "country-of-capital",
      phrasings: ["Of which country is {x} the capital?", "{x} is the capital of which country?", "Name the country that has this capital. || {x}", "Which country has its capital in {x}?", "Whose capital is {x}?"],
      facts: capitals.map((country) => ({ entity: country.name, x: country.capital, output: sentence(country.inText) })),
    },
    {
      name: "continent",
      phrasings: ["On which continent is {x}?", "Name the continent of {x}.", "Say on which continent this country lies. || {x}", "In what part of the world is {x}?", "Which continent does {x} belong to?"],
      facts: countries.map((country) => ({ entity: country.name, x: country.inText, output: sentence(country.continent) })),
    },
    {
      name: "currency",
      phrasings: ["What is the currency of {x}?", "What money do people use in {x}?", "Name the currency of this country. || {x}", "How do people pay in {x}?", "Which currency is used in {x}?"],
      facts: countries.map((country) => ({ entity: country.name, x: country.inText, output: sentence(country.currency) })),
    },
    {
      name: "language",
      phrasings: ["Name a language of {x}.", "Which language is spoken in {x}?", "Write a language that people speak in this country. || {x}", "What do people speak in {x}?", "Give one language of {x}."],
      facts: countries.map((country) => ({ entity: country.name, x: country.inText, output: sentence(country.languages[0]!) })),
    },
  ];
}

const classNames: Readonly<Record<string, string>> = { noun: "A noun.", verb: "A verb.", adj: "An adjective.", adv: "An adverb." };

function formCategories({ words, classes, sounds }: Lexicon): FactCategory[] {
  const plurals = words.flatMap(({ word, meaning }) => {
    const plural = pluralize.plural(word);
    const sure = meaning.wordClass === "noun" && plural !== word && pluralize.singular(plural) === word && pluralize.singular(word) === word && sounds.has(plural);
    return sure ? [{ word, plural }] : [];
  });
  const sure = words.filter(({ word }) => classes.get(word)?.size === 1);
  const perClass = ["noun", "verb", "adj", "adv"].flatMap((wordClass) => sure.filter(({ meaning }) => meaning.wordClass === wordClass).slice(0, 100));
  return [
    {
      name: "plural",
      phrasings: ['What is the plural of "{x}"?', 'Give the plural form of "{x}".', "Write this word in the plural. || {x}", 'How do you say more than one "{x}"?', 'Turn the word "{x}" into its plural.'],
      facts: plurals.slice(0, 400).map(({ word, plural }) => ({ entity: word, x: word, output: sentence(plural) })),
    },
    {
      name: "singular",
      phrasings: ['What is the singular of "{x}"?', 'Give the singular form of "{x}".', "Write this word in the singular. || {x}", 'One of several "{x}" is called what?', 'Turn the word "{x}" into its singular.'],
      facts: plurals.slice(400, 600).map(({ word, plural }) => ({ entity: word, x: plural, output: sentence(word) })),
    },
    {
      name: "word-class",
      phrasings: ['Is "{x}" a noun, a verb, an adjective or an adverb?', 'What part of speech is "{x}"?', "Name the part of speech of this word. || {x}", 'Which kind of word is "{x}": noun, verb, adjective or adverb?', 'To which word class does "{x}" belong?'],
      facts: perClass.map(({ word, meaning }) => ({ entity: word, x: word, output: classNames[meaning.wordClass]! })),
    },
  ];
}

function soundCategories({ words, sounds }: Lexicon, stream: RandomStream): FactCategory[] {
  const spoken = words.map(({ word }) => word).filter((word) => sounds.has(word)).slice(0, 3000);
  const groups = new Map<string, string[]>();
  for (const word of spoken) {
    const rhyme = rhymeOf(sounds.get(word)!);
    groups.set(rhyme, [...(groups.get(rhyme) ?? []), word]);
  }
  const rhyming = [...groups].filter(([, members]) => members.length > 1);
  const other = (rhyme: string): string => {
    for (;;) {
      const word = spoken[stream.integer(spoken.length)]!;
      if (rhymeOf(sounds.get(word)!) !== rhyme) return word;
    }
  };
  const choices = rhyming.slice(0, 350).map(([rhyme, [x, answer]]) => {
    const offered = stream.shuffle([answer!, other(rhyme), other(rhyme)]);
    return { entity: `rhyme ${rhyme}`, x: x!, y: `${offered[0]!}, ${offered[1]!} or ${offered[2]!}`, output: sentence(answer!) };
  });
  const judged = rhyming.slice(0, 350).map(([rhyme, members], index) => {
    const yes = index % 2 === 0;
    const [x, y] = [members[0]!, yes ? members.at(-1)! : other(rhyme)];
    return { entity: `rhyme ${rhyme}`, x, y, output: yes ? `Yes, "${x}" and "${y}" rhyme.` : `No, "${x}" and "${y}" do not rhyme.` };
  });
  const counted = [1, 2, 3, 4].flatMap((count) => spoken.filter((word) => syllablesOf(sounds.get(word)!) === count).slice(0, 90));
  return [
    {
      name: "rhyme-choice",
      phrasings: ['Which of these words rhymes with "{x}"? || {y}', 'Choose the word that rhymes with "{x}". || {y}', 'Which of {y} rhymes with "{x}"?', 'Pick the rhyme for "{x}". || {y}', 'Find a rhyme for "{x}" among these words. || {y}'],
      facts: choices,
    },
    {
      name: "rhyme-judgement",
      phrasings: ['Do "{x}" and "{y}" rhyme?', 'Say whether "{x}" rhymes with "{y}".', "Do these words rhyme? || {x}, {y}", 'Is "{y}" a rhyme for "{x}"?', 'Tell me if "{x}" and "{y}" end with the same sound.'],
      facts: judged,
    },
    {
      name: "syllables",
      phrasings: ['How many syllables does "{x}" have?', 'Count the syllables of "{x}".', "Say how many syllables this word has. || {x}", 'Of how many syllables is "{x}" made?', 'What is the number of syllables in "{x}"?'],
      facts: counted.map((word) => ({ entity: word, x: word, output: sentence(numberInWords(syllablesOf(sounds.get(word)!))) })),
    },
  ];
}

function numberCategories(stream: RandomStream): FactCategory[] {
  const pairs = (below: number, count: number, from = 0): [number, number][] => {
    const all: [number, number][] = [];
    for (let one = from; one < below; one++) for (let other = from; other <= one; other++) all.push([one, other]);
    return stream.shuffle(all).slice(0, count);
  };
  const words = numberInWords;
  return [
    {
      name: "sum",
      phrasings: ["What is {x} plus {y}?", "Add {x} and {y}.", "Add these numbers. || {x}, {y}", "How much is {x} and {y} together?", "Give the sum of {x} and {y}."],
      facts: pairs(50, 400).map(([x, y]) => ({ entity: `sum ${x} ${y}`, x: words(x), y: words(y), output: sentence(words(x + y)) })),
    },
    {
      name: "difference",
      phrasings: ["What is {x} minus {y}?", "Take {y} from {x}.", "Subtract the second number from the first. || {x}, {y}", "How much is left of {x} without {y}?", "Give the difference of {x} and {y}."],
      facts: pairs(50, 300).map(([x, y]) => ({ entity: `difference ${x} ${y}`, x: words(x), y: words(y), output: sentence(words(x - y)) })),
    },
    {
      name: "product",
      phrasings: ["What is {x} times {y}?", "Multiply {x} by {y}.", "Multiply these numbers. || {x}, {y}", "How much is {x} multiplied by {y}?", "Give the product of {x} and {y}."],
      facts: pairs(16, 110, 1).map(([x, y]) => ({ entity: `product ${x} ${y}`, x: words(x), y: words(y), output: sentence(words(x * y)) })),
    },
    {
      name: "larger-number",
      phrasings: ["Which is larger, {x} or {y}?", "Name the larger number: {x} or {y}.", "Choose the larger number. || {x}, {y}", "Which of {x} and {y} is more?", "Say which number is greater. || {x}, {y}"],
      facts: pairs(100, 300).filter(([x, y]) => x !== y).map(([x, y], index) => ({ entity: `pair ${x} ${y}`, x: words(index % 2 === 0 ? x : y), y: words(index % 2 === 0 ? y : x), output: sentence(words(x)) })),
    },
    {
      name: "number-in-words",
      phrasings: ["Write {x} in words.", "Spell out the number {x}.", "Write this number in words. || {x}", "How is {x} written in words?", "Say the number {x} in words."],
      facts: stream.shuffle(Array.from({ length: 1000 }, (_, value) => value)).slice(0, 300).map((value) => ({ entity: `number ${value}`, x: String(value), output: sentence(words(value)) })),
    },
  ];
}

const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

function formatCategories({ words }: Lexicon, stream: RandomStream): FactCategory[] {
  const short = words.map(({ word }) => word).filter((word) => word.length <= 8);
  const listOf = (count: number): string[] => {
    const chosen = new Set<string>();
    while (chosen.size < count) chosen.add(short[stream.integer(1500)]!);
    return [...chosen];
  };
  const lists = (total: number, count: number): string[][] => Array.from({ length: total }, () => listOf(count));
  const dates = stream.shuffle(Array.from({ length: 2000 }, (_, index) => index)).slice(0, 250).map((index) => ({ year: 1800 + (index % 223), month: index % 12, day: 1 + ((index * 7) % 28) }));
  return [
    {
      name: "spelling",
      phrasings: ['Spell the word "{x}".', "Spell this word letter by letter. || {x}", 'Write the letters of "{x}" one by one.', 'How is "{x}" spelled?', 'Which letters make the word "{x}"?'],
      facts: short.slice(0, 400).map((word) => ({ entity: word, x: word, output: word.split("").join("-") })),
    },
    {
      name: "capital-letters",
      phrasings: ["Write the word in capital letters. || {x}", 'Put "{x}" in capital letters.', "Change to upper case. || {x}", 'Write "{x}" in upper case.', "Turn all letters into capitals. || {x}"],
      facts: short.slice(400, 700).map((word) => ({ entity: word, x: word, output: word.toUpperCase() })),
    },
    {
      name: "first-letter",
      phrasings: ['What is the first letter of "{x}"?', 'With which letter does "{x}" begin?', "Give the first letter of this word. || {x}", 'Which letter starts the word "{x}"?', 'Name the letter that "{x}" begins with.'],
      facts: short.slice(700, 950).map((word) => ({ entity: word, x: word, output: `${word[0]!.toUpperCase()}.` })),
    },
    {
      name: "alphabetical-order",
      phrasings: ["Put these words in alphabetical order. || {x}", "Sort the words from A to Z. || {x}", "Arrange the list by the alphabet. || {x}", "Order the following words alphabetically. || {x}", "Write these words as a dictionary would order them. || {x}"],
      facts: lists(300, 4).map((list) => ({ entity: `list ${[...list].sort().join(" ")}`, x: list.join(", "), output: sentence([...list].sort().join(", ")) })),
    },
    {
      name: "reverse-order",
      phrasings: ["Write these words in reverse order. || {x}", "Turn the list around. || {x}", "Reverse the order of the words. || {x}", "List these words from last to first. || {x}", "Give the words backwards, beginning with the last. || {x}"],
      facts: lists(300, 3).map((list) => ({ entity: `list ${[...list].sort().join(" ")}`, x: list.join(", "), output: sentence([...list].reverse().join(", ")) })),
    },
    {
      name: "numbered-list",
      phrasings: ["Make a numbered list. || {x}", "Write these words as a numbered list. || {x}", "Number the words, one per line. || {x}", "Turn this into a list with numbers. || {x}", "Put each word on a line of its own with a number before it. || {x}"],
      facts: lists(250, 3).map((list) => ({ entity: `list ${[...list].sort().join(" ")}`, x: list.join(", "), output: list.map((word, index) => `${index + 1}. ${word}`).join("\n") })),
    },
    {
      name: "count-words",
      phrasings: ["How many words are in this list? || {x}", "Count the words. || {x}", "Say how many words these are. || {x}", "What is the number of words here? || {x}", "How long is the list? || {x}"],
      facts: Array.from({ length: 240 }, (_, index) => listOf(2 + (index % 6))).map((list) => ({ entity: `list ${[...list].sort().join(" ")}`, x: list.join(", "), output: sentence(numberInWords(list.length)) })),
    },
    {
      name: "date",
      phrasings: ["Write the date in words. || {x}", "Rewrite this date with the name of the month. || {x}", "Write {x} as a date in English.", "Which day is meant by {x}?", "Give this date with the month's name. || {x}"],
      facts: dates.map(({ year, month, day }) => {
        const two = (value: number): string => String(value).padStart(2, "0");
        return { entity: `date ${year}-${month}-${day}`, x: `${year}-${two(month + 1)}-${two(day)}`, output: `${months[month]!} ${day}, ${year}.` };
      }),
    },
  ];
}
