/**
 * @file Answers to Tab and Shift+Tab: Jupyter counts code points, JavaScript counts UTF-16 units.
 */
import type { CellQuickInfo } from "./cell-typescript.js";
import type { JsonObject } from "./message.js";
import type { CellCompletions } from "./tslab-converter.js";

/** Turns a position in code points into UTF-16 units. */
export function unitsOf(text: string, codePoints: number): number {
  return [...text].slice(0, codePoints).join("").length;
}

/** Turns a position in UTF-16 units into code points. */
export function codePointsOf(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}

/** TypeScript's kinds of names → the kinds for which JupyterLab has a symbol. */
const KINDS: Readonly<Record<string, string>> = {
  method: "function",
  function: "function",
  "local function": "function",
  getter: "property",
  setter: "property",
  property: "property",
  "enum member": "property",
  const: "variable",
  let: "variable",
  var: "variable",
  "local var": "variable",
  parameter: "variable",
  alias: "module",
  module: "module",
  "external module name": "module",
  script: "module",
  directory: "module",
  class: "class",
  interface: "class",
  type: "class",
  enum: "class",
  keyword: "keyword",
};

/** The content of complete_reply. */
export function completeReply(code: string, found: CellCompletions): JsonObject {
  const start = codePointsOf(code, found.start);
  const end = codePointsOf(code, found.end);
  const kinds = new Map(found.original?.entries.map((entry) => [entry.name, entry.kind]));
  const types = found.candidates.map((text) => ({ text, start, end, type: KINDS[kinds.get(text) ?? ""] ?? "" }));
  return { status: "ok", cursor_start: start, cursor_end: end, matches: found.candidates, metadata: { _jupyter_types_experimental: types } };
}

/** The content of inspect_reply: the signature, then its documentation and tags. */
export function inspectReply(info: CellQuickInfo | undefined, plain: (info: CellQuickInfo) => string): JsonObject {
  if (info === undefined) return { status: "ok", found: false, data: {}, metadata: {} };
  const joined = (parts: readonly { readonly text: string }[] = []): string => parts.map(({ text }) => text).join("");
  const tags = (info.tags ?? []).map(({ name, text }) => `*@${name}* ${joined(text)}`).join("  \n");
  const markdown = ["```typescript\n" + joined(info.displayParts) + "\n```", joined(info.documentation), tags].filter((text) => text !== "").join("\n\n");
  return { status: "ok", found: true, data: { "text/plain": plain(info), "text/markdown": markdown }, metadata: {} };
}
