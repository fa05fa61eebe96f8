/**
 * @file Random weights of a known family, for tests that need files but no accuracy.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { familyOf } from "../anchors/registry.js";
import { writeSafetensors } from "../anchors/safetensors.js";
import { vitModules } from "../anchors/vit-shape.js";
import { createRng } from "../rng.js";
import { randomParameters } from "../training/pretrain.js";

/** Writes one file an anchor, as the registry names them. */
export function writeRandomAnchors(folder: string, familyId = "mini"): void {
  mkdirSync(folder, { recursive: true });
  for (const { file, config } of familyOf(familyId).anchors) {
    const parameters = Object.entries(randomParameters(vitModules(config), createRng(0))).filter(([name]) => !name.startsWith("head."));
    writeSafetensors(join(folder, file), Object.fromEntries(parameters), { dtype: "F16" });
  }
}
