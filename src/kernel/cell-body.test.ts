import ts from "typescript";
import { runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import { cellBody, FINISH, type LinkedName } from "./cell-body.js";

interface Ran {
  readonly links: Record<string, LinkedName>;
  readonly last: unknown;
}

/** Runs a cell's body the way the kernel does; `modules` are what its imports find. */
async function runBody(esModule: string, lastExpression?: string, modules: Record<string, unknown> = {}): Promise<Ran & { imports: readonly string[] }> {
  const { javascript, isAsync, imports } = cellBody(ts, esModule, lastExpression);
  const start = runInThisContext(`(${isAsync ? "async " : ""}function (exports, require, ${FINISH}) {\n${javascript}\n})`) as (
    names: object,
    require: (id: string) => unknown,
    finish: (links: Ran["links"], last?: unknown) => void,
  ) => unknown;
  let ran: Ran | undefined;
  await start({}, (id) => modules[id], (links, last) => {
    ran = { links, last };
  });
  if (ran === undefined) throw new Error("the cell did not finish");
  return { ...ran, imports };
}

test("what a cell exports is linked to its variables in both directions", async () => {
  const { links, last } = await runBody("let a = 1;\nfunction read() { return a; }\nexport const tsLastExpr = a + 1;\nexport { a, read };", "tsLastExpr");
  expect(last).toBe(2);
  links["a"]?.[1]?.(5);
  expect(links["a"]?.[0]()).toBe(5);
  expect((links["read"]?.[0]() as () => number)()).toBe(5);
});

test("imports become require of the listed modules, default, named and whole, and cannot be written", async () => {
  const source = 'import d, { n as renamed } from "one";\nimport * as all from "two";\nimport "three";\nexport const tsLastExpr = [d, renamed, all.x];\nexport { d, renamed, all };';
  const { links, last, imports } = await runBody(source, "tsLastExpr", { one: { __esModule: true, default: "d", n: "n" }, two: { x: "x" }, three: {} });
  expect(last).toEqual(["d", "n", "x"]);
  expect(imports).toEqual(["one", "two", "three"]);
  expect(links["renamed"]?.[0]()).toBe("n");
  expect(links["renamed"]?.[1]).toBeUndefined();
});

test.each([
  ["await in a block", "if (true) { await null; }", true],
  ["for await", "for await (const x of []) {}", true],
  ["await inside a function only", "const f = async () => { await null; };", false],
  ["await inside a class only", "class A { async m() { await null; } static { (async () => { await null; })(); } }", false],
  ["the word in a string", 'const s = "await x";', false],
])("a cell is asynchronous only if it awaits at its top level: %s", (_what, source, expected) => {
  expect(cellBody(ts, source, undefined).isAsync).toBe(expected);
});

test("import() stays a true import and text that looks like an export stays text", () => {
  const { javascript } = cellBody(ts, 'const m = import("x");\nconst s = `\nexport { m };\n`;\nexport { m, s };', undefined);
  expect(javascript).toContain('import("x")');
  expect(javascript).toContain("`\nexport { m };\n`");
});

test("places in the JavaScript lead back to lines of the cell", () => {
  const cell = "interface Gone { a: number }\n\nconst x: number = 1;\nthrow new Error(String(x));";
  const { outputText } = ts.transpileModule(`export {};\n${cell}`, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, inlineSourceMap: true } });
  const body = cellBody(ts, outputText, undefined);
  const lines = body.javascript.split("\n");
  const line = lines.findIndex((text) => text.includes("throw new Error")) + 1;
  expect(body.originalPlace(line, 1)).toEqual({ line: 4, column: 1 });
});
