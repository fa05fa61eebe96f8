/**
 * @file What `plan`, `run` and `report` are told: experiments, profile, changed settings.
 */
import { Option, type Command } from "commander";
import { experimentOf, experiments, profileOf } from "../experiments/index.js";
import { profiles, type Experiment, type PlannedExperiment } from "../experiments/experiment.js";
import { parseAssignments, readSettingsFile } from "../experiments/settings.js";
import { sharedAmong, type FindShared } from "../experiments/shared-runs.js";
import { defaultResults, repeated, wholeNumbers } from "./options.js";

/** Options of the commands that plan. */
export interface PlanCommandOptions {
  readonly profile: string;
  readonly results: string;
  readonly set?: readonly string[];
  readonly settings?: string;
  readonly seeds?: readonly number[];
  readonly name?: string;
}

/** Adds the experiments' argument and the options of {@link PlanCommandOptions}; a profile may stand before the experiments, as with reproduce.sh. */
export function withPlanOptions(command: Command): Command {
  return command
    .argument("[experiments...]", "experiments by id (default: all); a profile may stand before them")
    .hook("preAction", (_, called) => {
      const [ids] = called.processedArgs as [string[]];
      if (profiles.some((profile) => profile === ids[0])) called.setOptionValue("profile", ids.shift());
    })
    .option("--profile <name>", "quick, laptop or paper", "quick")
    .addOption(new Option("--results <folder>", "folder of results").default(defaultResults, "results in the kit's folder"))
    .option("--set <key=value>", "change a setting; may be repeated; lists by commas, \"none\" for none", repeated)
    .option("--settings <file>", "JSON file of changed settings; --set goes before it")
    .option("--seeds <list>", "seeds by commas, in place of the profile's", wholeNumbers(0))
    .option("--name <name>", "name of the results' folder (default: the profile; \"own\" where something was changed)");
}

/** The experiments of those ids, planned. @throws {UsageError} for unknown ids, profiles, keys, or a settings file that is not JSON. */
export function plannedExperiments(ids: readonly string[], options: PlanCommandOptions): PlannedExperiment[] {
  const profile = profileOf(options.profile);
  const chosen: readonly Experiment[] = ids.length === 0 ? experiments : ids.map(experimentOf);
  return chosen.map((experiment) => {
    const fromFile = options.settings === undefined ? {} : readSettingsFile(options.settings);
    const changes = { ...fromFile, ...parseAssignments(`settings of ${experiment.id}`, options.set ?? [], experiment.kinds) };
    return experiment.plan(profile, {
      changes,
      ...(isChanged(options) ? { command: commandText(experiment.id, options) } : {}),
      ...(options.seeds === undefined ? {} : { seeds: options.seeds }),
      ...(options.name === undefined ? {} : { name: options.name }),
    });
  });
}

/** Finds finished runs that may serve these: of every experiment of the profile, or of those planned alike where something was changed. */
export function sharedWith(planned: readonly PlannedExperiment[], options: PlanCommandOptions): FindShared {
  return sharedAmong(options.results, isChanged(options) ? planned : plannedExperiments([], options));
}

function isChanged({ set, settings, seeds, name }: PlanCommandOptions): boolean {
  return [set, settings, seeds, name].some((option) => option !== undefined);
}

/** The command that runs a changed plan again. */
function commandText(id: string, { results: _, ...options }: PlanCommandOptions): string {
  return ["esta run", id, ...planArguments(options)].join(" ");
}

/** The options as words of a command line. */
export function planArguments({ profile, results, set = [], settings, seeds, name }: Omit<PlanCommandOptions, "results"> & Partial<Pick<PlanCommandOptions, "results">>): string[] {
  return [
    ...["--profile", profile],
    ...(results === undefined ? [] : ["--results", results]),
    ...(settings === undefined ? [] : ["--settings", settings]),
    ...set.flatMap((assignment) => ["--set", assignment]),
    ...(seeds === undefined ? [] : ["--seeds", seeds.join(",")]),
    ...(name === undefined ? [] : ["--name", name]),
  ];
}
