/**
 * @file Decodes JPEG, PNG, WebP, GIF and TIFF into RGB bytes, as Pillow's `Image.open(file).convert("RGB")` does.
 *
 * The decoder only decodes: no rotation by EXIF, no colour profile, no resizing. Its libjpeg-turbo interpolates chroma
 * with the same arithmetic as Pillow's, so that the pixels agree byte for byte.
 */
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { UsageError } from "../checks.js";

/** A decoded picture: `pixels` is `[height, width, 3]`, red, green, blue bytes. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Larger pictures are refused before they are decoded (a header may claim anything). */
const MOST_PIXELS = 100_000_000;

/**
 * Reads and decodes a picture file; grey becomes three equal channels, alpha is dropped.
 *
 * @throws {UsageError} when the file is missing, unreadable, truncated or not a picture.
 */
export async function decodeImageFile(file: string): Promise<RgbImage> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new UsageError(unreadableMessage(file, cause));
  }
  return decodeImage(bytes, file);
}

/**
 * Decodes a picture from memory.
 *
 * @param where - names the picture in an error.
 * @throws {UsageError} when the bytes are truncated or not a picture.
 */
export async function decodeImage(bytes: Uint8Array, where: string): Promise<RgbImage> {
  if (bytes.length === 0) throw new UsageError(`${where}: the file is empty, expected a picture (JPEG, PNG, WebP, GIF or TIFF). Fetch it again.`);
  try {
    const { data, info } = await sharp(bytes, { failOn: "truncated", ignoreIcc: true, limitInputPixels: MOST_PIXELS }).raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, pixels: toRgb(data, info.width * info.height, info.channels) };
  } catch (cause) {
    throw new UsageError(`${where}: cannot be decoded (${reasonOf(cause)}), expected a whole picture (JPEG, PNG, WebP, GIF or TIFF). Fetch it again.`);
  }
}

/** Brings 1 (grey), 2 (grey, alpha), 3 or 4 (RGB, alpha) channels to 3. */
function toRgb(data: Uint8Array, count: number, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(data.buffer, data.byteOffset, count * 3);
  const rgb = new Uint8Array(count * 3);
  const grey = channels < 3;
  for (let pixel = 0; pixel < count; pixel++) {
    const from = pixel * channels;
    rgb[pixel * 3] = data[from]!;
    rgb[pixel * 3 + 1] = data[grey ? from : from + 1]!;
    rgb[pixel * 3 + 2] = data[grey ? from : from + 2]!;
  }
  return rgb;
}

function unreadableMessage(file: string, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR") return `${file}: no such file, expected a picture. Unpack the data set again.`;
  if (code === "EISDIR") return `${file}: is a folder, expected a picture. Unpack the data set again.`;
  return `${file}: cannot be read (${code === "" ? String(cause) : code}), expected a readable picture.`;
}

/** The decoder's first line, without its own prefix. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0]!.replace(/^Input buffer (has corrupt header: )?/, "").trim();
}
