/**
 * @file Options that say where the weights of a pair of decoders lie.
 */
import type { Command } from "commander";
import { existsSync } from "node:fs";
import { UsageError } from "../checks.js";
import { pairFolders } from "../experiments/language-sources.js";
import { languagePairOf, otherPair, type PairFolders } from "../training/language-pairs.js";

/** Folders as commander names them. */
export interface PairOptions {
  readonly weightsSmall?: string;
  readonly weightsLarge?: string;
}

/** Adds `--weights-small` and `--weights-large`. */
export function withPairOptions(command: Command): Command {
  return command
    .option("--weights-small <folder>", "a pair of decoders: the smaller one in Hugging Face's layout")
    .option("--weights-large <folder>", "a pair of decoders: the larger one");
}

/** The folders that were given, or those named after the pair's anchors among the kit's weights; nothing where neither is there. @throws {UsageError} when one of two is missing. */
export function givenFolders(familyId: string, { weightsSmall, weightsLarge }: PairOptions): PairFolders | undefined {
  if (weightsSmall !== undefined && weightsLarge !== undefined) return { small: weightsSmall, large: weightsLarge };
  if (weightsSmall !== undefined || weightsLarge !== undefined) throw new UsageError(`family ${familyId}: one folder of weights arrived, expected both --weights-small and --weights-large.`);
  if (familyId === otherPair) return undefined;
  const folders = pairFolders({ family: languagePairOf(familyId).familyId, weightsSmall: null, weightsLarge: null });
  return existsSync(folders.small) && existsSync(folders.large) ? folders : undefined;
}

/** As {@link givenFolders}, where weights are needed. @throws {UsageError} saying how to get them. */
export function neededFolders(familyId: string, options: PairOptions): PairFolders {
  const folders = givenFolders(familyId, options);
  if (folders !== undefined) return folders;
  const obtain = familyId === otherPair ? "give both by --weights-small and --weights-large" : languagePairOf(familyId).obtain;
  throw new UsageError(`family ${familyId}: its weights are not here, expected a folder for each of the two decoders. To get them: ${obtain}.`);
}
