import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../checks.js";
import { decodeImage, decodeImageFile } from "./image.js";

const folder = mkdtempSync(join(tmpdir(), "esta-image-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A picture whose three channels differ at every pixel. */
function ramp(channels: 1 | 2 | 3 | 4): sharp.Sharp {
  const data = Uint8Array.from({ length: 40 * 30 * channels }, (_, index) => (index * 7 + (index % channels) * 50) % 256);
  return sharp(data, { raw: { width: 40, height: 30, channels } });
}

test("alpha is dropped, not blended", async () => {
  const { width, height, pixels } = await decodeImage(await ramp(4).png().toBuffer(), "a.png");
  expect([width, height]).toEqual([40, 30]);
  for (const pixel of [0, 1, 700, 1199]) {
    const expected = [0, 1, 2].map((c) => ((pixel * 4 + c) * 7 + c * 50) % 256);
    expect([...pixels.slice(pixel * 3, pixel * 3 + 3)]).toEqual(expected);
  }
});

test("grey becomes three equal channels", async () => {
  const png = await ramp(1).toColourspace("b-w").png().toBuffer();
  const { pixels } = await decodeImage(png, "g.png");
  expect(pixels.length).toBe(3600);
  for (const pixel of [0, 5, 1199]) expect([...pixels.slice(pixel * 3, pixel * 3 + 3)]).toEqual([0, 1, 2].map(() => (pixel * 7) % 256));
});

test("an orientation mark does not turn the picture and a colour profile does not change it", async () => {
  const plain = await ramp(3).png().toBuffer();
  const marked = await sharp(plain).withMetadata({ orientation: 6 }).withIccProfile("p3", { attach: true }).png().toBuffer();
  const stored = await sharp(marked, { ignoreIcc: true }).raw().toBuffer();
  const decoded = await decodeImage(marked, "marked.png");
  expect([decoded.width, decoded.height]).toEqual([40, 30]);
  expect(Buffer.from(decoded.pixels).equals(stored)).toBe(true);
});

test("a missing, empty, foreign or truncated file is named with what failed", async () => {
  const jpeg = await ramp(3).jpeg().toBuffer();
  const png = await ramp(3).png().toBuffer();
  const flipped = Buffer.from(png).fill(0xff, 60, 160);
  const files = { "empty.jpg": Buffer.alloc(0), "text.jpg": Buffer.from("not a picture at all"), "cut.jpg": jpeg.subarray(0, jpeg.length - 300), "cut.png": png.subarray(0, 200), "bad.png": flipped };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const said = async (name: string): Promise<string> => {
    try {
      await decodeImageFile(join(folder, name));
      return "decoded";
    } catch (fault) {
      expect(fault).toBeInstanceOf(UsageError);
      return (fault as UsageError).message.replace(folder, "DIR");
    }
  };
  expect(await said("none.jpg")).toBe("DIR/none.jpg: no such file, expected a picture. Unpack the data set again.");
  expect(await said("empty.jpg")).toBe("DIR/empty.jpg: the file is empty, expected a picture (JPEG, PNG, WebP, GIF or TIFF). Fetch it again.");
  const rest = "expected a whole picture (JPEG, PNG, WebP, GIF or TIFF). Fetch it again.";
  expect(await said("text.jpg")).toBe(`DIR/text.jpg: 20 bytes that begin with 6e6f742061207069, which is no picture, ${rest}`);
  expect(await said("cut.jpg")).toBe(`DIR/cut.jpg: a JPEG of ${jpeg.length - 300} bytes that ends too early, ${rest}`);
  expect(await said("cut.png")).toBe(`DIR/cut.png: a PNG of 200 bytes that ends too early, ${rest}`);
  expect(await said("bad.png")).toBe(`DIR/bad.png: a PNG of ${png.length} bytes that is damaged or has more than 100 million pixels, ${rest}`);
});
