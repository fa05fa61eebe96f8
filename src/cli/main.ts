/**
 * @file The command line: commands, and how faults become messages and exit codes.
 */
import { Command, CommanderError } from "commander";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { packageRoot } from "../experiments/package-root.js";
import { addAdaptCommand } from "./adapt-command.js";
import { addBenchCommand } from "./bench-command.js";
import { addCompareCommand } from "./compare-command.js";
import { addChatCommand } from "./chat-command.js";
import { addCostsCommand } from "./costs-command.js";
import { addDoctorCommand } from "./doctor-command.js";
import { addExportCommand } from "./export-command.js";
import { addFigureCommand } from "./figure-command.js";
import { addLatencyCommand } from "./latency-command.js";
import { addListCommand } from "./list-command.js";
import { addNotebookCommand } from "./notebook-command.js";
import { addPlanCommand } from "./plan-command.js";
import { addPretrainCommand } from "./pretrain-command.js";
import { addReportCommand } from "./report-command.js";
import { addRunCommand } from "./run-command.js";
import { addTasksCommand } from "./tasks-command.js";
import { Interrupted, processTerminal, type Terminal } from "./terminal.js";

/**
 * Runs one command.
 *
 * @param args - the words after the program's name.
 * @returns the exit code: 0 done; 1 a run failed or a fault of ours; 2 what the caller can mend; 130 or 143 stopped by a signal.
 */
export async function main(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(terminal, (code) => (exitCode = code));
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return told(error, args, terminal);
  }
}

/** Says what went wrong, as it concerns the caller; returns the exit code. */
function told(error: unknown, args: readonly string[], terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    terminal.complain(error.message);
    return 2;
  }
  if (error instanceof Interrupted) {
    terminal.complain(`Stopped. What was done is kept; the same command takes it up again:\n  esta ${args.join(" ")}`);
    return error.exitCode;
  }
  terminal.complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}

function buildProgram(terminal: Terminal, finish: (exitCode: number) => void): Command {
  const program = new Command("esta");
  const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  program
    .description("Efficient Stitchable Task Adaptation: adapt a family of networks and all stitches between them at once, deploy by importance.")
    .version(version)
    .showHelpAfterError("(--help lists what there is)")
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.print(text.replace(/\n$/, "")), writeErr: (text) => terminal.complain(text.replace(/\n$/, "")) })
    .addHelpText("after", "\nExamples:\n  esta doctor                          what is here, what is missing\n  esta run                             the quick profile of every experiment\n  esta adapt --family mini --data DIR --task NAME --out DIR\n  esta export --weights FILE --out FILE  one stitch as a plain network");
  addListCommand(program, terminal);
  addTasksCommand(program, terminal);
  addPlanCommand(program, terminal);
  addRunCommand(program, terminal, finish);
  addReportCommand(program, terminal);
  addFigureCommand(program, terminal);
  addNotebookCommand(program, terminal, finish);
  addPretrainCommand(program, terminal);
  addCompareCommand(program, terminal);
  addAdaptCommand(program, terminal, finish);
  addChatCommand(program, terminal);
  addExportCommand(program, terminal);
  addBenchCommand(program, terminal);
  addCostsCommand(program, terminal);
  addLatencyCommand(program, terminal);
  addDoctorCommand(program, terminal);
  return program;
}
