/**
 * @file How code that runs in a cell reaches the notebook: printed text, displays, and the signal by which long work learns of an interrupt.
 */
import { inspect } from "node:util";
import type { JsonObject } from "./message.js";

/** `globalThis[DISPLAY_HOOK](content, update)` shows a bundle of MIME types; absent outside a notebook. */
export const DISPLAY_HOOK: unique symbol = Symbol.for("notebook.display") as never;

/** `globalThis[SIGNAL_HOOK]` is the AbortController of the running cell: long work may watch its signal. */
export const SIGNAL_HOOK: unique symbol = Symbol.for("notebook.signal") as never;

/** A method of this name on a value returns the bundle that a notebook shows for it. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display") as never;

/** Where output goes. */
export interface OutputChannel {
  print(name: "stdout" | "stderr", text: string): void;
  display(content: JsonObject, update: boolean): void;
}

/** Sends everything that this process prints or displays into the notebook instead of the terminal. */
export function captureOutput(channel: OutputChannel): void {
  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new TextDecoder();
    const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
      channel.print(name, typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
      const callback = typeof encoding === "function" ? encoding : done;
      if (typeof callback === "function") queueMicrotask(() => (callback as () => void)());
      return true;
    };
    process[name].write = write as typeof process.stdout.write;
  }
  (globalThis as Record<symbol, unknown>)[DISPLAY_HOOK] = (content: JsonObject, update = false): void => channel.display(content, update);
}

/** Makes a fresh controller for a cell and puts it where libraries look for it. @param onWatched - told when one of them does. */
export function newCellSignal(onWatched: () => void): AbortController {
  const controller = new AbortController();
  const get = (): AbortController => {
    onWatched();
    return controller;
  };
  Object.defineProperty(globalThis, SIGNAL_HOOK, { get, configurable: true });
  return controller;
}

/** The MIME bundle of a cell's value: its own, if it has a {@link JUPYTER_DISPLAY} method, and always a plain text. */
export async function bundleOf(value: unknown): Promise<JsonObject> {
  const method = (value as Record<symbol, unknown> | null | undefined)?.[JUPYTER_DISPLAY];
  const own: unknown = typeof method === "function" ? await (method as (this: unknown) => unknown).call(value) : undefined;
  const plain = own !== undefined && own !== null && "text/plain" in (own as object) ? {} : { "text/plain": inspect(value) };
  return { ...plain, ...(own as JsonObject | undefined) };
}
