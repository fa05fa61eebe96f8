// Tables that sort by their headings and filter by a text.

const isMean = (cell) => cell !== null && typeof cell === "object";
const numberOf = (cell) => (isMean(cell) ? cell.mean : cell);
const cellText = (cell, column) => {
  if (cell === null || cell === undefined) return "–";
  const one = (value) => (column.format === "percent" ? percent(value) : column.format === "flops" ? `${engineering(value)}FLOPs` : column.format === "count" ? grouped(value) : typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value));
  if (isMean(cell)) return `${one(cell.mean)}${cell.spread === null ? "" : ` ± ${one(cell.spread)}`}`;
  return typeof cell === "string" ? (column.labels?.[cell] ?? cell) : one(cell);
};
/** A table that sorts by its headings and filters by a text. `rows` hold cells by the columns' keys; a column may `draw` its cell; `file` is linked. */
const tableElement = ({ columns, rows, label, rowClass = () => "", file = null }) => {
  let sortBy = null;
  let down = false;
  const body = el("tbody");
  const count = el("span", { "aria-live": "polite" });
  const numeric = columns.map(({ format, key }) => format !== "text" || rows.every((row) => typeof row[key] === "number"));
  const headings = columns.map((column, index) => {
    const button = el("button", { type: "button", onclick: () => { down = sortBy === column && !down; sortBy = column; fill(); } }, column.label);
    return el("th", { scope: "col", class: numeric[index] ? "number" : "" }, column.draw ? column.label : button);
  });
  const filter = el("input", { type: "search", placeholder: "Filter …", "aria-label": `Filter: ${label}`, oninput: () => fill() });
  const fill = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const texts = (row) => columns.map((column) => (column.draw ? "" : cellText(row[column.key], column))).join(" ").toLowerCase();
    let shown = rows.filter((row) => words.every((word) => texts(row).includes(word)));
    if (sortBy !== null) {
      shown = [...shown].sort((a, b) => {
        const [x, y] = [numberOf(a[sortBy.key]), numberOf(b[sortBy.key])];
        if (x === null || x === undefined) return 1; // what is missing stays last
        if (y === null || y === undefined) return -1;
        const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
        return down ? -order : order;
      });
    }
    headings.forEach((heading, index) => {
      const mine = columns[index] === sortBy;
      heading.setAttribute("aria-sort", mine ? (down ? "descending" : "ascending") : "none");
      if (!columns[index].draw) heading.firstChild.textContent = columns[index].label + (mine ? (down ? " ▾" : " ▴") : "");
    });
    body.replaceChildren(...shown.map((row) => el("tr", { class: rowClass(row) }, ...columns.map((column, index) => el("td", { class: numeric[index] ? "number" : "" }, column.draw ? column.draw(row) : cellText(row[column.key], column))))));
    count.textContent = shown.length === rows.length ? `${rows.length} rows` : `${shown.length} of ${rows.length} rows`;
  };
  fill();
  return { node: el("div", {}, el("div", { class: "filter" }, filter, count, ...(file === null ? [] : [el("a", { href: file }, "CSV")])), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, el("table", {}, el("thead", {}, el("tr", {}, ...headings)), body))), fill };
};
