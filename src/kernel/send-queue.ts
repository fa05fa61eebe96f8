/**
 * @file One send at a time on a socket: ZeroMQ 6 refuses a second one that starts before the first has ended.
 */

/** What the queue needs of a ZeroMQ socket. */
export interface Sender {
  send(frames: (string | Uint8Array)[]): Promise<void>;
}

/** Sends frames in order, each after the one before it is out. A send that fails does not stop those behind it. */
export class SendQueue {
  private tail: Promise<void> = Promise.resolve();

  constructor(private readonly socket: Sender) {}

  /** Queues one message; resolves once it was handed to ZeroMQ (or failed, on a closed socket). */
  send(frames: (string | Uint8Array)[]): Promise<void> {
    this.tail = this.tail.then(() => this.socket.send(frames)).catch(() => undefined);
    return this.tail;
  }

  /** Resolves when everything queued so far is out. */
  settled(): Promise<void> {
    return this.tail;
  }
}
