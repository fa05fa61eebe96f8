import { expect, test } from "vitest";
import { emojiFamily, twemojiFile } from "./emoji-family.js";

test("skin tone, gender, age, hair and direction make no new family", () => {
  const running = ["🏃", "🏃🏽", "🏃‍♀️", "🏃🏿‍♂️", "🏃‍♀️‍➡️"].map(emojiFamily);
  expect(new Set(running).size).toBe(1);
  const cook = ["🧑‍🍳", "👩🏼‍🍳", "👨‍🍳"].map(emojiFamily);
  expect(new Set(cook).size).toBe(1);
  const bare = ["🧑", "👨‍🦰", "👩‍🦱", "👵", "👨‍👩‍👧‍👦", "👩‍👦"].map(emojiFamily);
  expect(new Set(bare).size).toBe(1);
  expect(new Set(["🕐", "🕧"].map(emojiFamily)).size).toBe(1);
});

test("different things are different families", () => {
  expect(new Set(["🏃", "🧑‍🍳", "🧑", "🕐", "🇫🇷", "🇫🇮", "❤️", "💚", "1️⃣", "2️⃣", "🐕", "🐕‍🦺"].map(emojiFamily)).size).toBe(12);
});

test("drawings are named by code points, the style mark only in joined emoji", () => {
  expect(twemojiFile("❤️")).toBe("2764.svg");
  expect(twemojiFile("❤️‍🔥")).toBe("2764-fe0f-200d-1f525.svg");
  expect(twemojiFile("🇫🇷")).toBe("1f1eb-1f1f7.svg");
});
