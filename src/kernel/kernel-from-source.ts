/**
 * @file For tests: the kernel compiled from the sources in the checkout, so that they need no build and never see a stale one.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KernelCommand } from "./kernel-client.js";
import { kernelCommand } from "./kernel-client.js";
import { loadTypeScript } from "./cell-typescript.js";
import { projectRoot } from "./project-root.js";

/** Compiles the kernel's files into a cache folder (only those that changed) and returns the command that starts it. */
export function kernelFromSource(): KernelCommand {
  const root = projectRoot();
  const typescript = loadTypeScript(root);
  const target = join(root, "node_modules", ".cache", "esta-kernel");
  const files = [...readdirSync(join(root, "src", "kernel")).map((name) => join("kernel", name)), "checks.ts"];
  mkdirSync(join(target, "kernel"), { recursive: true });
  writeFileSync(join(target, "package.json"), '{ "type": "module" }\n');
  for (const file of files.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))) {
    const source = join(root, "src", file);
    const built = join(target, file.replace(/\.ts$/, ".js"));
    if ((statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0) > statSync(source).mtimeMs) continue;
    const options = { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2022 };
    const partial = `${built}.${process.pid}`; // tests run in parallel: a file appears only when it is whole
    writeFileSync(partial, typescript.transpileModule(readFileSync(source, "utf8"), { compilerOptions: options }).outputText);
    renameSync(partial, built);
  }
  const { argv, interruptMode } = kernelCommand();
  return { argv: argv.map((part) => (part.endsWith("main.js") ? join(target, "kernel", "main.js") : part)), interruptMode };
}
