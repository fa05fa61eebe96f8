/**
 * @file Joins printed texts into few messages: Jupyter Server drops output above 1,000 messages a second.
 */

/** One piece of printed text and the request (by its message id) that printed it. */
export interface StreamPiece {
  readonly requestId: string;
  readonly name: "stdout" | "stderr";
  readonly text: string;
}

/** The longest time a printed text waits for company, in milliseconds. */
const WAIT_MS = 25;

/** A message is sent at once when it has this many characters. */
const FULL_LENGTH = 1 << 16;

/** Holds printed text back for a moment and emits it as one piece per request and stream, order kept. */
export class StreamJoiner {
  private held: { requestId: string; name: StreamPiece["name"]; texts: string[]; length: number } | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly emit: (piece: StreamPiece) => void) {}

  /** Takes a printed text. */
  add(piece: StreamPiece): void {
    if (this.held !== undefined && (this.held.requestId !== piece.requestId || this.held.name !== piece.name)) this.flush();
    this.held ??= { requestId: piece.requestId, name: piece.name, texts: [], length: 0 };
    this.held.texts.push(piece.text);
    this.held.length += piece.text.length;
    if (this.held.length >= FULL_LENGTH) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), WAIT_MS);
  }

  /** Emits what is held now; call it before any message that must come after the printed text. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const held = this.held;
    this.held = undefined;
    if (held !== undefined) this.emit({ requestId: held.requestId, name: held.name, text: held.texts.join("") });
  }
}
