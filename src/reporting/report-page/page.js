// The report page: claims first, then the explorer, then each experiment. `report` and `Plotly` stand before it.

const marks = { supported: "✓", contradicted: "✗", undecided: "?" };

/** Claims of one source as a table; on a narrow screen each row becomes a card. */
const claimTable = (title, rows) => (rows.length === 0 ? [] : [
  el("h3", {}, title),
  el("div", { class: "scroll claims", tabindex: "0", role: "region", "aria-label": title }, el("table", { class: "claims" },
    el("thead", {}, el("tr", {}, ...["Verdict", "Claim", "Ours", "Experiment"].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, ...rows.map((claim) => el("tr", {},
      el("td", {}, el("span", { class: `verdict ${claim.verdict}` }, `${marks[claim.verdict]} ${claim.verdict}`)),
      el("td", {}, claim.claim),
      el("td", {}, el("strong", {}, claim.oursText), ` ${claim.measure}`, el("div", { class: "note" }, claim.reasonText)),
      el("td", {}, el("a", { href: `#${claim.experiment}` }, claim.experiment), claim.partial ? ", partial" : "")))))),
]);
const claims = () => {
  const rows = report.experiments.flatMap(({ summary, claimTexts, missing }) => summary.claims.map((claim, index) => ({ ...claim, ...claimTexts[index], experiment: summary.experiment, partial: missing !== null })));
  return el("section", { id: "claims" }, el("h2", {}, "What was claimed, and what came out"),
    el("p", { class: "lead" }, report.tally),
    el("p", { class: "note" }, "Only the direction of an effect is tested, never a published number. Supported or contradicted: the 95 % interval of the mean over seeds lies on one side of zero."),
    ...(rows.length === 0 ? [el("p", {}, "No claim was tested.")] : []),
    ...claimTable("Claims of the paper", rows.filter(({ source }) => source === "paper")),
    ...claimTable("Our own questions", rows.filter(({ source }) => source !== "paper")));
};

const plain = (value) => (value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
const pairsTable = (label, pairs) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, el("table", {}, el("tbody", {}, ...pairs.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "value" }, plain(value)))))));

/** Everything that a run's record says of its causes, by name. */
const provenanceOf = (run) => ({
  ...run.settings, commit: run.code.commit === null ? null : `${run.code.commit}${run.code.dirty ? " (changed files)" : ""}`, engine: `${run.engine.backend}, ${run.engine.threads} threads`,
  machine: `${run.machine.cpu}, ${run.machine.cores} cores, ${run.machine.platform}, Node ${run.machine.node}`, versions: Object.entries(run.versions).map((pair) => pair.join(" ")).join(", "),
  weights: run.weights.map(({ name, sha256 }) => `${name} ${sha256.slice(0, 12)}`).join(", "), data: run.data.map(({ name, sha256 }) => `${name} ${sha256.slice(0, 12)}`).join(", "),
});

/** What all runs have in common once, and a table of what differs. */
const runsElement = (runs, experiment) => {
  if (runs.length === 0) return el("p", { class: "note" }, "The records of its runs are not beside these results: run it again to have their settings and provenance here.");
  const all = runs.map(provenanceOf);
  const names = [...new Set(all.flatMap(Object.keys))];
  const isCommon = (name) => all.every((one) => plain(one[name]) === plain(all[0][name]));
  const differing = names.filter((name) => !isCommon(name));
  const columns = [
    { key: "run", label: "Run", format: "text" }, { key: "status", label: "Status", format: "text" }, { key: "seconds", label: "Seconds", format: "number" }, { key: "peak", label: "Peak memory (MiB)", format: "number" }, { key: "rows", label: "Rows", format: "count" },
    ...differing.map((name) => ({ key: name, label: name, format: "text" })), { key: "sha", label: "sha256 of rows", format: "text" }, { key: "cause", label: "sha256 of causes", format: "text" },
  ];
  const rows = runs.map((run, index) => ({
    ...Object.fromEntries(differing.map((name) => [name, plain(all[index][name])])), run: run.run, status: run.reason === null ? run.status : `${run.status}: ${run.reason}`, seconds: run.seconds, peak: run.peakBytes === null ? null : Math.round(run.peakBytes / 2 ** 20), rows: run.rows,
    sha: run.rowsSha256?.slice(0, 12) ?? null, cause: run.settingsSha256.slice(0, 12),
  }));
  return el("details", {}, el("summary", {}, `Settings and provenance of ${runs.length} ${runs.length === 1 ? "run" : "runs"}`),
    el("h4", {}, "The same in all of them"), pairsTable(`common settings of ${experiment}`, names.filter(isCommon).map((name) => [name, all[0][name]])),
    el("h4", {}, "Run by run"), tableElement({ columns, rows, label: `runs of ${experiment}` }).node);
};

const experimentElement = ({ summary, finding, missing, figures, tables, runs }) => el("section", { id: summary.experiment }, el("h2", {}, summary.question),
  ...(finding.length === 0 ? [] : [el("ul", {}, ...finding.map((sentence) => el("li", {}, sentence)))]),
  ...(missing === null ? [] : [el("p", { class: "partial" }, missing)]),
  el("p", { class: "note" }, `${summary.experiment} — ${summary.note}. Made by `, el("code", {}, summary.command), "; rows in ", el("a", { href: `${summary.experiment}/rows.csv` }, "rows.csv"), "."),
  ...figures.flatMap((figure) => [el("h3", {}, `Figure: ${figure.name}`), figureElement(figure, `${summary.experiment}: ${figure.name}`)]),
  ...tables.flatMap((table) => [el("h3", {}, table.title), ...(table.legend ? [el("p", { class: "note" }, table.legend)] : []), tableElement({ columns: table.columns, rows: table.rows, label: table.title, file: `${summary.experiment}/tables/${table.id}.csv` }).node]),
  runsElement(runs, summary.experiment));

setTheme(stored("esta-theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
const exploring = explorer();
document.getElementById("main").replaceChildren(claims(), ...(exploring === null ? [] : [exploring]), ...report.experiments.map(experimentElement));
const links = [["claims", "Claims"], ...(exploring === null ? [] : [["explorer", "Explorer"]]), ...report.experiments.map(({ summary }) => [summary.experiment, summary.experiment])];
document.getElementById("contents").append(...links.map(([id, text]) => el("a", { href: `#${id}` }, text)));
// The header stays in sight, in as many lines as its links need: what a link leads to comes to rest below it.
new ResizeObserver(([{ target }]) => root.style.setProperty("--header", `${target.offsetHeight}px`)).observe(document.querySelector("header"));
