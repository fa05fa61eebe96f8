import { expect, test } from "vitest";
import { CellOutputs, type DisplayRegistry } from "./collected-outputs.js";
import { newHeader, type JsonObject, type Message } from "./message.js";

const message = (type: string, content: JsonObject): Message => ({ header: newHeader(type, "s", "k"), parent: {}, metadata: {}, content });
const display = (text: string, id: string): JsonObject => ({ data: { "text/plain": text }, metadata: {}, transient: { display_id: id } });

test("printed text of one stream becomes one output, and a display between keeps its place", () => {
  const cell = new CellOutputs(new Map());
  cell.take(message("stream", { name: "stdout", text: "a\n" }));
  cell.take(message("stream", { name: "stdout", text: "b\n" }));
  cell.take(message("display_data", display("shown", "1")));
  cell.take(message("stream", { name: "stdout", text: "c\n" }));
  expect(cell.outputs).toEqual([
    { output_type: "stream", name: "stdout", text: "a\nb\n" },
    { output_type: "display_data", data: { "text/plain": "shown" }, metadata: {} },
    { output_type: "stream", name: "stdout", text: "c\n" },
  ]);
});

test("an update reaches every display of its id, also in earlier cells, and no other", () => {
  const registry: DisplayRegistry = new Map();
  const [first, second] = [new CellOutputs(registry), new CellOutputs(registry)];
  first.take(message("display_data", display("old", "a")));
  first.take(message("display_data", display("other", "b")));
  second.take(message("display_data", display("old", "a")));
  second.take(message("update_display_data", display("new", "a")));
  expect(first.outputs.map((output) => "data" in output && output.data["text/plain"])).toEqual(["new", "other"]);
  expect(second.outputs).toMatchObject([{ data: { "text/plain": "new" } }]);
});

test("outputs are cleared at once, or when the next one comes", () => {
  const cell = new CellOutputs(new Map());
  cell.take(message("stream", { name: "stdout", text: "a" }));
  cell.take(message("clear_output", { wait: true }));
  expect(cell.outputs.length).toBe(1);
  cell.take(message("stream", { name: "stdout", text: "b" }));
  expect(cell.outputs).toEqual([{ output_type: "stream", name: "stdout", text: "b" }]);
  cell.take(message("clear_output", { wait: false }));
  expect(cell.outputs).toEqual([]);
});
