import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { UsageError } from "../checks.js";
import { classCounts, hashSplits, majorityShare, type Dataset } from "./dataset.js";
import { listTasks, loadTask, taskNames } from "./registry.js";

vi.setConfig({ testTimeout: 180_000 });
const cacheFolder = mkdtempSync(join(tmpdir(), "esta-tasks-"));
afterAll(() => rmSync(cacheFolder, { recursive: true }));

/** Made once each; pinned so that a task cannot change unnoticed (then its recipe's version goes up too). */
const hashes: Readonly<Record<string, string>> = {
  "clevr-like-count": "4a5b46ecfdb4ad5ec065ad91da02275b14021c4255060ef80da5bfc1e4437125",
  "clevr-like-distance": "af3c7395181b346088f39439282bfb38500c6de96c2448764d4f2c5d793265f7",
  "dmlab-like": "ea63e65c3731046e7a2cf486426c9528d6603dac5a45a286855d708ad38e3529",
  "kitti-like-distance": "5f983b5ec7bdb51036b50b1ee566c986bd5c8db69ab35b882f13b96159c0c90b",
  "smallnorb-like-azimuth": "68081acf4ae984c510b13a34b24d47fb05e44e500cdbf7f6b52428a701b8d487",
  "smallnorb-like-elevation": "0a15aa41fe5f413a233c5dacc1daeacadc8dd6386df276f239afa179b327f225",
  "emoji-kind": "de015bdae55cba6f4af742c985dfcf31a82f391d493a8db7783a95614dcf2419",
  "typeface-letters": "872dee695e09309a51a8ec375443e810f57c8d45e474894a36de59dd791cd58e",
  "earth-continent": "d8c3a65891a42f4c482b395deaed550638b1894db08c7b1cd9daa274470b424a",
  "earth-height": "1c15fe5046d43ee88c1aaf29ba6dc9d79cfe600c9e8a80d75c7ba8f954f9c30a",
  "relief-surfaces": "d2b9be4bfc868a20dfd1d88922e24e58bdc772ef17c0f07b4f20ad56738988d2",
  "panorama-scenes": "3af8b879fcd222a1ee1b8db718bda56a3848b5a932ab705ef86f992ee08127e6",
  "street-digits": "08d387a63dbd2af401ab4bc0ac575b469cdb538606c54cc12137b62eddfaf797",
  "digits": "a44ba71a90306477acb62ab95c3406005776ab5cbfa9ed01665b50e244e82cf2",
  "emoji-category": "bbf11ae5d3a45e40333a2e722a9da822f3b6f3bddb5151330a6614718ebd5f66",
  "earth-terrain": "2f7c7c49a82063687281a6b8c6ec459d452bfae32e04ecbc1d108b34dbab587e",
  "earth-lights": "37348edd1cd9ac9315e519d02c38679d6785d1ea69ecf75fde0e695ee25f023d",
  "dsprites-like-location": "02706d84236e6b7ffac78f3d948c900083f303b3e17226079c59c91c7bd0e41f",
  "dsprites-like-orientation": "521880638b2b7992bb18e78ed813b33f102600e85de445a7185f2f0696b8a7ab",
};

describe.each(taskNames)("%s", (name) => {
  const card = listTasks()[taskNames.indexOf(name)]!;
  let task: Dataset;

  test("holds the pictures and labels it was published with", async () => {
    task = await loadTask(name, { cacheFolder });
    expect(task.sha256).toBe(hashes[name]);
    expect({ train: task.train.count, val: task.val.count, test: task.test.count }).toEqual(card.counts);
    expect([task.train.count, task.val.count]).toEqual([800, 200]);
    expect(card.classNames.length).toBe(task.classes);
    expect(task.train.images.length).toBe(800 * 32 * 32 * 3);
  });

  test("has every class in every split, and the card's chance level", () => {
    for (const split of [task.train, task.val, task.test]) {
      expect(split.labels.length).toBe(split.count);
      expect(Math.min(...split.labels)).toBe(0);
      expect(Math.max(...split.labels)).toBe(task.classes - 1);
      expect(Math.min(...classCounts(split, task.classes))).toBeGreaterThan(0);
    }
    expect(majorityShare(task.test, task.classes)).toBeCloseTo(card.chance, 9);
  });

  test("shows no picture in two splits", () => {
    const seen = new Map<string, string>();
    for (const split of ["train", "val", "test"] as const) {
      const { images, count } = task[split];
      const bytes = images.length / count;
      for (let i = 0; i < count; i++) {
        const picture = Buffer.from(images.buffer, images.byteOffset + i * bytes, bytes).toString("latin1");
        expect(seen.get(picture) ?? split).toBe(split);
        seen.set(picture, split);
      }
    }
  });

  test("is the same when read back", async () => {
    const again = await loadTask(name, { cacheFolder });
    expect(again.sha256).toBe(task.sha256);
    expect(hashSplits(again)).toBe(task.sha256);
  });
});

test.each(["digits", "typeface-letters", "earth-terrain"])("%s has the same labels at another size of picture", async (name) => {
  const [usual, small] = [await loadTask(name, { cacheFolder }), await loadTask(name, { cacheFolder, imageSize: 8 })];
  expect([...small.test.labels]).toEqual([...usual.test.labels]);
  expect(small.test.images.length).toBe(usual.test.count * 8 * 8 * 3);
});

test("fewer test pictures are the first ones", async () => {
  const all = await loadTask("digits", { cacheFolder });
  const few = await loadTask("digits", { cacheFolder, testImages: 7 });
  expect(few.test.count).toBe(7);
  expect(few.test.images).toEqual(all.test.images.subarray(0, 7 * 3072));
  expect([...few.test.labels]).toEqual([...all.test.labels.slice(0, 7)]);
  expect((await loadTask("digits", { cacheFolder, testImages: 5000 })).test.count).toBe(2000);
});

test("an unknown task and wrong settings are all named", async () => {
  const fault: unknown = await loadTask("cifar", { imageSize: 4, testImages: 1.5 }).catch((thrown: unknown) => thrown);
  expect(fault).toBeInstanceOf(UsageError);
  expect((fault as UsageError).message).toBe(
    `loadTask: task is "cifar", expected one of ${taskNames.join(", ")}.\n` +
      "loadTask: imageSize is 4, expected a whole number from 8 to 512 (pixels a side).\n" +
      "loadTask: testImages is 1.5, expected a whole number of at least 1.",
  );
});
