#!/usr/bin/env node
/**
 * @file The program `esta`.
 */
import { main } from "./cli/main.js";

void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
