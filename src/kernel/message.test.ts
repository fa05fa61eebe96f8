import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { decodeMessage, encodeMessage, newHeader, type Message } from "./message.js";

const message: Message = {
  header: newHeader("execute_request", "session-1", "reader"),
  parent: {},
  metadata: {},
  content: { code: "1 + 1 // ä 🙂" },
};
const bytes = (frames: readonly (string | Uint8Array)[]): Uint8Array[] => frames.map((frame) => Buffer.from(frame));

test("a message that is encoded and decoded is the same message with its identities", () => {
  const frames = bytes(encodeMessage("secret", [Buffer.from([0, 1, 255])], message));
  const back = decodeMessage("secret", frames);
  expect(back?.header).toEqual(message.header);
  expect(back?.content).toEqual(message.content);
  expect(back?.identities.map((id) => [...id])).toEqual([[0, 1, 255]]);
});

test("the signature is the hexadecimal HMAC-SHA256 of the four JSON parts in order", () => {
  const frames = bytes(encodeMessage("secret", [], message));
  const expected = createHmac("sha256", "secret").update(Buffer.concat(frames.slice(2))).digest("hex");
  expect(Buffer.from(frames[1] ?? []).toString()).toBe(expected);
});

test("a message signed with another key, changed on the way or cut short is refused", () => {
  const frames = bytes(encodeMessage("secret", [], message));
  expect(decodeMessage("other", frames)).toBeUndefined();
  expect(decodeMessage("secret", [...frames.slice(0, 5), Buffer.from('{"code":"2"}')])).toBeUndefined();
  expect(decodeMessage("secret", frames.slice(0, 5))).toBeUndefined();
  expect(decodeMessage("secret", [Buffer.from("no delimiter")])).toBeUndefined();
});

test("with an empty key messages carry an empty signature and are accepted", () => {
  const frames = bytes(encodeMessage("", [], message));
  expect(Buffer.from(frames[1] ?? []).toString()).toBe("");
  expect(decodeMessage("", frames)?.content).toEqual(message.content);
});
