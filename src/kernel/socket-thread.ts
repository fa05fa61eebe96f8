/**
 * @file The thread that talks to Jupyter: output goes out, and heartbeat, interrupt and shutdown are answered, while a cell is busy.
 */
import { Session } from "node:inspector";
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { Publisher, Reply, Router } from "zeromq";
import { channelAddress } from "./connection.js";
import { InterruptFlags } from "./interrupt-flags.js";
import { decodeMessage, encodeMessage, newHeader, type JsonObject, type MessageHeader, type RoutedMessage } from "./message.js";
import { SendQueue } from "./send-queue.js";
import { StreamJoiner } from "./stream-joiner.js";
import type { FromSockets, SocketThreadData, ToSockets } from "./thread-messages.js";

/** A cell that has not seen an interrupt after this time (ms) is stopped from outside. */
const PATIENCE_MS = 800;

/** The same for a cell that watches the signal: a training may need this long for a step, and then writes its checkpoint. */
const WATCHING_PATIENCE_MS = 3000;

/** How long (ms) after a stop the main thread may take to see the interrupt. */
const AFTER_STOP_MS = 400;

/** How long a stopping inspector session is kept (ms): its answer does not always come. */
const INSPECTOR_MS = 150;

/** Serves one connection until shutdown. */
class SocketThread {
  private readonly iopub = new Publisher({ linger: 1000, sendHighWaterMark: 0 });
  private readonly shell = router();
  private readonly control = router();
  private readonly stdin = router();
  private readonly heartbeat = new Reply({ linger: 0 });
  private readonly iopubQueue = new SendQueue(this.iopub);
  private readonly shellQueue = new SendQueue(this.shell);
  private readonly controlQueue = new SendQueue(this.control);
  private readonly flags: InterruptFlags;
  private readonly session = randomUUID();
  private readonly printed = new StreamJoiner(({ name, text }) => this.publish(this.printingParent, "stream", { name, text }));
  private printingParent: Partial<MessageHeader> = {};
  /** The cell that was last told to be busy and not yet idle. */
  private busyCell: Partial<MessageHeader> | undefined;
  private interrupts = 0;
  private inspector: Session | undefined;

  constructor(
    private readonly port: MessagePort,
    private readonly data: SocketThreadData,
  ) {
    this.flags = new InterruptFlags(data.flagMemory);
  }

  async start(): Promise<void> {
    const { connection } = this.data;
    this.port.on("message", (message: ToSockets) => this.send(message));
    await Promise.all([
      this.shell.bind(channelAddress(connection, "shell")),
      this.iopub.bind(channelAddress(connection, "iopub")),
      this.stdin.bind(channelAddress(connection, "stdin")),
      this.control.bind(channelAddress(connection, "control")),
      this.heartbeat.bind(channelAddress(connection, "hb")),
    ]);
    void this.listen(this.shell, (message) => this.tell({ kind: "request", message }));
    void this.listen(this.control, (message) => this.onControl(message));
    void this.answerHeartbeat();
    this.endWithParentProcess();
    this.publish({}, "status", { execution_state: "starting" });
  }

  /** Carries out what the main thread asks for; printed text goes out before anything that came after it. */
  private send(message: ToSockets): void {
    if (message.kind === "print") {
      const requestId = message.parent.msg_id ?? "";
      if (requestId !== this.printingParent.msg_id) this.printed.flush();
      this.printingParent = message.parent;
      this.printed.add({ requestId, name: message.name, text: message.text });
      return;
    }
    this.printed.flush();
    if (message.kind === "publish") this.publish(message.parent, message.type, message.content, message.metadata);
    else void this.shellQueue.send(this.frames(message.to.identities, message.to.header, message.type, message.content));
  }

  private publish(parent: Partial<MessageHeader>, type: string, content: JsonObject, metadata: JsonObject = {}): void {
    if (type === "status" && parent.msg_type === "execute_request") this.busyCell = content["execution_state"] === "busy" ? parent : undefined;
    void this.iopubQueue.send(this.frames([type], parent, type, content, metadata));
  }

  private frames(identities: readonly (string | Uint8Array)[], parent: Partial<MessageHeader>, type: string, content: JsonObject, metadata: JsonObject = {}) {
    const header = newHeader(type, this.session, "kernel");
    return encodeMessage(this.data.connection.key, identities, { header, parent, metadata, content });
  }

  private async listen(socket: Router, onMessage: (message: RoutedMessage) => void): Promise<void> {
    for await (const frames of socket) {
      const message = decodeMessage(this.data.connection.key, frames);
      if (message === undefined) writeSync(2, "kernel: a message with a wrong signature or form was ignored.\n");
      else onMessage(message);
    }
  }

  private onControl(message: RoutedMessage): void {
    const reply = (type: string, content: JsonObject): Promise<void> => this.controlQueue.send(this.frames(message.identities, message.header, type, content));
    this.publish(message.header, "status", { execution_state: "busy" });
    const type = message.header.msg_type;
    if (type === "interrupt_request") {
      this.interrupt();
      void reply("interrupt_reply", { status: "ok" });
    } else if (type === "kernel_info_request") {
      void reply("kernel_info_reply", this.data.kernelInfo);
    } else if (type === "shutdown_request") {
      this.printed.flush();
      // Jupyter Server would take the next kernel for busy, not wait for its channels, and a page could miss that it is ready.
      if (this.busyCell !== undefined) this.publish(this.busyCell, "status", { execution_state: "idle" });
      void reply("shutdown_reply", { status: "ok", restart: message.content["restart"] === true });
    }
    this.publish(message.header, "status", { execution_state: "idle" });
    if (type === "shutdown_request") void this.shutdown();
  }

  /**
   * A waiting cell is ended by the main thread itself, and long work that watches the signal ends at its next pause; code that keeps the
   * thread busy for longer is stopped through the inspector. Should the stop hit the very handler of the interrupt, it is sent again.
   */
  private interrupt(): void {
    const count = ++this.interrupts;
    const attempt = (): void => {
      this.tell({ kind: "interrupt", count });
      setTimeout(() => {
        if (this.flags.seen >= count) return;
        if (this.flags.userCodeRuns) this.terminateExecution();
        setTimeout(() => (this.flags.seen < count ? attempt() : undefined), AFTER_STOP_MS);
      }, this.flags.signalIsWatched ? WATCHING_PATIENCE_MS : PATIENCE_MS);
    };
    attempt();
  }

  private terminateExecution(): void {
    this.closeInspector();
    this.flags.countStop();
    this.inspector = new Session();
    this.inspector.connectToMainThread();
    this.inspector.post("Runtime.terminateExecution");
    setTimeout(() => this.closeInspector(), INSPECTOR_MS);
  }

  private closeInspector(): void {
    this.inspector?.disconnect();
    this.inspector = undefined;
  }

  /** Lets the last messages out and closes the sockets before the process ends: ZeroMQ aborts when it is still at work at exit. */
  private async shutdown(): Promise<void> {
    await Promise.all([this.iopubQueue.settled(), this.controlQueue.settled(), this.shellQueue.settled()]);
    await pause(50);
    this.closeInspector();
    for (const socket of [this.iopub, this.shell, this.control, this.stdin, this.heartbeat]) socket.close();
    setTimeout(() => this.tell({ kind: "exit" }), 60);
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 500); // the main thread is busy and cannot exit by itself
  }

  private async answerHeartbeat(): Promise<void> {
    for await (const frames of this.heartbeat) await this.heartbeat.send(frames);
  }

  /** A kernel whose Jupyter died must not stay behind. */
  private endWithParentProcess(): void {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
    }, 1000).unref();
  }

  private tell(message: FromSockets): void {
    this.port.postMessage(message);
  }
}

function router(): Router {
  return new Router({ linger: 1000, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

if (parentPort !== null) await new SocketThread(parentPort, workerData as SocketThreadData).start();
