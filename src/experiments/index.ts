/**
 * @file Every experiment of the kit: a static list, so that tools and kernels can follow the imports.
 */
import { UsageError } from "../checks.js";
import { profiles, type Experiment, type Profile } from "./experiment.js";
import { deploymentStages } from "./deployment-stages.js";
import { gradientAngles } from "./gradient-angles.js";
import { instructionFollowing } from "./instruction-following.js";
import { importanceValidity } from "./importance-validity.js";
import { learningRates } from "./learning-rates.js";
import { loraVsFull } from "./lora-vs-full.js";
import { peftTechniques } from "./peft-techniques.js";
import { rankAblation } from "./rank-ablation.js";
import { samplingAblation } from "./sampling-ablation.js";
import { stitchSpaceIdentities } from "./stitch-space-identities.js";
import { vtabStitching } from "./vtab-stitching.js";

/** In the order in which they are run: those of few long runs before those of many short ones, so that several workers end at about the same time. */
export const experiments: readonly Experiment[] = [stitchSpaceIdentities, vtabStitching, learningRates, instructionFollowing, samplingAblation, importanceValidity, gradientAngles, deploymentStages, rankAblation, peftTechniques, loraVsFull];

/** The experiment of that id. @throws {UsageError} listing the known ones. */
export function experimentOf(id: string): Experiment {
  const experiment = experiments.find((one) => one.id === id);
  if (experiment === undefined) throw new UsageError(`run: experiment ${JSON.stringify(id)} is not known, expected one of ${experiments.map((one) => one.id).join(", ")}.`);
  return experiment;
}

/** The profile of that name. @throws {UsageError} listing the known ones. */
export function profileOf(name: string): Profile {
  const profile = profiles.find((one) => one === name);
  if (profile === undefined) throw new UsageError(`run: profile ${JSON.stringify(name)} is not known, expected one of ${profiles.join(", ")}.`);
  return profile;
}
