/**
 * @file A browser for tests, where the machine has one.
 */
import { existsSync } from "node:fs";

/** Path of a Chromium or Chrome: ESTA_CHROMIUM, or the usual places; nothing where there is none. */
export function chromiumPath(): string | undefined {
  const places = [process.env["ESTA_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
  return places.find((place) => place !== undefined && existsSync(place));
}

/** Switches that keep a browser off the network and let it run in a container. */
export const chromiumSwitches: readonly string[] = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
