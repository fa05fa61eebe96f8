#!/usr/bin/env node
/**
 * @file The program `esta`.
 */
import { main } from "./cli/main.js";

// A reader that has seen enough, as `head`, closes the pipe: nothing is wrong then.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
