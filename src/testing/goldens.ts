/**
 * @file `npm run goldens [-- FOLDER] [--backend NAME]`: compares the library with golden values, one line a quantity; exit code 1 if any fails.
 */
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { UsageError } from "../checks.js";
import type { BackendChoice } from "../tensor/index.js";
import { defaultGoldens } from "./goldens/places.js";
import { runGoldens } from "./goldens/run.js";

const backends = ["auto", "native", "wasm", "cpu", "tensorflow", "webgpu"] satisfies BackendChoice[];

/** Runs the command line. @returns the exit code: 0 when nothing failed, 1 when something did, 2 when the folder or an option cannot be used. */
export async function goldensCommand(parameters: readonly string[], print: (line: string) => void = (line) => console.log(line)): Promise<number> {
  const command = new Command("goldens")
    .description("Compares the library with golden values: logits, least squares, gradients, scores, optimizer steps, enumeration, costs, sampling, schedules, pictures.")
    .argument("[folder]", "folder with an index.json; default: the full set beside the repository, else data/goldens")
    .addOption(new Option("--backend <name>", "tensor engine").choices(backends).default("auto"))
    .exitOverride();
  try {
    command.parse([...parameters], { from: "user" });
    const named = command.args[0];
    const folder = named === undefined ? defaultGoldens() : resolve(process.env["INIT_CWD"] ?? ".", named); // npm moves to the package's folder
    const report = await runGoldens({ folder, backend: command.opts<{ backend: BackendChoice }>().backend, print });
    return report.count("failed") > 0 ? 1 : 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(error.message);
      return 2;
    }
    if (error instanceof Error && "exitCode" in error) return error.exitCode === 0 ? 0 : 2; // commander has printed help or the fault
    throw error;
  }
}

const started = process.argv[1];
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url)) {
  process.exitCode = await goldensCommand(process.argv.slice(2));
}
