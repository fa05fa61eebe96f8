/**
 * @file For tests: a notebook in JupyterLab in a real browser, driven as a person does it.
 */
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { readNotebook, type NotebookCell } from "../kernel/notebook-file.js";
import type { LabServer } from "./lab-server.js";

/** What the notebook's toolbar says of the kernel, as an expression of the page. */
const INDICATOR = 'document.querySelector(".jp-Notebook-ExecutionIndicator")?.dataset.status';

/** A cell that was started shows it after this time (ms) at the latest. */
const QUIET_MS = 150;

/** One open notebook. */
export class LabPage {
  private constructor(
    readonly page: Page,
    private readonly server: LabServer,
    private readonly file: string,
    /** What went wrong in the page: errors on its console, requests to other machines. */
    readonly faults: readonly string[],
  ) {}

  /** Opens a notebook of the server's folder and waits until its kernel has answered. A tall window shows all cells at once. */
  static async open(browser: Browser, server: LabServer, folder: string, name: string, height = 1400): Promise<LabPage> {
    const page = await browser.newPage({ viewport: { width: 1300, height } });
    page.setDefaultTimeout(120_000);
    const faults: string[] = [];
    page.on("console", (message) => void (message.type() === "error" && faults.push(message.text())));
    page.on("pageerror", (error) => void faults.push(error.message));
    page.on("request", (request) => void (/^(https?|wss?):/.test(request.url()) && !request.url().includes("127.0.0.1") && faults.push(`asks another machine: ${request.url()}`)));
    await page.goto(`${server.url}/lab/tree/${name}?token=${server.token}&reset`, { waitUntil: "domcontentloaded" });
    await page.waitForSelector(".jp-Notebook .jp-Cell", { timeout: 240_000 });
    const lab = new LabPage(page, server, join(folder, name), faults);
    await lab.kernelAnswers();
    return lab;
  }

  /** The cell at a place, counted from 0. */
  cell(place: number): Locator {
    return this.page.locator(".jp-Notebook .jp-Cell").nth(place);
  }

  /** Chooses an entry of the menu bar. */
  async menu(top: string, entry: string): Promise<void> {
    await this.page.click(`.lm-MenuBar-itemLabel:text-is("${top}")`);
    await this.page.click(`.lm-Menu-itemLabel:text-is("${entry}")`);
  }

  /** Runs one cell. @param wait - for its end; otherwise it goes on running. */
  async run(place: number, wait = true): Promise<void> {
    await this.cell(place).locator(".cm-content").click();
    await this.page.keyboard.press("Control+Enter");
    if (wait) await this.ended();
    else await this.page.waitForFunction(`document.querySelectorAll(".jp-Notebook .jp-Cell")[${place}].querySelector(".jp-InputPrompt").textContent.includes("[*]")`, undefined, { polling: 20 });
  }

  /** Waits until no cell runs or is queued. */
  async ended(timeoutSeconds = 300): Promise<void> {
    await this.page.waitForTimeout(QUIET_MS);
    await this.page.waitForFunction(`${INDICATOR} === "idle" && ![...document.querySelectorAll(".jp-InputPrompt")].some((prompt) => prompt.textContent.includes("[*]"))`, undefined, { timeout: timeoutSeconds * 1000, polling: 50 });
  }

  /** Presses the stop button. @returns seconds until the notebook was idle again. */
  async interrupt(): Promise<number> {
    const began = performance.now();
    await this.page.click('[data-command="notebook:interrupt-kernel"]');
    await this.ended(60);
    return (performance.now() - began) / 1000;
  }

  /** Restarts the kernel from the menu. @returns seconds until it answered. */
  async restart(): Promise<number> {
    await this.menu("Kernel", "Restart Kernel…");
    const began = performance.now();
    await this.page.click(".jp-Dialog .jp-mod-accept");
    await this.page.waitForFunction(`${INDICATOR} !== "idle"`, undefined, { polling: 20, timeout: 5000 }).catch(() => undefined);
    await this.kernelAnswers();
    return (performance.now() - began) / 1000;
  }

  /** The text of a cell's outputs, as the page shows it. */
  async shown(place: number): Promise<string> {
    return (await this.cell(place).locator(".jp-OutputArea-output").allInnerTexts()).join("\n");
  }

  /** Saves, and returns the cells as they are in the file. */
  async saved(): Promise<NotebookCell[]> {
    await this.menu("File", "Save Notebook");
    await this.page.waitForFunction(`document.querySelector(".jp-mod-dirty") === null`, undefined, { polling: 50 });
    return readNotebook(this.file).cells;
  }

  /** Takes a picture into the folder that ESTA_SHOTS names, if it names one. */
  async shoot(name: string): Promise<void> {
    const shots = process.env["ESTA_SHOTS"];
    if (shots !== undefined) await this.page.screenshot({ path: join(shots, `${name}.png`) });
  }

  /** Ends the kernel and closes the page. */
  async close(): Promise<void> {
    const headers = { authorization: `token ${this.server.token}` };
    const sessions = (await (await fetch(`${this.server.url}/api/sessions`, { headers })).json()) as readonly { readonly id: string }[];
    for (const { id } of sessions) await fetch(`${this.server.url}/api/sessions/${id}`, { method: "DELETE", headers });
    await this.page.close();
  }

  private async kernelAnswers(): Promise<void> {
    await this.page.waitForFunction(`[...document.querySelectorAll(".jp-StatusBar-TextItem")].some((item) => /\\| Idle\\s*$/.test(item.textContent))`, undefined, { timeout: 240_000, polling: 50 });
  }
}
