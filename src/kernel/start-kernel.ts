/**
 * @file Puts a kernel together: the compiler and the cells on this thread, the sockets on another.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { CellRunner } from "./cell-runner.js";
import { readConnectionFile } from "./connection.js";
import { InterruptFlags } from "./interrupt-flags.js";
import { KernelSession } from "./kernel-session.js";
import { PROTOCOL_VERSION, type JsonObject } from "./message.js";
import { projectRoot } from "./project-root.js";
import type { FromSockets, SocketThreadData, ToSockets } from "./thread-messages.js";
import { createCellCompiler } from "./tslab-converter.js";

/** Starts a kernel for a connection file; returns when it is ready to take requests. */
export function startKernel(connectionFile: string): void {
  const connection = readConnectionFile(connectionFile);
  const root = projectRoot();
  process.chdir(root); // tslab resolves imports from the working folder; notebooks lie in any folder of the project
  const ownFolder = dirname(fileURLToPath(import.meta.url));
  const flags = new InterruptFlags();
  const compiler = createCellCompiler(root);
  const kernelInfo = kernelInfoReply(compiler.typescript.version, compiler.tslabVersion);
  const exit = process.exit.bind(process);
  process.exit = ((code?: number) => {
    throw new Error(`process.exit(${code ?? ""}) in a cell would end the kernel: use "Restart Kernel".`);
  }) as typeof process.exit;

  const data: SocketThreadData = { connection, flagMemory: flags.memory, kernelInfo };
  const sockets = new Worker(new URL("./socket-thread.js", import.meta.url), { workerData: data, execArgv: [] });
  const printToTerminal = process.stderr.write.bind(process.stderr);
  sockets.on("error", (error) => {
    printToTerminal(`kernel: ${String(error.stack ?? error)}\n`);
    exit(1);
  });
  const onUserCode = (running: boolean): void => {
    flags.userCodeRuns = running;
  };
  const session = new KernelSession({
    runner: new CellRunner(root, compiler, onUserCode),
    compiler,
    flags,
    kernelInfo,
    ownFolder,
    send: (message: ToSockets) => sockets.postMessage(message),
    exit,
  });
  sockets.on("message", (message: FromSockets) => session.receive(message));
}

function kernelInfoReply(typescriptVersion: string, tslabVersion: string): JsonObject {
  const language = {
    name: "typescript",
    version: typescriptVersion,
    mimetype: "text/typescript",
    file_extension: ".ts",
    pygments_lexer: "typescript",
    nbconvert_exporter: "script",
    codemirror_mode: { name: "javascript", mode: "typescript", typescript: true },
  };
  return {
    status: "ok",
    protocol_version: PROTOCOL_VERSION,
    implementation: "esta",
    implementation_version: `tslab ${tslabVersion}`,
    banner: `TypeScript ${typescriptVersion} on Node ${process.version}`,
    language_info: language,
    help_links: [],
  };
}
