/**
 * @file How English words are spoken, out of the npm package `cmu-pronouncing-dictionary` (ISC).
 *
 * Origin: the CMU Pronouncing Dictionary, Carnegie Mellon University, BSD 2-clause.
 */
import { readPackageFile, type PackageFile } from "./package-file.js";

/** The pinned file. */
export const pronunciationFile: PackageFile = { package: "cmu-pronouncing-dictionary", version: "3.0.0", path: "index.js", bytes: 4699401, sha256: "ef8b2b976d2e5801b7541ebcc7714f538d1ffa0ebb28645259536e2666bd2948" };

/** Reads each word's first pronunciation as ARPAbet sounds: `dog` → `["D", "AO1", "G"]`. Only words of plain letters. */
export function readPronunciations(): Map<string, readonly string[]> {
  const text = readPackageFile("text", pronunciationFile).toString("utf8");
  return new Map([...text.matchAll(/^\s*"?([a-z]+)"?: "([^"]+)"/gm)].map((match) => [match[1]!, match[2]!.split(" ")] as const));
}

/** The number of vowel sounds. */
export function syllablesOf(sounds: readonly string[]): number {
  return sounds.filter((sound) => /\d$/.test(sound)).length;
}

/** What two words share that rhyme: all sounds from the last stressed vowel on (of a word without stress, from its last vowel). */
export function rhymeOf(sounds: readonly string[]): string {
  const stressed = sounds.findLastIndex((sound) => /[12]$/.test(sound));
  const start = stressed >= 0 ? stressed : sounds.findLastIndex((sound) => /\d$/.test(sound));
  return sounds.slice(Math.max(start, 0)).map((sound) => sound.replace(/\d$/, "")).join(" ");
}
