/**
 * @file For tests: one JupyterLab and one Chromium for all tests of a file.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chromiumPath, chromiumSwitches } from "../reporting/report-page/chromium.js";
import { LabPage } from "./lab-page.js";
import { isLabSetUp, startLab, type LabServer } from "./lab-server.js";

/** What a test file works with. */
export interface LabBrowser {
  /** The folder that JupyterLab shows: a test puts its notebook there. */
  readonly folder: string;
  /** Vitest's `test`, skipped where JupyterLab or a browser is missing. */
  readonly test: ReturnType<typeof test.skipIf>;
  /** Opens a notebook of the folder, expects no fault of its page, and ends its kernel however the test ends. @param height - of the window, in pixels. */
  use(name: string, body: (lab: LabPage) => Promise<void>, height?: number): Promise<void>;
}

/**
 * Starts both before the file's first test and stops them after its last.
 *
 * @param what - the tests, for the line that says why they are skipped.
 * @param reason - why they are not wanted, if so.
 */
export function labBrowser(what: string, reason?: string): LabBrowser {
  const executablePath = chromiumPath();
  const lacking = executablePath === undefined ? "there is no Chromium (ESTA_CHROMIUM names one)" : isLabSetUp() ? undefined : ".venv/lab or dist is not there; npm run lab -- --check makes it";
  const skipped = reason ?? lacking;
  if (skipped !== undefined) console.log(`skipped: ${what}, since ${skipped}`);

  const folder = skipped === undefined ? mkdtempSync(join(tmpdir(), "esta-lab-browser-")) : tmpdir();
  let server: LabServer | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (skipped !== undefined) return;
    server = await startLab(folder);
    browser = await chromium.launch({ executablePath: executablePath!, args: [...chromiumSwitches] });
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (skipped === undefined) rmSync(folder, { recursive: true, force: true });
  });

  return {
    folder,
    test: test.skipIf(skipped !== undefined),
    use: async (name, body, height) => {
      const lab = await LabPage.open(browser!, server!, folder, name, height);
      try {
        await body(lab);
        expect(lab.faults).toEqual([]);
      } finally {
        await lab.close();
      }
    },
  };
}
