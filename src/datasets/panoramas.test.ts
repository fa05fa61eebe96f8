import { expect, test } from "vitest";
import { UsageError } from "../checks.js";
import { assetFolder, readAssets } from "./asset-file.js";
import { developView, panoramaFolder, panoramaNames, readPanoramas } from "./panoramas.js";

test("panoramas have finite light of one geometric mean, the sky above the ground", async () => {
  const panoramas = await readPanoramas("test");
  expect(panoramas.length).toBe(panoramaNames.length);
  for (const { width, height, light } of panoramas) {
    expect([width, height]).toEqual([512, 256]);
    expect(light.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
  }
  const park = panoramas[panoramaNames.indexOf("park")]!;
  const channel = (row: number, c: number): number => Array.from({ length: 512 }, (_, x) => park.light[(row * 512 + x) * 3 + c]!).reduce((sum, value) => sum + value, 0);
  expect(channel(70, 2)).toBeGreaterThan(1.3 * channel(70, 0)); // blue sky
  expect(channel(200, 1)).toBeGreaterThan(1.5 * channel(200, 2)); // green lawn
});

test("a view shows its part of the panorama: more light is brighter, a mirrored one is turned about", () => {
  const panorama = { width: 4, height: 2, light: Float32Array.from({ length: 24 }, (_, i) => i / 24) };
  const view = { left: 1, top: 0, side: 2, exposure: 1, mirrored: false };
  const shown = developView(panorama, view).pixels;
  expect(shown[0]).toBe(Math.round(255 * (3 / 24 / (1 + 3 / 24)) ** (1 / 2.2)));
  expect(shown[11]).toBe(Math.round(255 * (20 / 24 / (1 + 20 / 24)) ** (1 / 2.2)));
  const mirrored = developView(panorama, { ...view, mirrored: true }).pixels;
  expect([...mirrored.subarray(0, 3)]).toEqual([...shown.subarray(3, 6)]);
  const brighter = developView(panorama, { ...view, exposure: 2 }).pixels;
  expect(brighter.every((value, i) => value > shown[i]!)).toBe(true);
});

test("modules of a folder are read by name; another version's are refused", () => {
  expect(readAssets("test", panoramaFolder).map(({ name }) => name)).toEqual([...panoramaNames]);
  expect(() => readAssets("test", assetFolder("hdri", 0, "0".repeat(64)))).toThrow(UsageError);
  expect(() => readAssets("test", assetFolder("nothing", 0, ""))).toThrow("task test: @pmndrs/assets/nothing/ was not found, expected the package @pmndrs/assets@1.7.0 to be installed. Run npm ci.");
});
