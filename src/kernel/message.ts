/**
 * @file Jupyter messages on the wire: frames, signatures, headers (messaging protocol 5.3).
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** The frame between the routing identities and the signed parts. */
const DELIMITER = "<IDS|MSG>";

/** The version of the messaging protocol that kernel and runner speak. */
export const PROTOCOL_VERSION = "5.3";

/** A JSON object as it arrives: nothing about its fields is known before they are looked at. */
export type JsonObject = Record<string, unknown>;

/** Who sent a message, in which session, and of which kind it is. */
export interface MessageHeader {
  readonly msg_id: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly msg_type: string;
  readonly version: string;
}

/** A message without its route. `parent` is the header of the request it answers, or empty. */
export interface Message {
  readonly header: MessageHeader;
  readonly parent: Partial<MessageHeader>;
  readonly metadata: JsonObject;
  readonly content: JsonObject;
}

/** A message that arrived, with the identities that a reply must carry back. */
export interface RoutedMessage extends Message {
  readonly identities: readonly Uint8Array[];
}

/** Makes the header of a new message. */
export function newHeader(messageType: string, session: string, username: string): MessageHeader {
  return { msg_id: randomUUID(), session, username, date: new Date().toISOString(), msg_type: messageType, version: PROTOCOL_VERSION };
}

/** Lays a message out as ZeroMQ frames: identities, delimiter, signature, then the four JSON parts. */
export function encodeMessage(key: string, identities: readonly (string | Uint8Array)[], message: Message): (string | Uint8Array)[] {
  const parts = [message.header, message.parent, message.metadata, message.content].map((part) => JSON.stringify(part));
  return [...identities, DELIMITER, signature(key, parts), ...parts];
}

/**
 * Reads a message from its ZeroMQ frames.
 *
 * @returns the message, or `undefined` when the frames are no Jupyter message or the signature is not that of `key`.
 */
export function decodeMessage(key: string, frames: readonly Uint8Array[]): RoutedMessage | undefined {
  const at = frames.findIndex((frame) => Buffer.from(frame).toString("latin1") === DELIMITER);
  const signed = frames.slice(at + 2, at + 6);
  const given = frames[at + 1];
  if (at < 0 || given === undefined || signed.length < 4) return undefined;
  if (key !== "" && !sameBytes(Buffer.from(signature(key, signed)), given)) return undefined;
  try {
    const [header, parent, metadata, content] = signed.map((part) => JSON.parse(Buffer.from(part).toString("utf8")) as JsonObject);
    if (typeof header?.["msg_type"] !== "string" || typeof header["msg_id"] !== "string") return undefined;
    return {
      identities: frames.slice(0, at),
      header: header as unknown as MessageHeader,
      parent: (parent ?? {}) as Partial<MessageHeader>,
      metadata: metadata ?? {},
      content: content ?? {},
    };
  } catch {
    return undefined;
  }
}

/** HMAC-SHA256 in hexadecimal over the parts; an empty key means that messages are not signed. */
function signature(key: string, parts: readonly (string | Uint8Array)[]): string {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
