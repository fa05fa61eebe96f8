/**
 * @file Keeps the last loaded thing, since neighbouring runs read the same task and the same anchors.
 */

/** Makes a loader that answers a repeated key from memory; a failed load is not kept. */
export function rememberLast<Value>(load: (key: string) => Promise<Value>): (key: string) => Promise<Value> {
  let last: { readonly key: string; readonly value: Promise<Value> } | undefined;
  return (key) => {
    if (last?.key === key) return last.value;
    const value = load(key);
    last = { key, value };
    value.catch(() => {
      if (last?.value === value) last = undefined;
    });
    return value;
  };
}
