/**
 * @file `esta list`: what there is to run, and with which settings.
 */
import type { Command } from "commander";
import { families } from "../anchors/registry.js";
import { listTasks } from "../datasets/registry.js";
import { experimentOf, experiments } from "../experiments/index.js";
import { profiles, type Experiment } from "../experiments/experiment.js";
import type { Json } from "../reporting/run-record.js";
import { languagePairs, otherPair } from "../training/language-pairs.js";
import type { Terminal } from "./terminal.js";
import { textTable } from "./text-table.js";

/** Adds the command. */
export function addListCommand(program: Command, terminal: Terminal): void {
  program
    .command("list")
    .description("list experiments, families and tasks; with an experiment's id, its settings in every profile")
    .argument("[experiment]", "id of an experiment")
    .addHelpText("after", "\nExamples:\n  esta list\n  esta list vtab-stitching")
    .action((id: string | undefined) => {
      for (const line of id === undefined ? overview() : settingsLines(experimentOf(id))) terminal.print(line);
    });
}

const otherDecoders = { familyId: otherPair, about: "any two LLaMA-style decoders with one tokenizer", obtain: languagePairs.at(-1)!.obtain };

function overview(): string[] {
  return [
    "Experiments (esta run ID)",
    ...textTable(["id", "question"], experiments.map(({ id, question }) => [id, question])),
    "",
    "Families of anchors",
    ...textTable(["id", "what", "weights"], families.map(({ familyId, about, obtain }) => [familyId, about, obtain])),
    "",
    "Pairs of decoders",
    ...textTable(["id", "what", "weights"], [...languagePairs, otherDecoders].map(({ familyId, about, obtain }) => [familyId, about, obtain])),
    "",
    "Tasks without a download",
    ...textTable(["name", "group", "classes", "source"], listTasks().map(({ name, group, classes, source }) => [name, group, String(classes), source]), [2]),
  ];
}

function settingsLines(experiment: Experiment): string[] {
  const all = profiles.map((profile) => experiment.settingsOf(profile));
  const rows = Object.keys(experiment.kinds).map((key) => [key, experiment.kinds[key]!, ...all.map((settings) => settingText(settings[key]!))]);
  const seeds = ["seeds", "numbers", ...profiles.map((profile) => experiment.seedsOf(profile).join(","))];
  return [`${experiment.id}: ${experiment.question}`, `claim: ${experiment.claim}`, "", ...textTable(["setting", "kind", ...profiles], [...rows, seeds])];
}

function settingText(value: Json): string {
  if (value === null) return "none";
  return Array.isArray(value) && value.length > 3 ? `${value.slice(0, 2).join(",")},… (${value.length})` : String(value);
}
