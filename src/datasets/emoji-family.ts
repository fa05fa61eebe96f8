/**
 * @file Which emoji are variants of one drawing: they must not be on both sides of a split.
 */

const ZERO_WIDTH_JOINER = 0x200d;
const EMOJI_STYLE = 0xfe0f;
/** Signs that choose a variant: woman, man, facing right; hair colours and skin tones follow as ranges. */
const VARIANT_SIGNS = new Set([ZERO_WIDTH_JOINER, EMOJI_STYLE, 0x2640, 0x2642, 0x27a1]);
/** Boy, girl, man, woman; child, adult, older adult; older man and woman, baby. */
const PEOPLE = new Set([0x1f466, 0x1f467, 0x1f468, 0x1f469, 0x1f9d1, 0x1f9d2, 0x1f9d3, 0x1f474, 0x1f475, 0x1f476]);

/**
 * Names the family of an emoji: skin tones, genders, ages, hair and direction do not count, any number of people is as one,
 * and all clock faces are one family.
 */
export function emojiFamily(emoji: string): string {
  const signs: string[] = [];
  for (const point of codePoints(emoji)) {
    if (VARIANT_SIGNS.has(point) || isBetween(point, 0x1f3fb, 0x1f3ff) || isBetween(point, 0x1f9b0, 0x1f9b3)) continue;
    const sign = PEOPLE.has(point) ? "person" : isBetween(point, 0x1f550, 0x1f567) ? "clock" : point.toString(16);
    if (sign !== "person" || !signs.includes("person")) signs.push(sign);
  }
  return signs.join("-");
}

/** Twemoji's file name: the code points in hexadecimal, the style mark left out unless the emoji is joined from several. */
export function twemojiFile(emoji: string): string {
  const points = codePoints(emoji);
  const kept = points.includes(ZERO_WIDTH_JOINER) ? points : points.filter((point) => point !== EMOJI_STYLE);
  return `${kept.map((point) => point.toString(16)).join("-")}.svg`;
}

function codePoints(text: string): number[] {
  return Array.from(text, (sign) => sign.codePointAt(0)!);
}

function isBetween(point: number, first: number, last: number): boolean {
  return point >= first && point <= last;
}
