/**
 * @file Countries, their capitals, continents, currencies and languages, out of the npm package `countries-list` (MIT).
 */
import { readPackageFile, type PackageFile } from "./package-file.js";

const countryFile = (path: string, bytes: number, sha256: string): PackageFile => ({ package: "countries-list", version: "3.4.1", path, bytes, sha256 });

/** The pinned files. */
export const countryFiles = {
  countries: countryFile("countries.min.json", 37902, "f928b8d86c99790c1c789f7a4b8e3311b77f4624eefa1c4e149cd7882462d610"),
  continents: countryFile("continents.min.json", 117, "2d5aa78ae2bb4223cf14fb7ff1adae5995130d84e66cfb40bda243fc945b65ba"),
  languages: countryFile("languages.min.json", 5599, "a757c318ae9dbc7f6bdb37b11f3e37cab6889fcda6b4899111de25aa08f8eaa8"),
  currencies: countryFile("currencies.min.json", 20463, "7f24c82ec5059838a898ff3c89cccd70c604882109f48327b05a89abf84c5af4"),
};

/** A country or territory with a code of its own, a capital, a currency and a language; islands that the package counts to another are left out. */
export interface Country {
  /** Two letters of ISO 3166. */
  readonly code: string;
  readonly name: string;
  /** The name as it stands in a sentence: `the Netherlands`. */
  readonly inText: string;
  readonly capital: string;
  readonly continent: string;
  /** Names in English. */
  readonly languages: readonly string[];
  readonly currency: string;
  /** International call prefix, digits only. */
  readonly phone: string;
}

const takesArticle = /^(?:United |British |Democratic Republic|Republic of|Isle of)|^(?!South Georgia).*(?:Islands?|Republic|Territory|Territories|Netherlands|Philippines|Bahamas|Maldives|Comoros|Seychelles|Gambia|Emirates)$/;

interface CountryEntry {
  name: string;
  capital: string;
  continent: string;
  currency: string[];
  languages: string[];
  phone: number[];
  partOf?: string;
}

const parsed = <T>(file: PackageFile): T => JSON.parse(readPackageFile("text", file).toString("utf8")) as T;

/**
 * Reads the countries by code.
 *
 * @throws {UsageError} when the package is missing or another version's.
 */
export function readCountries(): Country[] {
  const continents = parsed<Record<string, string>>(countryFiles.continents);
  const languages = parsed<Record<string, { name: string } | string>>(countryFiles.languages);
  const currencies = parsed<Record<string, { name: string } | string>>(countryFiles.currencies);
  const nameOf = (table: Record<string, { name: string } | string>, code: string): string => {
    const entry = table[code];
    return entry === undefined ? code : typeof entry === "string" ? entry : entry.name;
  };
  return Object.entries(parsed<Record<string, CountryEntry>>(countryFiles.countries))
    .filter(([, entry]) => entry.partOf === undefined && entry.capital !== "" && entry.currency.length > 0 && entry.languages.length > 0)
    .map(([code, entry]) => ({
      code,
      name: entry.name,
      inText: takesArticle.test(entry.name) ? `the ${entry.name}` : entry.name,
      capital: entry.capital,
      continent: continents[entry.continent] ?? entry.continent,
      languages: entry.languages.map((language) => nameOf(languages, language)),
      currency: nameOf(currencies, entry.currency[0]!),
      phone: String(entry.phone[0]),
    }))
    .sort((one, other) => (one.code < other.code ? -1 : 1));
}
