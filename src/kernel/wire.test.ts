import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { channelAddress, connectionFileText, readConnectionFile } from "./connection.js";
import { SendQueue } from "./send-queue.js";
import { StreamJoiner, type StreamPiece } from "./stream-joiner.js";

test("a second send starts only when the first has ended, and a failed one does not stop the next", async () => {
  const log: string[] = [];
  const queue = new SendQueue({
    async send([name]) {
      log.push(`start ${String(name)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.push(`end ${String(name)}`);
      if (name === "b") throw new Error("closed");
    },
  });
  void queue.send(["a"]);
  void queue.send(["b"]);
  await queue.send(["c"]);
  expect(log).toEqual(["start a", "end a", "start b", "end b", "start c", "end c"]);
});

test("printed texts of one stream are joined, and the order between streams and requests is kept", async () => {
  const pieces: StreamPiece[] = [];
  const joiner = new StreamJoiner((piece) => pieces.push(piece));
  joiner.add({ requestId: "1", name: "stdout", text: "a" });
  joiner.add({ requestId: "1", name: "stdout", text: "b" });
  joiner.add({ requestId: "1", name: "stderr", text: "c" });
  joiner.add({ requestId: "2", name: "stderr", text: "d" });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(pieces.map(({ requestId, name, text }) => `${requestId} ${name} ${text}`)).toEqual(["1 stdout ab", "1 stderr c", "2 stderr d"]);
});

test("a connection file is read back as it was written, and each channel has its address", () => {
  const folder = mkdtempSync(join(tmpdir(), "connection-"));
  const path = join(folder, "kernel.json");
  const connection = { transport: "ipc", ip: "/tmp/k", key: "abc", ports: { shell: 1, iopub: 2, stdin: 3, control: 4, hb: 5 } };
  writeFileSync(path, connectionFileText(connection));
  expect(readConnectionFile(path)).toEqual(connection);
  expect(channelAddress(connection, "control")).toBe("ipc:///tmp/k-4");
  expect(channelAddress({ ...connection, transport: "tcp", ip: "127.0.0.1" }, "iopub")).toBe("tcp://127.0.0.1:2");
  writeFileSync(path, '{"shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"signature_scheme":"hmac-md5"}');
  expect(() => readConnectionFile(path)).toThrow(
    `kernel: hb_port in ${path} is undefined, expected a number.\nkernel: signature_scheme in ${path} is hmac-md5, expected hmac-sha256.`,
  );
  rmSync(folder, { recursive: true });
});
