/**
 * @file Starts a kernel as a child process and talks to it: the other end of the protocol, without Python.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { CellOutputs, type DisplayRegistry } from "./collected-outputs.js";
import { channelAddress, connectionFileText, type ConnectionInfo } from "./connection.js";
import { decodeMessage, encodeMessage, newHeader, type JsonObject, type Message } from "./message.js";
import type { NotebookOutput } from "./notebook-file.js";
import { projectRoot } from "./project-root.js";
import { SendQueue } from "./send-queue.js";

/** How to start a kernel. */
export interface KernelCommand {
  /** Program and arguments; `{connection_file}` stands for the connection file. */
  readonly argv: readonly string[];
  /** How a busy kernel is interrupted. */
  readonly interruptMode: "message" | "signal";
}

/** What became of one execution. */
export interface Execution {
  readonly kind: "ok" | "error" | "timeout" | "dead";
  readonly executionCount: number | null;
  readonly outputs: NotebookOutput[];
}

/** What to do while a cell runs. */
export interface ExecuteOptions {
  /** The cell is interrupted after this many seconds; without it there is no limit. */
  readonly timeoutSeconds?: number;
  readonly onOutput?: (output: NotebookOutput) => void;
}

/** How long a started kernel may take to answer, in seconds. */
const START_SECONDS = 60;

/** How long an interrupted cell or a kernel that shuts down may take before the kernel is killed, in milliseconds. */
const GRACE_MS = 5000;

interface Waiter {
  readonly onReply?: (message: Message) => void;
  readonly onPublished?: (message: Message) => void;
}

/** Reads how to start a kernel from its kernelspec; without a path, the kit's own. */
export function kernelCommand(specPath: string = join(projectRoot(), "jupyter", "kernels", "esta", "kernel.json")): KernelCommand {
  const spec = JSON.parse(readFileSync(specPath, "utf8")) as { argv: string[]; interrupt_mode?: string };
  const folder = dirname(resolve(specPath));
  const argv = spec.argv.map((part) => part.replaceAll("{resource_dir}", folder));
  return { argv: argv[0] === "node" ? [process.execPath, ...argv.slice(1)] : argv, interruptMode: spec.interrupt_mode === "message" ? "message" : "signal" };
}

/** A running kernel. */
export class KernelClient {
  /** What the kernel says of itself. */
  info: JsonObject = {};
  private readonly session = randomUUID();
  private readonly waiters = new Map<string, Waiter>();
  private readonly displays: DisplayRegistry = new Map();
  private readonly shell: Dealer;
  private readonly control: Dealer;
  private readonly iopub: Subscriber;
  private readonly shellQueue: SendQueue;
  private readonly controlQueue: SendQueue;
  private death: string | undefined;
  private readonly died: Promise<string>;

  private constructor(
    private readonly command: KernelCommand,
    private readonly connection: ConnectionInfo,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {
    this.died = new Promise((report) => {
      const end = (reason: string): void => {
        this.death ??= reason;
        report(this.death);
      };
      child.once("exit", (code, signal) => end(signal === null ? `exit code ${String(code)}` : `signal ${signal}`));
      child.once("error", (error) => end(error.message));
    });
    this.shell = new Dealer({ routingId: this.session, linger: 0 });
    this.control = new Dealer({ routingId: this.session, linger: 0 });
    this.iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    this.shellQueue = new SendQueue(this.shell);
    this.controlQueue = new SendQueue(this.control);
    this.shell.connect(channelAddress(connection, "shell"));
    this.control.connect(channelAddress(connection, "control"));
    this.iopub.subscribe();
    this.iopub.connect(channelAddress(connection, "iopub"));
    for (const socket of [this.shell, this.control]) void this.listen(socket, (waiter, message) => waiter.onReply?.(message));
    void this.listen(this.iopub, (waiter, message) => waiter.onPublished?.(message));
  }

  /**
   * Starts a kernel and waits until it answers.
   *
   * @throws {Error} when it ends or stays silent; what it wrote to its standard error is in the message.
   */
  static async start(command: KernelCommand = kernelCommand(), workingFolder: string = process.cwd()): Promise<KernelClient> {
    const folder = mkdtempSync(join(tmpdir(), "esta-kernel-"));
    // Sockets in a private folder: no port can be taken by someone else, nothing listens on the network.
    const connection = { transport: "ipc", ip: join(folder, "socket"), key: randomBytes(24).toString("hex"), ports: { shell: 1, iopub: 2, stdin: 3, control: 4, hb: 5 } };
    const file = join(folder, "connection.json");
    writeFileSync(file, connectionFileText(connection), { mode: 0o600 });
    const [program = "", ...parameters] = command.argv.map((part) => part.replaceAll("{connection_file}", file));
    const child = spawn(program, parameters, { cwd: workingFolder, stdio: ["ignore", "ignore", "pipe"] });
    let complaints = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      complaints = (complaints + chunk.toString("utf8")).slice(-4000);
    });
    const client = new KernelClient(command, connection, folder, child);
    const problem = await client.waitUntilReady();
    if (problem === undefined) return client;
    await client.shutdown();
    throw new Error(`kernel: ${program} did not start (${problem}).${complaints === "" ? "" : `\n${complaints.trim()}`}`);
  }

  /** Whether the process has ended, and how. */
  get deadBecause(): string | undefined {
    return this.death;
  }

  /** Runs a cell. A kernel that dies or a cell that runs out of time is an outcome, not an exception. */
  async execute(code: string, { timeoutSeconds, onOutput }: ExecuteOptions = {}): Promise<Execution> {
    const outputs = new CellOutputs(this.displays, onOutput);
    let reply: JsonObject | undefined;
    let isIdle = false;
    let finish: () => void = () => undefined;
    const finished = new Promise<"finished">((done) => {
      finish = () => (reply !== undefined && isIdle ? done("finished") : undefined);
    });
    const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true };
    const id = await this.request(this.shellQueue, "execute_request", content, {
      onReply: (message) => {
        reply = message.content;
        finish();
      },
      onPublished: (message) => {
        if (message.header.msg_type === "status") isIdle = message.content["execution_state"] === "idle";
        else outputs.take(message);
        finish();
      },
    });
    let how = await this.within(finished, timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000);
    const isLate = how === "timeout";
    if (isLate) {
      await this.interrupt();
      how = await this.within(finished, GRACE_MS);
      if (how === "timeout") await this.kill();
    }
    this.waiters.delete(id);
    const count = reply?.["execution_count"];
    const kind = isLate ? "timeout" : how === "dead" ? "dead" : reply?.["status"] === "ok" ? "ok" : "error";
    return { kind, executionCount: typeof count === "number" ? count : null, outputs: outputs.outputs };
  }

  /** Sends any other request on the shell channel and returns the content of its reply. */
  async ask(type: string, content: JsonObject): Promise<JsonObject> {
    return new Promise((resolveReply) => {
      void this.request(this.shellQueue, type, content, { onReply: (message) => resolveReply(message.content) });
    });
  }

  /** Interrupts the cell that is running. */
  async interrupt(): Promise<void> {
    if (this.command.interruptMode === "signal") this.child.kill("SIGINT");
    else await this.request(this.controlQueue, "interrupt_request", {}, {});
  }

  /** Ends the kernel, by force if it does not answer, and removes its sockets. */
  async shutdown(): Promise<void> {
    if (this.death === undefined) {
      await this.request(this.controlQueue, "shutdown_request", { restart: false }, {});
      if ((await this.within(this.died, GRACE_MS)) === "timeout") await this.kill();
    }
    for (const socket of [this.shell, this.control, this.iopub]) socket.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.died;
  }

  /** Ready means: a request was answered, and what it published was seen (a subscription takes a moment to be in force). */
  private async waitUntilReady(): Promise<string | undefined> {
    for (const start = Date.now(); Date.now() - start < START_SECONDS * 1000; ) {
      let reply: JsonObject | undefined;
      const answered = new Promise<"ready">((ready) => {
        void this.request(this.shellQueue, "kernel_info_request", {}, {
          onReply: (message) => {
            reply = message.content;
          },
          onPublished: (message) => {
            if (message.content["execution_state"] === "idle") ready("ready");
          },
        });
      });
      const how = await this.within(answered, 1000);
      if (how === "dead") return this.death;
      if (reply !== undefined && how !== "timeout") {
        this.info = reply;
        return undefined;
      }
    }
    return `no answer within ${START_SECONDS} s`;
  }

  /** Waits for `event`, the kernel's end or the time limit, whichever comes first. */
  private async within<T>(event: Promise<T>, milliseconds: number | undefined): Promise<T | "dead" | "timeout"> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"timeout">((resolveLate) => {
      if (milliseconds !== undefined) timer = setTimeout(() => resolveLate("timeout"), milliseconds);
    });
    try {
      return await Promise.race([event, this.died.then(() => "dead" as const), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async request(queue: SendQueue, type: string, content: JsonObject, waiter: Waiter): Promise<string> {
    const header = newHeader(type, this.session, "runner");
    this.waiters.set(header.msg_id, waiter);
    await queue.send(encodeMessage(this.connection.key, [], { header, parent: {}, metadata: {}, content }));
    return header.msg_id;
  }

  private async listen(socket: Dealer | Subscriber, deliver: (waiter: Waiter, message: Message) => void): Promise<void> {
    for await (const frames of socket) {
      const message = decodeMessage(this.connection.key, frames);
      const waiter = this.waiters.get(message?.parent.msg_id ?? "");
      if (message !== undefined && waiter !== undefined) deliver(waiter, message);
    }
  }
}
