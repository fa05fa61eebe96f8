/**
 * @file Requests in, answers out: runs cells one after the other and tells Jupyter what becomes of each.
 */
import { completeReply, inspectReply, unitsOf } from "./assist.js";
import { bundleOf, captureOutput, newCellSignal } from "./output-capture.js";
import type { CellRunner } from "./cell-runner.js";
import { CellInterrupted, reportError, type ErrorReport } from "./error-report.js";
import type { InterruptFlags } from "./interrupt-flags.js";
import type { JsonObject, MessageHeader, RoutedMessage } from "./message.js";
import { closeTensorScopes } from "./tensor-scopes.js";
import type { FromSockets, ToSockets } from "./thread-messages.js";
import type { CellCompiler } from "./tslab-converter.js";

/** How long (ms) requests that were sent together with a failing cell are awaited, to answer them as aborted. */
const ABORT_WINDOW_MS = 30;

/** What a session is made of. */
export interface SessionParts {
  readonly runner: CellRunner;
  readonly compiler: CellCompiler;
  readonly flags: InterruptFlags;
  /** The content of kernel_info_reply. */
  readonly kernelInfo: JsonObject;
  /** Folder of the kernel's own files: their frames are left out of tracebacks. */
  readonly ownFolder: string;
  readonly send: (message: ToSockets) => void;
  readonly exit: (code: number) => void;
}

/** The cell that is running: how to end it from outside. */
interface RunningCell {
  readonly request: RoutedMessage;
  readonly fail: (reason: unknown) => void;
  readonly signal: AbortController;
}

/** One kernel session on the main thread. */
export class KernelSession {
  private count = 0;
  private running: RunningCell | undefined;
  /** Text printed after a cell has ended still belongs to it. */
  private lastParent: Partial<MessageHeader> = {};
  private readonly queue: RoutedMessage[] = [];
  private isDraining = false;
  private repairedStops = 0;

  constructor(private readonly parts: SessionParts) {
    const display = (content: JsonObject, update: boolean): void => this.publish(this.lastParent, update ? "update_display_data" : "display_data", content);
    captureOutput({ print: (name, text) => parts.send({ kind: "print", parent: this.lastParent, name, text }), display });
    parts.compiler.displayChannel.lastWriteDisplayData = (content, update = false) => display(content, update);
    process.on("uncaughtException", (error) => this.onStrayError("Uncaught exception", error));
    process.on("unhandledRejection", (error) => this.onStrayError("Unhandled rejection", error));
    process.on("SIGINT", () => this.interrupt());
  }

  /** Takes a message of the socket thread. */
  receive(message: FromSockets): void {
    if (message.kind === "exit") return this.parts.exit(0);
    if (message.kind === "interrupt") {
      if (this.parts.flags.seen >= message.count) return;
      this.parts.flags.seen = message.count;
      this.repairAfterStop();
      return this.interrupt();
    }
    const request = message.message;
    if (request.header.msg_type !== "execute_request") return this.answer(request);
    this.queue.push(request);
    void this.drain();
  }

  private interrupt(): void {
    this.giveUp(new CellInterrupted());
  }

  /** Stopped code leaves no chance to clean up behind it; what a later cell would stumble over is put in order here. */
  private repairAfterStop(): void {
    const { stops } = this.parts.flags;
    if (stops !== this.repairedStops) closeTensorScopes();
    this.repairedStops = stops;
  }

  /** Ends the running cell for the session, whatever its code still does. */
  private giveUp(reason: unknown): void {
    this.running?.signal.abort(reason);
    this.running?.fail(reason);
  }

  /** An error that nobody awaits fails the cell that is running; without one it is printed. */
  private onStrayError(kind: string, error: unknown): void {
    if (error instanceof CellInterrupted) return;
    if (this.running !== undefined) return this.giveUp(error);
    const { traceback } = this.report(error);
    this.parts.send({ kind: "print", parent: this.lastParent, name: "stderr", text: `${kind} after the cell ended: ${traceback.join("\n")}\n` });
  }

  private async drain(): Promise<void> {
    if (this.isDraining) return;
    this.isDraining = true;
    for (let request = this.queue.shift(); request !== undefined; request = this.queue.shift()) await this.execute(request);
    this.isDraining = false;
  }

  private async execute(request: RoutedMessage): Promise<void> {
    const { code = "", silent = false, store_history: storeHistory = true, stop_on_error: stopOnError = true } = request.content;
    const source = String(code);
    if (silent !== true && storeHistory !== false) this.count += 1;
    const count = this.count;
    this.lastParent = request.header;
    this.repairAfterStop();
    this.status(request, "busy");
    if (silent !== true) this.publish(request.header, "execute_input", { code: source, execution_count: count });
    let failure: ErrorReport | undefined;
    try {
      const value = await this.runToItsEnd(request, source, count);
      if (value !== undefined && silent !== true) {
        this.publish(request.header, "execute_result", { execution_count: count, data: await bundleOf(value), metadata: {} });
      }
    } catch (error) {
      failure = this.report(error);
      this.publish(request.header, "error", { ...failure });
    }
    this.running = undefined;
    const aborted = failure !== undefined && stopOnError === true ? await this.waitingRequests() : [];
    const outcome = failure === undefined ? { status: "ok", payload: [], user_expressions: {} } : { status: "error", ...failure };
    this.reply(request, "execute_reply", { ...outcome, execution_count: count });
    this.status(request, "idle");
    for (const waiting of aborted) {
      this.status(waiting, "busy");
      this.reply(waiting, "execute_reply", { status: "aborted" });
      this.status(waiting, "idle");
    }
  }

  /**
   * Runs a cell until it ends, fails, or is interrupted. A loop that is stopped from outside takes its whole call stack with it and its
   * promise stays pending; therefore the cell starts in a job of its own and the race is what this session waits for.
   */
  private async runToItsEnd(request: RoutedMessage, source: string, count: number): Promise<unknown> {
    this.parts.flags.signalIsWatched = false;
    const signal = newCellSignal(() => {
      this.parts.flags.signalIsWatched = true;
    });
    const stopped = new Promise<never>((_, fail) => {
      this.running = { request, fail, signal };
    });
    try {
      const value = await Promise.race([Promise.resolve().then(() => this.parts.runner.run(source, count, signal.signal)), stopped]);
      await Promise.race([new Promise((resolve) => setImmediate(resolve)), stopped]); // the cell's own rejections surface now
      return value;
    } finally {
      this.parts.flags.userCodeRuns = false;
    }
  }

  /** Takes what was sent along with a failing cell; what comes after its reply runs. */
  private async waitingRequests(): Promise<RoutedMessage[]> {
    await new Promise((resolve) => setTimeout(resolve, ABORT_WINDOW_MS));
    return this.queue.splice(0);
  }

  private report(error: unknown): ErrorReport {
    return reportError(error, this.count, this.parts.runner.cell, this.parts.ownFolder);
  }

  /** Answers everything that is not an execution. A running cell must not look idle because of it. */
  private answer(request: RoutedMessage): void {
    this.status(request, "busy");
    const type = request.header.msg_type.replace(/_request$/, "_reply");
    try {
      const content = this.replyTo(request);
      if (content !== undefined) this.reply(request, type, content);
    } catch (error) {
      this.reply(request, type, { status: "error", ...this.report(error) });
    }
    this.status(request, "idle");
    if (this.running !== undefined) this.status(this.running.request, "busy");
  }

  private replyTo({ header, content }: RoutedMessage): JsonObject | undefined {
    const { runner, compiler, kernelInfo } = this.parts;
    const code = String(content["code"] ?? "");
    const position = unitsOf(code, Number(content["cursor_pos"] ?? 0));
    switch (header.msg_type) {
      case "kernel_info_request":
        return kernelInfo;
      case "is_complete_request": {
        const { completed, indent } = compiler.isComplete(code);
        return completed ? { status: "complete" } : { status: "incomplete", indent: indent ?? "" };
      }
      case "complete_request":
        return completeReply(code, runner.complete(code, position));
      case "inspect_request":
        return inspectReply(runner.inspect(code, position), (info) => compiler.printQuickInfo(info));
      case "comm_info_request":
        return { status: "ok", comms: {} };
      case "history_request":
        return { status: "ok", history: [] };
      default:
        return undefined;
    }
  }

  private status(request: RoutedMessage, state: "busy" | "idle"): void {
    this.publish(request.header, "status", { execution_state: state });
  }

  private publish(parent: Partial<MessageHeader>, type: string, content: JsonObject): void {
    this.parts.send({ kind: "publish", parent, type, content, metadata: {} });
  }

  private reply(to: RoutedMessage, type: string, content: JsonObject): void {
    this.parts.send({ kind: "reply", to, type, content });
  }
}
