/**
 * @file Decodes and resizes the pictures of a list, several at a time, and collects what is wrong with them.
 */
import { join } from "node:path";
import { UsageError } from "../checks.js";
import type { ImageSplit } from "./dataset.js";
import { decodeImageFile } from "./image.js";
import { resizeBicubic } from "./resize-bicubic.js";
import type { ListEntry } from "./vtab-list.js";

const DECODED_AT_ONCE = 8;

/** Reads pictures below one folder at one size; a damaged one leaves a problem and black pixels. */
export class PictureReader {
  private readonly found: { readonly list: number; readonly index: number; readonly problem: string }[] = [];
  private lists = 0;
  private done = 0;

  /** @param total - of all lists to come, for `onProgress`. */
  constructor(
    private readonly folder: string,
    private readonly imageSize: number,
    private readonly total: number,
    private readonly onProgress: ((done: number, total: number) => void) | undefined,
  ) {}

  /** Reads one list into a split, in its order. */
  async read(entries: readonly ListEntry[]): Promise<ImageSplit> {
    const list = this.lists++;
    const bytes = this.imageSize * this.imageSize * 3;
    const images = new Uint8Array(bytes * entries.length);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < entries.length) {
        const index = next++;
        const pixels = await this.picture(entries[index]!.path, list, index);
        if (pixels !== undefined) images.set(pixels, index * bytes);
      }
    };
    await Promise.all(Array.from({ length: DECODED_AT_ONCE }, worker));
    return { images, labels: Int32Array.from(entries, (entry) => entry.label), count: entries.length };
  }

  /** What was wrong so far, in the order of the lists. */
  problems(): string[] {
    return [...this.found].sort((a, b) => a.list - b.list || a.index - b.index).map(({ problem }) => problem);
  }

  private async picture(path: string, list: number, index: number): Promise<Uint8Array | undefined> {
    this.done++;
    if (this.done % 100 === 0 || this.done === this.total) this.onProgress?.(this.done, this.total);
    try {
      return resizeBicubic(await decodeImageFile(join(this.folder, path)), this.imageSize, this.imageSize).pixels;
    } catch (fault) {
      if (!(fault instanceof UsageError)) throw fault;
      this.found.push({ list, index, problem: fault.message });
      return undefined;
    }
  }
}
