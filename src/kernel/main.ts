/**
 * @file The Jupyter kernel: `node --no-force-async-hooks-checks dist/kernel/main.js CONNECTION_FILE`.
 *
 * The flag keeps Node alive when a loop inside a timer's callback is stopped.
 */
import { startKernel } from "./start-kernel.js";

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  process.stderr.write("kernel: no connection file, expected `node dist/kernel/main.js CONNECTION_FILE`. Jupyter passes it.\n");
  process.exitCode = 2;
} else {
  startKernel(connectionFile);
}
