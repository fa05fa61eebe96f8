/**
 * @file Collects what a kernel publishes into the outputs of notebook cells, as JupyterLab does.
 */
import type { JsonObject, Message } from "./message.js";
import type { NotebookOutput } from "./notebook-file.js";

/** Displays that may be updated later, also from another cell: display id → the outputs that show it. */
export type DisplayRegistry = Map<string, (NotebookOutput & { output_type: "display_data" | "execute_result" })[]>;

/** The outputs of one cell while it runs. */
export class CellOutputs {
  readonly outputs: NotebookOutput[] = [];
  private clearsBeforeNext = false;

  constructor(
    private readonly displays: DisplayRegistry,
    private readonly onOutput: (output: NotebookOutput) => void = () => undefined,
  ) {}

  /** Takes a message of the iopub channel; other kinds than outputs are ignored. */
  take({ header, content }: Message): void {
    switch (header.msg_type) {
      case "stream":
        return this.print(content["name"] === "stderr" ? "stderr" : "stdout", String(content["text"] ?? ""));
      case "display_data":
      case "execute_result":
        return this.show(header.msg_type, content);
      case "update_display_data":
        return this.update(content);
      case "error":
        return this.add({
          output_type: "error",
          ename: String(content["ename"] ?? "Error"),
          evalue: String(content["evalue"] ?? ""),
          traceback: (content["traceback"] ?? []) as readonly string[],
        });
      case "clear_output":
        if (content["wait"] === true) this.clearsBeforeNext = true;
        else this.outputs.length = 0;
    }
  }

  private print(name: "stdout" | "stderr", text: string): void {
    this.clearIfDue();
    const last = this.outputs.at(-1);
    if (last?.output_type === "stream" && last.name === name) last.text = `${String(last.text)}${text}`;
    else this.outputs.push({ output_type: "stream", name, text });
    this.onOutput({ output_type: "stream", name, text });
  }

  private show(type: "display_data" | "execute_result", content: JsonObject): void {
    const data = (content["data"] ?? {}) as JsonObject;
    const metadata = (content["metadata"] ?? {}) as JsonObject;
    const count = content["execution_count"];
    const output =
      type === "display_data"
        ? ({ output_type: type, data, metadata } as const)
        : ({ output_type: type, data, metadata, execution_count: typeof count === "number" ? count : null } as const);
    const id = (content["transient"] as JsonObject | undefined)?.["display_id"];
    if (typeof id === "string") this.displays.set(id, [...(this.displays.get(id) ?? []), output]);
    this.add(output);
  }

  private update(content: JsonObject): void {
    const id = (content["transient"] as JsonObject | undefined)?.["display_id"];
    for (const output of this.displays.get(String(id)) ?? []) {
      output.data = (content["data"] ?? {}) as JsonObject;
      output.metadata = (content["metadata"] ?? {}) as JsonObject;
      this.onOutput(output);
    }
  }

  private add(output: NotebookOutput): void {
    this.clearIfDue();
    this.outputs.push(output);
    this.onOutput(output);
  }

  private clearIfDue(): void {
    if (this.clearsBeforeNext) this.outputs.length = 0;
    this.clearsBeforeNext = false;
  }
}
