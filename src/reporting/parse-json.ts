/**
 * @file Reads JSON that the kit itself wrote.
 */
import { UsageError } from "../checks.js";

/**
 * Parses a file's text.
 *
 * @param path - the file's name, for messages.
 * @param expected - what it should hold.
 * @throws {UsageError} when it is not JSON.
 */
export function parseJson(text: string, path: string, expected: string, advice: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${path}: not JSON (${(cause as Error).message}), expected ${expected}. ${advice}`);
  }
}
