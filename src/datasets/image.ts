/**
 * @file Decodes JPEG, PNG, WebP, GIF and TIFF into RGB bytes, as Pillow's `Image.open(file).convert("RGB")` does.
 *
 * The decoder only decodes: no rotation by EXIF, no colour profile, no resizing. Its libjpeg-turbo interpolates chroma
 * with the same arithmetic as Pillow's, so that the pixels agree byte for byte. (CMYK goes through a generic profile, where Pillow subtracts.)
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
  } catch {
    throw new UsageError(`${where}: ${damageOf(bytes)}, expected a whole picture (JPEG, PNG, WebP, GIF or TIFF). Fetch it again.`);
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

/**
 * Says what is wrong with bytes that did not decode, from the bytes themselves: the decoder's own words depend on what
 * its other threads are doing.
 */
function damageOf(bytes: Uint8Array): string {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const jpeg = data.subarray(0, 2).toString("hex") === "ffd8";
  const png = data.subarray(0, 8).toString("hex") === "89504e470d0a1a0a";
  const other = /^(GIF8|RIFF....WEBP|II\*\0|MM\0\*)/s.test(data.toString("latin1", 0, 12));
  if (!jpeg && !png && !other) return `${bytes.length} bytes that begin with ${data.toString("hex", 0, 8)}, which is no picture`;
  const cut = (jpeg && !data.includes(Buffer.from("ffd9", "hex"), -64)) || (png && !data.includes("IEND", -64));
  const kind = jpeg ? "JPEG" : png ? "PNG" : "picture";
  return cut ? `a ${kind} of ${bytes.length} bytes that ends too early` : `a ${kind} of ${bytes.length} bytes that is damaged or has more than ${MOST_PIXELS / 1e6} million pixels`;
}
