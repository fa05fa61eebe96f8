import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changedSettings, parseAssignments, readSettingsFile, type SettingKind } from "./settings.js";

const kinds: Record<string, SettingKind> = { steps: "number", testImages: "number?", family: "text", folder: "text?", tasks: "texts", refit: "flag" };
const defaults = { steps: 10, testImages: null, family: "mini", folder: null, tasks: ["digits"], refit: false };

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "esta-settings-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("assignments are read by the kind of their key", () => {
  expect(parseAssignments("settings", ["steps=1e3", "testImages=none", "family=8", "folder=a=b", "tasks=digits, cifar", "refit=true"], kinds)).toEqual({ refit: true, steps: 1000, testImages: null, family: "8", folder: "a=b", tasks: ["digits", "cifar"] });
});

test("every bad assignment is named at once", () => {
  expect(() => parseAssignments("settings of x", ["steps=many", "step=1", "steps", "=3", "steps=", "toString=1", "refit=yes"], kinds)).toThrow(
    [
      'settings of x: steps is "many", expected a number.',
      "settings of x: step is not a setting, expected one of steps, testImages, family, folder, tasks, refit.",
      'settings of x: --set "steps" has no "=", expected key=value.',
      'settings of x: --set "=3" has no "=", expected key=value.',
      'settings of x: steps is "", expected a number.',
      "settings of x: toString is not a setting, expected one of steps, testImages, family, folder, tasks, refit.",
      'settings of x: refit is "yes", expected true or false.',
    ].join("\n"),
  );
});

test("changes from a file are held to the kinds too", () => {
  expect(changedSettings("settings", defaults, kinds as never, { steps: 5 })).toEqual({ ...defaults, steps: 5 });
  expect(() => changedSettings("settings of x", defaults, kinds as never, { steps: "5", testImages: "all", family: null, folder: 1, tasks: "digits", refit: "false", colour: 1 })).toThrow(
    [
      'settings of x: steps is "5", expected a number.',
      'settings of x: testImages is "all", expected a number or none.',
      "settings of x: family is none, expected a text.",
      "settings of x: folder is 1, expected a text or none.",
      'settings of x: tasks is "digits", expected a list of texts.',
      'settings of x: refit is "false", expected true or false.',
      "settings of x: colour is not a setting, expected one of steps, testImages, family, folder, tasks, refit.",
    ].join("\n"),
  );
});

test("a settings file that is not JSON is told with line and column", () => {
  const path = join(folder, "settings.json");
  const fault = (text: string): string => {
    writeFileSync(path, text);
    try {
      return JSON.stringify(readSettingsFile(path));
    } catch (error) {
      return (error as Error).message.replaceAll(path, "FILE");
    }
  };
  const example = 'A settings file is one JSON object, for instance {"steps": 200}.';
  expect(fault('{\n  "steps": 200,\n}')).toBe(`settings FILE: line 3, column 1: found "}", expected a name in double quotes. ${example}`);
  expect(fault("{steps: 200}")).toBe(`settings FILE: line 1, column 2: found "s", expected a name in double quotes. ${example}`);
  expect(fault('{"steps": 200')).toBe(`settings FILE: line 1, column 14: found the end of the file, expected "," or "}". ${example}`);
  expect(fault("")).toBe(`settings FILE: line 1, column 1: found the end of the file, expected a value. ${example}`);
  expect(fault('{"steps": .5}')).toBe(`settings FILE: line 1, column 11: found ".", expected a value. ${example}`);
  expect(fault('{"steps" 5}')).toBe(`settings FILE: line 1, column 10: found "5", expected ":". ${example}`);
  expect(fault('{"a": 1} 2')).toBe(`settings FILE: line 1, column 10: found "2", expected the end of the file. ${example}`);
  expect(fault("[1]")).toBe(`settings FILE: holds "[1]", expected one JSON object, for instance {"steps": 200}.`);
  expect(fault('\uFEFF{"steps": 200}')).toBe('{"steps":200}');
  expect(() => readSettingsFile(join(folder, "none.json"))).toThrow(`settings ${join(folder, "none.json")}: cannot be read (ENOENT), expected a JSON file. Check the path.`);
});
