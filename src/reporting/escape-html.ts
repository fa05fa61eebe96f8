/**
 * @file Any text inside HTML or SVG.
 */

/** Text that is safe as content and in attributes of HTML and SVG. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
