// The program of the report page: plain JavaScript of a browser; `report` and `Plotly` stand before it.
(() => {
  "use strict";

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
  const engineering = (count) => (count >= 1e9 ? `${(count / 1e9).toPrecision(3)} G` : count >= 1e6 ? `${(count / 1e6).toPrecision(3)} M` : `${(count / 1e3).toPrecision(3)} k`);
  const plusMinus = (mean, spread) => `${percent(mean)}${spread === null ? "" : ` ± ${percent(spread)}`}`;
  const stored = (name, value) => {
    try {
      if (value !== undefined) localStorage.setItem(name, value);
      return localStorage.getItem(name);
    } catch {
      return null; // a page from disk may have no storage
    }
  };

  // Theme -------------------------------------------------------------------------------------------------------------------
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
  const onTheme = [];
  const setTheme = (theme) => {
    root.dataset.theme = theme;
    themeButton.textContent = theme === "dark" ? "Light" : "Dark";
    themeButton.setAttribute("aria-label", `Change to ${theme === "dark" ? "light" : "dark"} colours`);
    for (const redraw of onTheme) redraw();
  };
  themeButton.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    stored("esta-theme", next);
    setTheme(next);
  });

  // Figures -----------------------------------------------------------------------------------------------------------------
  matchMedia(`(max-width: ${report.narrowScreen}px)`).addEventListener("change", () => onTheme.forEach((redraw) => redraw()));
  const drawn = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      drawn.unobserve(target);
      target.draw();
      onTheme.push(target.draw);
    }
  }, { rootMargin: "600px" });
  const isNarrow = matchMedia(`(max-width: ${report.narrowScreen}px)`);
  const figureElement = ({ name, wide, narrow }, title) => {
    const shown = () => (isNarrow.matches && narrow !== null ? narrow : wide);
    const plot = el("div");
    const fit = () => Object.assign(plot.style, { width: `${shown().layout.width}px`, height: `${shown().layout.height}px` });
    fit();
    isNarrow.addEventListener("change", fit);
    plot.draw = () => void Plotly.react(plot, themed(shown().data), themed(shown().layout), { displaylogo: false, toImageButtonOptions: { format: "svg", filename: name } });
    drawn.observe(plot);
    return el("div", { class: "scroll figure", tabindex: "0", role: "region", "aria-label": title }, plot);
  };

  // Tables ------------------------------------------------------------------------------------------------------------------
  const isMean = (cell) => cell !== null && typeof cell === "object";
  const numberOf = (cell) => (isMean(cell) ? cell.mean : cell);
  const cellText = (cell, column) => {
    if (cell === null || cell === undefined) return "–";
    const one = (value) => (column.format === "percent" ? percent(value) : column.format === "flops" ? `${engineering(value)}FLOPs` : column.format === "count" ? grouped(value) : typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value));
    if (isMean(cell)) return `${one(cell.mean)}${cell.spread === null ? "" : ` ± ${one(cell.spread)}`}`;
    return typeof cell === "string" ? (column.labels?.[cell] ?? cell) : one(cell);
  };
  /** A table that sorts by its headings and filters by a text. `rows` hold cells by the columns' keys; a column may `draw` its cell. */
  const tableElement = ({ columns, rows, label, rowClass = () => "" }) => {
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
    return { node: el("div", {}, el("div", { class: "filter" }, filter, count), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, el("table", {}, el("thead", {}, el("tr", {}, ...headings)), body))), fill };
  };

  // Routes ------------------------------------------------------------------------------------------------------------------
  /** Draws which blocks a stitch runs: the front anchor's row below, the end anchor's above, a line where it changes over. */
  const routeDrawing = (stitch, depths, labels, large) => {
    const ns = "http://www.w3.org/2000/svg";
    const make = (tag, attributes, text) => {
      const node = document.createElementNS(ns, tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      if (text !== undefined) node.textContent = text;
      return node;
    };
    const size = large ? 22 : 7;
    const step = large ? 27 : 9;
    const left = large ? 34 : 0;
    const anchors = stitch.blocks === null ? [stitch.front] : [stitch.end, stitch.front];
    const depth = Math.max(...anchors.map((anchor) => depths[anchor] ?? 12));
    const width = left + depth * step;
    const height = anchors.length * step + (large && anchors.length > 1 ? 12 : 0);
    const svg = make("svg", { class: "route", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": routeText(stitch, labels) });
    const rowY = (row) => row * (step + (large ? 12 : 0));
    anchors.forEach((anchor, row) => {
      if (large) svg.append(make("text", { x: 0, y: rowY(row) + size * 0.7 }, labels[anchor] ?? anchor));
      for (let block = 0; block < (depths[anchor] ?? 12); block++) {
        const isEnd = anchors.length > 1 && row === 0;
        const runs = stitch.blocks === null || (isEnd ? block >= stitch.blocks[1] : block <= stitch.blocks[0]);
        svg.append(make("rect", { x: left + block * step + 0.5, y: rowY(row) + 0.5, width: size - 1, height: size - 1, rx: large ? 3 : 1, class: runs ? (isEnd ? "end" : "front") : "off" }));
      }
    });
    if (stitch.blocks !== null) {
      const centre = (block) => left + block * step + size / 2;
      svg.append(make("path", { d: `M${centre(stitch.blocks[0])} ${rowY(1)} L${centre(stitch.blocks[1])} ${rowY(0) + size}` }));
    }
    return svg;
  };
  const routeText = (stitch, labels) => (stitch.blocks === null
    ? `anchor ${labels[stitch.front] ?? stitch.front}, all blocks`
    : `${labels[stitch.front] ?? stitch.front} blocks 0–${stitch.blocks[0]}, then ${labels[stitch.end] ?? stitch.end} from block ${stitch.blocks[1]}`);

  // Explorer ----------------------------------------------------------------------------------------------------------------
  const explorer = () => {
    const sources = report.experiments.filter(({ explored }) => explored.length > 0);
    if (sources.length === 0) return null;
    const select = (name, onchange) => el("select", { "aria-label": name, onchange });
    const experimentSelect = select("Experiment", () => newExperiment());
    const taskSelect = select("Task", () => newGroup());
    const methodSelect = select("Method", () => newGroup());
    const quantitySelect = select("Budget of", () => newGroup());
    const slider = el("input", { type: "range", min: "0", max: "1000", value: "600", "aria-label": "Budget", oninput: () => choose() });
    const budgetText = el("strong");
    const choice = el("div", { class: "choice", "aria-live": "polite" });
    const tablePlace = el("div");
    sources.forEach(({ summary }, index) => experimentSelect.append(el("option", { value: index }, summary.experiment)));
    quantitySelect.append(el("option", { value: "flops" }, "FLOPs of an image"), el("option", { value: "params" }, "parameters"));
    let source, group, depths, table, chosen;
    const newExperiment = () => {
      source = sources[Number(experimentSelect.value)];
      const options = (values, label) => values.map((value) => el("option", { value: value ?? "" }, label(value)));
      taskSelect.replaceChildren(...options([...new Set(source.explored.map(({ task }) => task))], (task) => task ?? "mean of all tasks"));
      methodSelect.replaceChildren(...options([...new Set(source.explored.map(({ method }) => method))], (method) => source.methodLabels[method] ?? method));
      depths = {};
      for (const { stitches } of source.explored) for (const { front, end, blocks } of stitches) if (blocks !== null) {
        depths[front] = Math.max(depths[front] ?? 0, blocks[0] + 1);
        depths[end] = Math.max(depths[end] ?? 0, blocks[1] + 1);
      }
      // A front block is never an anchor's last in every family; the anchors of a family are as deep as the deepest seen.
      const deepest = Math.max(0, ...Object.values(depths));
      for (const anchor of Object.keys(depths)) depths[anchor] = deepest;
      newGroup();
    };
    const newGroup = () => {
      group = source.explored.find(({ task, method }) => (task ?? "") === taskSelect.value && method === methodSelect.value);
      table = group && tableElement({
        label: "stitches",
        rows: group.stitches,
        rowClass: (row) => (row === chosen ? "chosen" : ""),
        columns: [
          { key: "id", label: "Stitch", format: "count" },
          { key: "route", label: "Route", format: "text", draw: (row) => routeDrawing(row, depths, source.anchorLabels, false) },
          { key: "flops", label: "Cost", format: "flops" }, { key: "params", label: "Parameters", format: "count" },
          { key: "val", label: "Validation top-1 (%)", format: "percent" }, { key: "measured", label: "Test top-1 (%)", format: "percent" }, { key: "importance", label: "Importance", format: "number" },
        ],
      });
      for (const stitch of group?.stitches ?? []) stitch.measured = { mean: stitch.top1, spread: stitch.spread };
      tablePlace.replaceChildren(...(table ? [table.node] : []));
      choose();
    };
    const choose = () => {
      if (!group || group.stitches.length === 0) { choice.replaceChildren("Not run for this task and method."); budgetText.textContent = ""; return; }
      const quantity = quantitySelect.value;
      const costs = group.stitches.map((stitch) => stitch[quantity]);
      const [low, high] = [Math.min(...costs), Math.max(...costs)];
      const budget = Math.ceil(low * (high / low) ** (Number(slider.value) / 1000));
      const affordable = group.stitches.filter((stitch) => stitch[quantity] <= budget);
      const isValidated = affordable.every(({ val }) => val !== null);
      const merit = (stitch) => (isValidated ? stitch.val : stitch[quantity]);
      chosen = affordable.reduce((best, stitch) => (best === null || merit(stitch) > merit(best) ? stitch : best), null);
      budgetText.textContent = quantity === "flops" ? `${engineering(budget)}FLOPs` : grouped(budget);
      slider.setAttribute("aria-valuetext", budgetText.textContent);
      const run = `task=${group.task}_method=${group.method}_seed=0`;
      const command = group.task === null
        ? "Choose one task for the command."
        : `esta adapt --task ${group.task} --methods ${group.method} --seed 0 --out out\nesta export --weights out/weights/${run}.safetensors --stitch ${chosen.id} --out stitch-${chosen.id}.safetensors`;
      const isAdapted = source.summary.experiment === "vtab-stitching" && group.method !== "anchors";
      choice.replaceChildren(
        el("div", { class: "big" }, `${plusMinus(chosen.top1, chosen.spread)} %`),
        el("p", { class: "note" }, `test top-1, ${chosen.seeds === 1 ? "one seed: no spread" : `mean ± standard deviation of ${chosen.seeds} seeds`}; chosen as ${isValidated ? "the best on validation" : "the dearest (no validation was measured)"} among ${affordable.length} of ${group.stitches.length} within the budget.`),
        el("p", {}, el("strong", {}, `Stitch ${chosen.id}`), `: ${routeText(chosen, source.anchorLabels)}; ${engineering(chosen.flops)}FLOPs, ${grouped(chosen.params)} parameters.`),
        el("div", { class: "scroll", style: "border:0" }, routeDrawing(chosen, depths, source.anchorLabels, true)),
        ...(isAdapted ? [el("p", { class: "note" }, "To have it as a file (esta adapt trains anew, with its own default settings):"), el("pre", { tabindex: "0" }, command), ...(group.task === null ? [] : [el("button", { type: "button", onclick: (event) => { void navigator.clipboard?.writeText(command); event.target.textContent = "Copied"; } }, "Copy the commands")])] : [el("p", { class: "note" }, "To use a stitch, adapt the family with esta adapt, then esta export: see vtab-stitching with a method that trains all stitches.")]),
      );
      table?.fill();
    };
    const labelled = (text, node, wide) => el("label", wide ? { class: "wide" } : {}, text, node);
    const section = el("section", { id: "explorer" }, el("h2", {}, "Which stitch for a budget?"),
      el("p", { class: "note" }, "Pick what one image may cost; the stitch is chosen on validation images and its accuracy is that on test images."),
      el("div", { class: "controls" }, labelled("Experiment", experimentSelect), labelled("Task", taskSelect), labelled("Method", methodSelect), labelled("Budget of", quantitySelect), labelled(el("span", {}, "Budget: ", budgetText), slider, true)),
      choice, el("details", {}, el("summary", {}, "All stitches, with their routes"), tablePlace));
    newExperiment();
    return section;
  };

  // Claims ------------------------------------------------------------------------------------------------------------------
  const marks = { supported: "✓", contradicted: "✗", undecided: "?" };
  const claims = () => {
    const rows = report.experiments.flatMap(({ summary }) => summary.claims.map((claim) => ({ ...claim, experiment: summary.experiment })));
    const oursText = ({ ours }) => (ours === null ? "–" : `${ours.mean >= 0 ? "+" : "−"}${percent(Math.abs(ours.mean))}${ours.spread === null ? "" : ` ± ${percent(ours.spread)}`} points`);
    return el("section", { id: "claims" }, el("h2", {}, "What was claimed, and what came out"),
      el("p", { class: "note" }, "Only the direction of an effect is tested, never a published number. Supported or contradicted: the 95 % interval of the mean over seeds lies on one side of zero."),
      rows.length === 0 ? el("p", {}, "No claim was tested.") : el("div", { class: "scroll", style: "max-height:none", tabindex: "0", role: "region", "aria-label": "claims" }, el("table", { class: "claims" },
        el("thead", {}, el("tr", {}, ...["Verdict", "Claim", "Ours", "Experiment"].map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", {}, ...rows.map((claim) => el("tr", {},
          el("td", {}, el("span", { class: `verdict ${claim.verdict}` }, `${marks[claim.verdict]} ${claim.verdict}`), el("div", { class: "note" }, claim.reason)),
          el("td", {}, claim.claim, el("div", { class: "note" }, claim.source === "paper" ? "claimed by the paper" : "our question")),
          el("td", {}, oursText(claim), el("div", { class: "note" }, claim.measure)),
          el("td", {}, el("a", { href: `#${claim.experiment}` }, claim.experiment))))))));
  };

  // Experiments -------------------------------------------------------------------------------------------------------------
  const plain = (value) => (value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
  const runElement = (run) => el("details", {}, el("summary", {}, `${run.run} — ${run.status}${run.seconds === null ? "" : `, ${run.seconds.toFixed(1)} s`}${run.reason ? `: ${run.reason}` : ""}`),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": run.run }, el("table", {}, el("tbody", {}, ...Object.entries({
      ...run.settings, seed: run.seed, "settings sha256": run.settingsSha256, "rows sha256": run.rowsSha256, commit: `${run.code.commit ?? "–"}${run.code.dirty ? " (changed files)" : ""}`,
      engine: `${run.engine.backend}, ${run.engine.threads} threads`, machine: `${run.machine.cpu}, ${run.machine.cores} cores, ${run.machine.platform}, Node ${run.machine.node}`, "peak memory": run.peakBytes === null ? null : `${(run.peakBytes / 2 ** 20).toFixed(0)} MiB`,
      weights: run.weights.map(({ name, sha256 }) => `${name} ${sha256.slice(0, 12)}`).join(", "), data: run.data.map(({ name, sha256 }) => `${name} ${sha256.slice(0, 12)}`).join(", "), versions: Object.entries(run.versions).map((pair) => pair.join(" ")).join(", "),
    }).map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, plain(value))))))));
  const experimentElement = ({ summary, figures, tables, runs }) => el("section", { id: summary.experiment }, el("h2", {}, summary.question),
    el("p", { class: "note" }, `${summary.experiment} — ${summary.note}`),
    el("p", { class: "note" }, "Made by ", el("code", {}, summary.command), "; ", el("a", { href: `${summary.experiment}/rows.csv` }, "rows.csv"), "."),
    ...figures.flatMap((figure) => [el("h3", {}, `Figure: ${figure.name}`), figureElement(figure, `${summary.experiment}: ${figure.name}`)]),
    ...tables.flatMap((table) => [el("h3", {}, table.title), ...(table.legend ? [el("p", { class: "note" }, table.legend)] : []), tableElement({ columns: table.columns, rows: table.rows, label: table.title }).node]),
    ...(runs.length === 0 ? [el("p", { class: "note" }, "The records of its runs are not beside these results.")] : [el("details", {}, el("summary", {}, `Settings and provenance of ${runs.length} runs`), ...runs.map(runElement))]));

  // The page ----------------------------------------------------------------------------------------------------------------
  setTheme(stored("esta-theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  const exploring = explorer();
  document.getElementById("main").replaceChildren(claims(), ...(exploring === null ? [] : [exploring]), ...report.experiments.map(experimentElement));
  const links = [["claims", "Claims"], ...(exploring === null ? [] : [["explorer", "Explorer"]]), ...report.experiments.map(({ summary }) => [summary.experiment, summary.experiment])];
  document.getElementById("contents").append(...links.map(([id, text]) => el("a", { href: `#${id}` }, text)));
})();
