/**
 * @file What gradient-angles found, in sentences: angles by scope of the biases, along the training and by distance, and CKA.
 */
import { listText, numberText, oursText } from "./claim-text.js";
import { judge, type Verdict } from "./claims.js";
import { aboveOwn, conflictMean, conflicts, type PairRow } from "./conflict.js";
import { groupBy, type MeanSpread } from "./seed-means.js";

type Measure = (row: PairRow) => number | null;
const angle: Measure = ({ degreesLora }) => degreesLora;
const cka: Measure = (row) => row.cka;

/** Scopes inside a sentence, in their order. */
const scopes = [["all", "with own biases"], ["shared", "with shared ones"], ["none", "with none"]] as const;

/** What is said of a difference to own biases; nothing is decided without a spread. */
type Answers = Readonly<Record<Verdict | "one seed", string>>;
const undecided = { undecided: "undecided", "one seed": "undecided with one seed" } as const;
const ofPaper: Answers = { supported: "for the paper, own biases bring updates closer", contradicted: "against the paper, own biases set updates further apart", ...undecided };
const ofCounted: Answers = { supported: "for the paper", contradicted: "against the paper", ...undecided };
const ofNone: Answers = { supported: "own biases bring updates closer", contradicted: "own biases set updates further apart", ...undecided };
const ofCka: Answers = { supported: "higher with shared biases than with own ones", contradicted: "lower with shared biases than with own ones", undecided: "no difference between shared and own biases is shown", "one seed": "one seed, no interval" };

/** For and against the paper; at the end of the training where no other time is named. */
export function conflictFindings(rows: readonly PairRow[]): string[] {
  const last = rows.filter(({ step, steps }) => step === steps);
  const measured = scopes.filter(([scope]) => last.some((row) => row.scope === scope));
  if (measured.length === 0) return [];
  const each = (textOf: (scope: string) => string): string => listText(measured.map(([scope, words]) => `${textOf(scope)} ${words}`));
  const mean = (some: readonly PairRow[], scope: string, measure: Measure): MeanSpread | null => conflictMean(some.filter((row) => row.scope === scope), measure);
  const degrees = (some: readonly PairRow[]) => (scope: string): string => oursText({ ours: mean(some, scope, angle), unit: "degrees" }).replace(/^\+/, "");
  const likeness = (some: readonly PairRow[]) => (scope: string): string => thousandths(mean(some, scope, cka));
  const start = Math.min(...rows.map(({ step }) => step));
  const distances = last.flatMap(({ distance }) => distance ?? []);
  const [near, far] = [Math.min(...distances), Math.max(...distances)];
  const at = (blocks: number): PairRow[] => last.filter(({ distance }) => distance === blocks);
  const pairs = [...groupBy(last, ({ first, second }) => `${first} ${second}`).values()];
  const meeting = pairs.filter((ofPair) => ofPair.some((row) => angle(row) !== null));
  return [
    `At the end of the training the mean angle between two stitches' low-rank updates, over the ${meeting.length} of ${pairs.length} pairs that have any in common, is ${each(degrees(last))}.`,
    ...differences(rows),
    `Of these pairs ${each((scope) => oursText({ ours: mean(last, scope, conflicts), unit: "share" }))} are more than 90° apart and work against each other.`,
    ...(start === last[0]!.step ? [] : [`After step ${start} the angle was ${each(degrees(rows.filter(({ step }) => step === start)))}.`]),
    ...(near < far ? [`Between stitches of the same two anchors, ${near} blocks apart, it is ${each(degrees(at(near)))}; ${far} blocks apart, ${each(degrees(at(far)))}.`] : []),
    `CKA of the features that leave the last block, over all pairs, is ${each(likeness(last))}${sharedCka(rows)}${near < far ? `; ${near} blocks apart, ${each(likeness(at(near)))}; ${far} blocks apart, ${each(likeness(at(far)))}` : ""}.`,
  ];
}

/** Angles less those with own biases. */
function differences(rows: readonly PairRow[]): string[] {
  const of = (ours: MeanSpread | null, text: (number: string) => string, answers: Answers): string[] => (ours === null ? [] : [text(`${numberText(ours, "degrees")}: ${answer(ours, answers)}`)]);
  return [
    ...of(aboveOwn(rows, "shared", angle), (number) => `Shared − own is ${number}.`, ofPaper),
    ...of(aboveOwn(rows, "shared", ({ degreesAll }) => degreesAll), (number) => `Counted on all that both stitches touch, shared biases with it, shared − own is ${number}.`, ofCounted),
    ...of(aboveOwn(rows, "none", angle), (number) => `None − own is ${number}.`, ofNone),
  ];
}

function sharedCka(rows: readonly PairRow[]): string {
  const ours = aboveOwn(rows, "shared", cka);
  return ours === null ? "" : ` (${answer(ours, ofCka)})`;
}

function answer(ours: MeanSpread, answers: Answers): string {
  return answers[ours.spread === null ? "one seed" : judge(ours).verdict];
}

function thousandths(ours: MeanSpread | null): string {
  return ours === null ? "–" : `${ours.mean.toFixed(3)}${ours.spread === null ? "" : ` ± ${ours.spread.toFixed(3)}`}`;
}
