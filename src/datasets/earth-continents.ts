/**
 * @file Which continent a place lies on, by the outlines of countries that come with `three-globe` (Natural Earth, 1:110 million).
 */
import { readPackageFile, type PackageFile } from "./package-file.js";

/** The outlines, GeoJSON. */
export const countriesFile: PackageFile = {
  package: "three-globe",
  version: "2.45.2",
  path: "example/country-polygons/ne_110m_admin_0_countries.geojson",
  bytes: 488013,
  sha256: "a4d67eac9c75d5b6f20170d2b07bb53ea791536b0c8e5ebae3ba94df093f76e0",
};

/** Natural Earth's names, but for Antarctica. */
export const continentNames = ["Africa", "Asia", "Europe", "North America", "Oceania", "South America"] as const;

/** The place in {@link continentNames} of the land at a longitude and latitude in degrees; nothing in the sea. */
export type ContinentAt = (longitude: number, latitude: number) => number | undefined;

/** Natural Earth gives all of Russia to Europe; east of this longitude we count it as Asia. */
const URAL = 60;

type Ring = readonly (readonly [longitude: number, latitude: number])[];
interface Country {
  readonly properties: { readonly NAME: string; readonly CONTINENT: string };
  readonly geometry: { readonly type: "Polygon"; readonly coordinates: readonly Ring[] } | { readonly type: "MultiPolygon"; readonly coordinates: readonly (readonly Ring[])[] };
}

/** Reads the outlines. */
export function readContinents(task: string): ContinentAt {
  const { features } = JSON.parse(readPackageFile(task, countriesFile).toString("utf8")) as { readonly features: readonly Country[] };
  return (longitude, latitude) => {
    const country = features.find(({ geometry }) => {
      const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
      return polygons.some((rings) => rings.filter((ring) => isInside(ring, longitude, latitude)).length % 2 === 1);
    });
    if (country === undefined) return undefined;
    const { NAME, CONTINENT } = country.properties;
    const asian = NAME === "Russia" && (longitude > URAL || longitude < 0);
    const index = continentNames.findIndex((name) => name === (asian ? "Asia" : CONTINENT));
    return index === -1 ? undefined : index;
  };
}

/** Even–odd rule: does a ray to the east cross the ring an odd number of times? */
function isInside(ring: Ring, longitude: number, latitude: number): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [x, y] = ring[i]!;
    const [lastX, lastY] = ring[j]!;
    if (y > latitude !== lastY > latitude && longitude < x + ((latitude - y) * (lastX - x)) / (lastY - y)) inside = !inside;
  }
  return inside;
}
