/**
 * @file What the two threads of the kernel say to each other.
 */
import type { ConnectionInfo } from "./connection.js";
import type { JsonObject, MessageHeader, RoutedMessage } from "./message.js";

/** What the socket thread is started with. */
export interface SocketThreadData {
  readonly connection: ConnectionInfo;
  readonly flagMemory: SharedArrayBuffer;
  /** The content of kernel_info_reply. */
  readonly kernelInfo: JsonObject;
}

/** From the main thread: send this. */
export type ToSockets =
  | { readonly kind: "publish"; readonly parent: Partial<MessageHeader>; readonly type: string; readonly content: JsonObject; readonly metadata: JsonObject }
  | { readonly kind: "print"; readonly parent: Partial<MessageHeader>; readonly name: "stdout" | "stderr"; readonly text: string }
  | { readonly kind: "reply"; readonly to: RoutedMessage; readonly type: string; readonly content: JsonObject };

/** From the socket thread. */
export type FromSockets =
  | { readonly kind: "request"; readonly message: RoutedMessage }
  | { readonly kind: "interrupt"; readonly count: number }
  | { readonly kind: "exit" };
