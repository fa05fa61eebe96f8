import { expect, test } from "vitest";
import { continentNames, readContinents } from "./earth-continents.js";

test("places lie on their continents, and the sea on none", () => {
  const continentAt = readContinents("test");
  const places: readonly (readonly [string, number, number, string | undefined])[] = [
    ["Paris", 2.35, 48.85, "Europe"],
    ["Moscow", 37.6, 55.75, "Europe"],
    ["Novosibirsk", 82.9, 55, "Asia"],
    ["Chukotka", -175, 66.5, "Asia"],
    ["Delhi", 77.2, 28.6, "Asia"],
    ["Pretoria", 28.2, -25.7, "Africa"],
    ["Lesotho, a hole in South Africa", 28.3, -29.5, "Africa"],
    ["Denver", -105, 39.7, "North America"],
    ["Brasilia", -47.9, -15.8, "South America"],
    ["Alice Springs", 133.9, -23.7, "Oceania"],
    ["South Pole", 0, -89, undefined],
    ["Pacific", -140, 0, undefined],
  ];
  for (const [place, longitude, latitude, continent] of places) {
    const index = continentAt(longitude, latitude);
    expect([place, index === undefined ? undefined : continentNames[index]]).toEqual([place, continent]);
  }
});
