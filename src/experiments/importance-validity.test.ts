import { expect, test } from "vitest";
import { gradientAngles } from "./gradient-angles.js";
import { importanceValidity } from "./importance-validity.js";

test.each([importanceValidity, gradientAngles])("the paper profile of $id trains for a hundred epochs, validation images left out", (experiment) => {
  const { note } = experiment.plan("paper");
  expect(note).toContain("100 epochs of batch 64 on 800 images, learning rate 0.001,");
  expect(note).not.toContain("SN-Net");
});

test("scores are means of no more batches than the training images fill", () => {
  const faults = (scoreBatches: number): readonly string[] => importanceValidity.plan("laptop", { changes: { scoreBatches } }).faults();
  expect(faults(25)).toEqual([]);
  expect(faults(26)).toEqual([expect.stringMatching(/: scoreBatches is 26, expected a whole number from 1 to 25 \(the batches of the training images\)\.$/)]);
});
