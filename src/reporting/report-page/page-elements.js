// Elements, numbers as texts, and the two colour themes; the first of the page's programs.

/** Makes an element; attributes by name, `on…` as handlers, children as nodes or texts. */
const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
};
const percent = (fraction) => (100 * fraction).toFixed(1);
const grouped = (count) => Math.round(count).toLocaleString("en-GB");
const engineering = (count) => {
  const [scale, unit] = count >= 1e9 ? [1e9, "G"] : count >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  return `${Number((count / scale).toPrecision(3))} ${unit}`;
};
const plusMinus = (mean, spread) => `${percent(mean)}${spread === null ? "" : ` ± ${percent(spread)}`}`;
const stored = (name, value) => {
  try {
    if (value !== undefined) localStorage.setItem(name, value);
    return localStorage.getItem(name);
  } catch {
    return null; // a page from disk may have no storage
  }
};

const root = document.documentElement;
const themeButton = document.getElementById("theme");
const darkOf = { "#1a1a1a": "#e9eaec", "#555555": "#b1b5bc", "#4d4d4d": "#8a9099", "#c8c8c8": "#565c66", "#ececec": "#2c3138", "#ffffff": "#16181c", "#000000": "#e9eaec", "#0072b2": "#56a8e0" };
const isDark = () => root.dataset.theme === "dark";
const themed = (value) => {
  if (typeof value === "string") return isDark() ? value.replace(/#[0-9a-f]{6}/gi, (color) => darkOf[color.toLowerCase()] ?? color) : value;
  if (Array.isArray(value)) return value.map(themed);
  if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, themed(one)]));
  return value;
};
const setTheme = (theme) => {
  root.dataset.theme = theme;
  themeButton.textContent = theme === "dark" ? "Light" : "Dark";
  themeButton.setAttribute("aria-label", `Change to ${theme === "dark" ? "light" : "dark"} colours`);
  redrawPlots();
};
themeButton.addEventListener("click", () => {
  const next = isDark() ? "light" : "dark";
  stored("esta-theme", next);
  setTheme(next);
});
