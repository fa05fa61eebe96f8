import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { UsageError } from "../checks.js";
import { trainVal } from "./dataset.js";
import { decodeImageFile } from "./image.js";
import { resizeBicubic } from "./resize-bicubic.js";
import { findVtabTasks, loadVtabTask, type LoadVtabOptions } from "./vtab.js";
import { vtabTasks } from "./vtab-tasks.js";

vi.setConfig({ testTimeout: 30_000 });

const folder = mkdtempSync(join(tmpdir(), "esta-vtab-"));
afterAll(() => rmSync(folder, { recursive: true }));

const realFolder = "../shared/data/vtab-1k";
const sizes = { train800: 6, val200: 4, test: 5, train800val200: 10 };

/** Pictures of 20×12 pixels whose red is the label and whose green is the place in the list. */
async function writeTask(name: string, labelOf: (index: number) => number): Promise<void> {
  for (const [split, count] of Object.entries(sizes)) {
    mkdirSync(join(folder, name, "images", split), { recursive: true });
    let list = "";
    for (let index = 0; index < count; index++) {
      const path = `images/${split}/${String(index).padStart(6, "0")}.jpg`;
      const data = new Uint8Array(20 * 12 * 3).map((_, i) => [labelOf(index) * 20, index * 20, 128][i % 3]!);
      await sharp(data, { raw: { width: 20, height: 12, channels: 3 } }).jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toFile(join(folder, name, path));
      list += `${path} ${labelOf(index)}\n`;
    }
    writeFileSync(join(folder, name, `${split}.txt`), list);
  }
}

/** A copy of the task `custom`, with one file changed. */
function broken(name: string, file: string, content: string | Uint8Array | undefined): string {
  cpSync(join(folder, "custom"), join(folder, name), { recursive: true });
  const path = join(folder, name, file);
  mkdirSync(dirname(path), { recursive: true });
  if (content === undefined) rmSync(path);
  else writeFileSync(path, content);
  return name;
}

async function messageOf(name: string, options: LoadVtabOptions = {}, place = folder): Promise<string> {
  try {
    await loadVtabTask(place, name, { imageSize: 16, ...options });
  } catch (fault) {
    expect(fault).toBeInstanceOf(UsageError);
    return (fault as UsageError).message.replaceAll(folder, "DIR");
  }
  return "loaded";
}

beforeAll(async () => {
  await writeTask("custom", (index) => index % 3);
  await writeTask("cifar", (index) => index * 9);
  await writeTask("oxford_pet", (index) => index);
});

test("a custom task takes its classes from the largest label, its pictures and labels in the order of the lists", async () => {
  const task = await loadVtabTask(folder, "custom", { imageSize: 16 });
  expect([task.classes, task.group, task.train.count, task.val.count, task.test.count]).toEqual([3, "natural", 6, 4, 5]);
  expect([...task.train.labels]).toEqual([0, 1, 2, 0, 1, 2]);
  const direct = resizeBicubic(await decodeImageFile(join(folder, "custom/images/train800/000004.jpg")), 16, 16).pixels;
  expect(task.train.images.subarray(4 * 768, 5 * 768)).toEqual(direct);
  expect(Math.abs(task.train.images[4 * 768 + 1]! - 80)).toBeLessThanOrEqual(3);
});

test("the last training set is train and then val: the copies that train800val200 names are not read", async () => {
  let decoded = 0;
  const whole = await loadVtabTask(folder, "custom", { imageSize: 16, onProgress: (done) => void (decoded = done) });
  expect(decoded).toBe(6 + 4 + 5);
  expect([...trainVal(whole).labels]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
  const unlike = await loadVtabTask(folder, broken("unlike-copies", "train800val200.txt", "images/train800/000000.jpg 7\nno list\n"), { imageSize: 16 });
  expect({ ...unlike, source: "" }).toEqual({ ...whole, name: "unlike-copies", source: "" });
});

test("VTAB's names bring their classes and group, and the two aliases work both ways", async () => {
  expect(await loadVtabTask(folder, "cifar100", { imageSize: 16 })).toMatchObject({ name: "cifar", classes: 100, group: "natural", source: "VTAB-1k" });
  expect(await loadVtabTask(folder, "oxford_iiit_pet", { imageSize: 16 })).toMatchObject({ name: "oxford_iiit_pet", classes: 37 });
  expect(vtabTasks.length).toBe(19);
  expect(vtabTasks.reduce((sum, task) => sum + task.classes, 0)).toBe(795 + 62 + 83);
  expect(["natural", "specialised", "structured"].map((group) => vtabTasks.filter((task) => task.group === group).length)).toEqual([7, 4, 8]);
  expect(findVtabTasks(folder)).toEqual(expect.arrayContaining(["cifar", "custom", "oxford_pet"]));
});

test("fewer test pictures are spread over the list", async () => {
  const { test: split } = await loadVtabTask(folder, "cifar", { imageSize: 16, testImages: 2 });
  expect([...split.labels]).toEqual([0, 18]);
});

test("classes.txt names the classes of a custom task", async () => {
  expect(await loadVtabTask(folder, broken("named", "classes.txt", "a\nb\nc\n"), { imageSize: 16 })).toMatchObject({ classes: 3, classNames: ["a", "b", "c"] });
  expect(await messageOf(broken("few-names", "classes.txt", "a\nb\n"))).toContain("DIR/few-names/train800.txt:3: \"images/train800/000002.jpg 2\" has the label 2 of 2 classes, expected a path and a whole label from 0 to 1, as in \"images/test/000000.jpg 3\". Correct the line.");
  expect(await messageOf(broken("many-names", "classes.txt", "a\nb\nc\nd\ne\n"))).toBe("DIR/many-names/classes.txt: names 5 classes, but no picture has the label of 2 of them (d, e), expected pictures of each. Remove these names or add pictures.");
  expect(await messageOf(broken("no-names", "classes.txt", "\n"))).toBe("DIR/no-names/classes.txt: no names, expected one class name per line. Fill it or remove it.");
});

test("a wrong folder, task or setting is named with what is there", async () => {
  expect(await messageOf("cifar", {}, join(folder, "nowhere"))).toBe("VTAB folder DIR/nowhere: no such folder, expected one folder per task with train800.txt, val200.txt, test.txt and images. See data/README.md.");
  mkdirSync(join(folder, "empty/only"), { recursive: true });
  expect(await messageOf("svhn", {}, join(folder, "empty"))).toBe("VTAB folder DIR/empty: task \"svhn\" was not found, expected no task there. See data/README.md for the layout.");
  const unknown = await messageOf("svhn");
  expect(unknown).toMatch(/^VTAB folder DIR: task "svhn" was not found, expected one of those found there: cifar, custom, /);
  expect(await messageOf("../custom")).toMatch(/^VTAB folder DIR: task "\.\.\/custom" was not found/);
  expect(await messageOf("custom", { imageSize: 2.5, testImages: 0 })).toBe("loadVtabTask: imageSize is 2.5, expected a whole number from 8 to 512 (pixels a side).\nloadVtabTask: testImages is 0, expected a whole number of at least 1.");
});

test("a missing or empty list is named", async () => {
  const name = broken("no-lists", "val200.txt", undefined);
  rmSync(join(folder, name, "test.txt"));
  expect(await messageOf(name)).toBe(
    'DIR/no-lists/val200.txt: no such file, expected the list of val pictures, with lines as "images/test/000000.jpg 3". Unpack the task again.\n' +
      'DIR/no-lists/test.txt: no such file, expected the list of test pictures, with lines as "images/test/000000.jpg 3". Unpack the task again.',
  );
  expect(await messageOf(broken("empty-list", "val200.txt", "\n\n"))).toBe('DIR/empty-list/val200.txt: names no picture, expected at least one line as "images/test/000000.jpg 3". Unpack the task again.');
});

test("a list that is no text file is named", async () => {
  const name = broken("list-folder", "val200.txt", undefined);
  mkdirSync(join(folder, name, "val200.txt"));
  expect(await messageOf(name)).toBe("DIR/list-folder/val200.txt: cannot be read (EISDIR), expected a text file. Unpack the task again.");
});

test("bad lines are listed with file, line and content, ten at most", async () => {
  const lines = ["images/test/000000.jpg 1", "images/test/000001.jpg x", "images/test/000002.jpg -1", "images/test/000003.jpg", "", "../../secret.jpg 1", "images/test/000004.jpg 1.0"];
  const rest = 'expected a path and a whole label from 0 up, as in "images/test/000000.jpg 3". Correct the line.';
  expect(await messageOf(broken("bad-lines", "test.txt", lines.join("\r\n")))).toBe(
    [
      `DIR/bad-lines/test.txt:2: "images/test/000001.jpg x" has the label "x", ${rest}`,
      `DIR/bad-lines/test.txt:3: "images/test/000002.jpg -1" has the label "-1", ${rest}`,
      `DIR/bad-lines/test.txt:4: "images/test/000003.jpg" has no label, ${rest}`,
      `DIR/bad-lines/test.txt:6: "../../secret.jpg 1" names a file outside the task's folder, ${rest}`,
      `DIR/bad-lines/test.txt:7: "images/test/000004.jpg 1.0" has the label "1.0", ${rest}`,
    ].join("\n"),
  );
  const many = (await messageOf(broken("many-bad", "test.txt", Array.from({ length: 25 }, (_, i) => `images/test/${i}.jpg`).join("\n")))).split("\n");
  expect(many.length).toBe(11);
  expect(many[10]).toBe("… and 15 more lines.");
});

test("labels beyond a VTAB task's classes are refused", async () => {
  cpSync(join(folder, "cifar"), join(folder, "high/cifar"), { recursive: true });
  writeFileSync(join(folder, "high/cifar/val200.txt"), "images/val200/000000.jpg 100\n");
  expect(await messageOf("cifar", {}, join(folder, "high"))).toBe('DIR/high/cifar/val200.txt:1: "images/val200/000000.jpg 100" has the label 100 of 100 classes, expected a path and a whole label from 0 to 99, as in "images/test/000000.jpg 3". Correct the line.');
});

test("missing and truncated pictures are all named, in the order of the lists", async () => {
  const name = broken("bad-pictures", "images/val200/000001.jpg", undefined);
  const whole = await sharp(new Uint8Array(64 * 64 * 3).map((_, i) => (i * 37) % 256), { raw: { width: 64, height: 64, channels: 3 } }).jpeg().toBuffer();
  writeFileSync(join(folder, name, "images/train800/000003.jpg"), whole.subarray(0, whole.length >> 1));
  expect(await messageOf(name)).toBe(
    `DIR/bad-pictures/images/train800/000003.jpg: a JPEG of ${whole.length >> 1} bytes that ends too early, expected a whole picture (JPEG, PNG, WebP, GIF or TIFF). Fetch it again.\n` +
      "DIR/bad-pictures/images/val200/000001.jpg: no such file, expected a picture. Unpack the data set again.",
  );
});

test.skipIf(!existsSync(realFolder))("real photographs in the real layout load whole", async () => {
  const task = await loadVtabTask(realFolder, "cifar10", { imageSize: 32 });
  expect([task.classes, task.train.count, task.val.count, task.test.count, trainVal(task).count]).toEqual([10, 800, 200, 2000, 1000]);
  expect(task.classNames?.slice(0, 3)).toEqual(["airplane", "automobile", "bird"]);
  expect([...task.test.labels.slice(0, 3)]).toEqual([2, 9, 9]);
});

test("test pictures left in their files come out in batches as held ones do, and a damaged one names itself when it is read", async () => {
  const [held, streamed] = [await loadVtabTask(folder, "custom", { imageSize: 16 }), await loadVtabTask(folder, "custom", { imageSize: 16, streamTest: true })];
  const { testStream, test: none } = streamed;
  expect({ count: testStream!.count, labels: [...testStream!.labels], held: none.count }).toEqual({ count: 5, labels: [...held.test.labels], held: 0 });
  const bytes = 16 * 16 * 3;
  expect(await testStream!.read(1, 4)).toEqual({ images: held.test.images.slice(bytes, 4 * bytes), labels: held.test.labels.slice(1, 4), count: 3 });
  expect(streamed.train).toEqual(held.train);
  const name = broken("damaged-stream", "images/test/000003.jpg", "no picture");
  const damaged = (await loadVtabTask(folder, name, { imageSize: 16, streamTest: true })).testStream!;
  await expect(damaged.read(0, 3)).resolves.toMatchObject({ count: 3 });
  await expect(damaged.read(3, 5)).rejects.toThrow(join(folder, name, "images/test/000003.jpg"));
});
