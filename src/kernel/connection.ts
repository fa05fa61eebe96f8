/**
 * @file The connection file: where a kernel listens and the key that signs its messages.
 */
import { readFileSync } from "node:fs";
import { UsageError } from "../checks.js";

/** The five channels of a kernel. */
export const CHANNELS = ["shell", "iopub", "stdin", "control", "hb"] as const;

/** The name of one channel. */
export type Channel = (typeof CHANNELS)[number];

/** What a connection file says. With transport `ipc`, `ip` is the beginning of a socket's path and a port its ending. */
export interface ConnectionInfo {
  readonly transport: string;
  readonly ip: string;
  readonly key: string;
  readonly ports: Readonly<Record<Channel, number>>;
}

/**
 * Reads a connection file.
 *
 * @throws {UsageError} when the file is missing, is not JSON, or lacks a port or the signature scheme differs from hmac-sha256.
 */
export function readConnectionFile(path: string): ConnectionInfo {
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`kernel: cannot read the connection file ${path} (${(error as Error).message}). Jupyter or \`esta notebook run\` writes it.`);
  }
  const problems: string[] = [];
  const port = (channel: Channel): number => {
    const value = found[`${channel}_port`];
    if (typeof value === "number") return value;
    problems.push(`kernel: ${channel}_port in ${path} is ${String(value)}, expected a number.`);
    return 0;
  };
  const ports = Object.fromEntries(CHANNELS.map((channel) => [channel, port(channel)])) as Record<Channel, number>;
  const scheme = found["signature_scheme"] ?? "hmac-sha256";
  if (scheme !== "hmac-sha256") problems.push(`kernel: signature_scheme in ${path} is ${String(scheme)}, expected hmac-sha256.`);
  if (problems.length > 0) throw new UsageError(problems);
  return { transport: String(found["transport"] ?? "tcp"), ip: String(found["ip"] ?? "127.0.0.1"), key: String(found["key"] ?? ""), ports };
}

/** Returns the ZeroMQ address of a channel. */
export function channelAddress(connection: ConnectionInfo, channel: Channel): string {
  const separator = connection.transport === "ipc" ? "-" : ":";
  return `${connection.transport}://${connection.ip}${separator}${connection.ports[channel]}`;
}

/** Writes a connection as the JSON of a connection file. */
export function connectionFileText(connection: ConnectionInfo): string {
  const ports = Object.fromEntries(CHANNELS.map((channel) => [`${channel}_port`, connection.ports[channel]]));
  const { transport, ip, key } = connection;
  return JSON.stringify({ transport, ip, key, signature_scheme: "hmac-sha256", kernel_name: "esta", ...ports });
}
