/**
 * @file Memory of the native backend's tensors, cut from few large pieces and used again.
 *
 * Arrays made and collected one by one would wake the garbage collector at every step, because it counts their bytes; and arrays kept
 * by length would pile up, because every stitch asks for lengths of its own.
 */

/** Numbers on a cache line: arrays start on one. */
const LINE = 16;

/** Lines of a piece, at least; the system gives a page only once it is written to. */
const PIECE_LINES = (256 * 2 ** 20) / (4 * LINE);

/** A large piece of memory and the stretches of it that nobody uses: in order, none touching the next. Counted in lines. */
interface Piece {
  readonly memory: ArrayBuffer;
  readonly starts: number[];
  readonly lengths: number[];
}

/**
 * Float32 arrays from few pieces of memory. Contents are whatever the last user left, so every kernel must write all of its output.
 *
 * An array goes to the first stretch that is long enough; an array returned joins the free stretches beside it.
 */
export class BufferPool {
  readonly #pieces = new Map<ArrayBufferLike, Piece>();
  #usedBytes = 0;

  /** Bytes given out and not yet returned, each array rounded up to cache lines. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Bytes of all pieces, used or not. */
  get reservedBytes(): number {
    let bytes = 0;
    for (const { memory } of this.#pieces.values()) bytes += memory.byteLength;
    return bytes;
  }

  /** Returns an array of this length with arbitrary contents. */
  take(length: number): Float32Array {
    const lines = linesOf(length);
    this.#usedBytes += 4 * LINE * lines;
    for (const piece of this.#pieces.values()) {
      const start = takeLines(piece, lines);
      if (start !== undefined) return new Float32Array(piece.memory, 4 * LINE * start, length);
    }
    const piece = { memory: new ArrayBuffer(4 * LINE * Math.max(lines, PIECE_LINES)), starts: [0], lengths: [Math.max(lines, PIECE_LINES)] };
    this.#pieces.set(piece.memory, piece);
    return new Float32Array(piece.memory, 4 * LINE * takeLines(piece, lines)!, length);
  }

  /** Whether this memory came from {@link take}; a view into it counts. */
  owns(values: Float32Array): boolean {
    return this.#pieces.has(values.buffer);
  }

  /** Takes an array back that {@link take} gave out, as it was given; nobody may use it afterwards. */
  give(values: Float32Array): void {
    const piece = this.#pieces.get(values.buffer);
    if (piece === undefined) return;
    const lines = linesOf(values.length);
    this.#usedBytes -= 4 * LINE * lines;
    giveLines(piece, values.byteOffset / (4 * LINE), lines);
  }

  /** Lets go of all memory. Arrays still given out keep theirs, and are not the pool's any more. */
  clear(): void {
    this.#pieces.clear();
    this.#usedBytes = 0;
  }
}

function linesOf(length: number): number {
  return Math.max(1, Math.ceil(length / LINE));
}

function takeLines({ starts, lengths }: Piece, lines: number): number | undefined {
  for (let index = 0; index < starts.length; index++) {
    if (lengths[index]! < lines) continue;
    const start = starts[index]!;
    if (lengths[index] === lines) {
      starts.splice(index, 1);
      lengths.splice(index, 1);
    } else {
      starts[index] = start + lines;
      lengths[index]! -= lines;
    }
    return start;
  }
  return undefined;
}

function giveLines({ starts, lengths }: Piece, start: number, lines: number): void {
  let next = 0;
  for (let end = starts.length; next < end; ) {
    const middle = (next + end) >>> 1;
    if (starts[middle]! < start) next = middle + 1;
    else end = middle;
  }
  const joinsLast = next > 0 && starts[next - 1]! + lengths[next - 1]! === start;
  const joinsNext = next < starts.length && start + lines === starts[next];
  if (joinsLast) {
    lengths[next - 1]! += lines + (joinsNext ? lengths[next]! : 0);
    if (joinsNext) {
      starts.splice(next, 1);
      lengths.splice(next, 1);
    }
  } else if (joinsNext) {
    starts[next] = start;
    lengths[next]! += lines;
  } else {
    starts.splice(next, 0, start);
    lengths.splice(next, 0, lines);
  }
}
