// The stitch explorer: a budget, the stitch that it buys, how good it is, its route, and the commands that use it.

/** Milliseconds of a stitch as measured; null where its family was not measured. */
const latencyOf = ({ front, end, blocks }) => report.latency?.milliseconds[[front, end, ...(blocks ?? [])].join(" ")] ?? null;

/** What a budget may be of. */
const quantities = {
  flops: { label: (of) => `FLOPs of ${of}`, text: (value) => `${engineering(value)}FLOPs`, axis: (of) => `FLOPs of ${of}` },
  params: { label: () => "parameters", text: (value) => grouped(value), axis: () => "Parameters" },
  latency: { label: () => "latency", text: (value) => `${value.toPrecision(3)} ms`, axis: (of) => `Milliseconds ${of}` },
};

/** A mean of a measure with its spread: fractions in percent. */
const qualityText = (measure, mean, spread) => (measure.format === "percent" ? `${plusMinus(mean, spread)} %` : `${mean.toFixed(1)}${spread === null ? "" : ` ± ${spread.toFixed(1)}`}`);

/** Round values of a logarithmic axis: 1, 2 and 5 of every power of ten in the span, and more between them where that is few. */
const roundTicks = (low, high) => {
  const ticksOf = (digits) => {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) for (const digit of digits) ticks.push(Number(`${digit}e${power}`));
    return ticks.filter((tick) => tick >= low / 1.1 && tick <= high * 1.1);
  };
  const few = ticksOf([1, 2, 5]);
  return few.length >= 3 ? few : ticksOf([1, 1.5, 2, 3, 4, 5, 7]);
};

/** What a stitch may be chosen by; each is offered where every stitch has it. */
const merits = {
  val: { label: (measure) => measure.validation, told: "the best on validation", sign: (measure) => measure.sign },
  importance: { label: () => "importance", told: "the most important", sign: () => 1 },
  flops: { label: () => "cost alone", told: "the dearest", sign: () => 1 },
};

/** The commands that adapt the family again with the same settings and write the stitch to a file, or talk with it where it writes text. */
const commandsOf = ({ summary, anchorLabels, runs }, { measure, task, method, seed, stitches }, chosen, budget, merit) => {
  const alone = stitches.every(({ blocks }) => blocks === null);
  const variant = alone ? `${method === "anchors" ? "anchor" : method}-${(anchorLabels[chosen.front] ?? chosen.front).toLowerCase()}` : method;
  const again = summary.command.startsWith("./reproduce.sh") ? `run ${summary.experiment} --profile ${summary.profile}` : summary.command.replace(/^esta /, "").replace(/ --name \S+/, "");
  const writes = measure === "perplexity";
  const run = `${writes ? "" : `task=${task}_`}method=${variant}_seed=${seed}`.replaceAll(/[^A-Za-z0-9=_.+-]/g, "-");
  const weights = `results/stitch/${summary.experiment}/weights/${run}.safetensors`;
  const pick = !writes && merit === "importance" && budget !== null ? `--flops ${budget}` : `--stitch ${chosen.id}`;
  const family = runs[0]?.settings.family ?? "mini-llama";
  const pair = family === "mini-llama" ? "" : ` --family ${family} --weights-small FOLDER --weights-large FOLDER`;
  return `node dist/cli.js ${again}${writes ? "" : ` --set tasks=${task}`} --set methods=${variant} --set saveWeights=true --seeds ${seed} --name stitch\n` +
    (writes ? `node dist/cli.js chat${pair} --weights ${weights} ${pick}` : `node dist/cli.js export --weights ${weights} ${pick} --out stitch-${chosen.id}.safetensors`);
};

const explorer = () => {
  const sources = report.experiments.filter(({ explored }) => explored.length > 0);
  if (sources.length === 0) return null;
  const select = (name, onchange) => el("select", { "aria-label": name, onchange });
  const experimentSelect = select("Experiment", () => newExperiment());
  const taskSelect = select("Task", () => newGroup());
  const methodSelect = select("Method", () => newGroup());
  const quantitySelect = select("Budget of", () => choose());
  const meritSelect = select("Choose by", () => choose());
  const slider = el("input", { type: "range", min: "0", max: "1000", value: "600", "aria-label": "Budget", oninput: () => choose() });
  const budgetText = el("strong");
  const choice = el("div", { class: "choice", "aria-live": "polite" });
  const plot = el("div", { class: "plot explored", "aria-hidden": "true" });
  const tablePlace = el("div");
  sources.forEach(({ summary }, index) => experimentSelect.append(el("option", { value: index }, summary.experiment)));
  let source, group, measure, depths, table, chosen, limit;

  const fill = (node, entries, kept = node.value) => {
    node.replaceChildren(...entries.map(([value, label, disabled = false]) => el("option", { value, disabled }, label)));
    const open = entries.filter(([, , disabled]) => !disabled).map(([value]) => value);
    node.value = open.includes(kept) ? kept : (open[0] ?? "");
  };
  const newExperiment = () => {
    source = sources[Number(experimentSelect.value)];
    measure = report.measures[source.explored[0].measure];
    fill(taskSelect, [...new Set(source.explored.map(({ task }) => task))].map((task) => [task ?? "", task ?? measure.all]));
    fill(methodSelect, [...new Set(source.explored.map(({ method }) => method))].map((method) => [method, source.methodLabels[method] ?? method]));
    depths = depthsOf(source.explored.flatMap(({ stitches }) => stitches));
    newGroup();
  };
  const newGroup = () => {
    group = source.explored.find(({ task, method }) => (task ?? "") === taskSelect.value && method === methodSelect.value);
    const stitches = group?.stitches ?? [];
    for (const stitch of stitches) Object.assign(stitch, { measured: { mean: stitch.test, spread: stitch.spread }, latency: latencyOf(stitch) });
    const has = (key) => stitches.length > 0 && stitches.every((stitch) => stitch[key] !== null);
    fill(quantitySelect, Object.entries(quantities).map(([key, { label }]) => [key, key === "latency" && !has(key) ? "latency (not measured: esta latency)" : label(measure.of), !has(key)]));
    fill(meritSelect, Object.entries(merits).map(([key, { label }]) => [key, has(key) ? label(measure) : `${label(measure)} (not there)`, !has(key)]));
    table = tableElement({
      label: "stitches", rows: stitches, rowClass: (row) => (row === chosen ? "chosen" : ""),
      columns: [
        { key: "id", label: "Stitch", format: "count" },
        { key: "route", label: "Route", format: "text", draw: (row) => routeDrawing(row, depths, source.anchorLabels, false) },
        { key: "flops", label: "Cost", format: "flops" }, { key: "params", label: "Parameters", format: "count" },
        ...(has("latency") ? [{ key: "latency", label: "Latency (ms)", format: "number" }] : []),
        { key: "val", label: measure.validationAxis, format: measure.format }, { key: "measured", label: measure.axis, format: measure.format }, { key: "importance", label: "Importance", format: "number" },
      ],
    });
    tablePlace.replaceChildren(table.node);
    choose();
  };
  const choose = () => {
    const stitches = group?.stitches ?? [];
    plot.hidden = stitches.length === 0;
    if (stitches.length === 0) {
      choice.replaceChildren(`This method was not run on ${taskSelect.value === "" ? "all tasks" : "this task"}.`);
      budgetText.textContent = "";
      return;
    }
    const quantity = quantitySelect.value;
    const merit = meritSelect.value;
    const sign = merits[merit].sign(measure);
    const costs = stitches.map((stitch) => stitch[quantity]);
    const [low, high] = [Math.min(...costs), Math.max(...costs)];
    const place = Number(slider.value) / 1000;
    // Whole numbers round up, so that the cheapest stitch is affordable at the lowest budget; the dearest is at the highest.
    const budget = place >= 1 ? high : low * (high / low) ** place;
    limit = quantity === "latency" ? budget : Math.ceil(budget);
    const affordable = stitches.filter((stitch) => stitch[quantity] <= limit);
    chosen = affordable.reduce((best, stitch) => (best === null || sign * stitch[merit] > sign * best[merit] ? stitch : best), null);
    budgetText.textContent = quantities[quantity].text(limit);
    slider.setAttribute("aria-valuetext", budgetText.textContent);
    choice.replaceChildren(
      el("div", { class: "big" }, qualityText(measure, chosen.test, chosen.spread)),
      el("p", { class: "note" }, `${measure.text}, ${chosen.seeds === 1 ? "one seed: no spread" : `mean ± standard deviation of ${chosen.seeds} seeds`}; ${merits[merit].told} among ${affordable.length} of ${stitches.length} within the budget.`),
      el("p", {}, el("strong", {}, `${chosen.blocks === null ? "Anchor" : "Stitch"} ${chosen.id}`), `: ${routeText(chosen, source.anchorLabels)}; ${engineering(chosen.flops)}FLOPs, ${grouped(chosen.params)} parameters, ${chosen.latency === null ? "latency not measured" : `${chosen.latency.toPrecision(3)} ms`}.`),
      el("div", { class: "route" }, routeDrawing(chosen, depths, source.anchorLabels, true)),
      ...commandElements(quantity === "flops" ? limit : null, merit),
    );
    table.fill();
    draw();
  };
  const commandElements = (budget, merit) => {
    // The mean of tasks has no weights of its own: the commands are those of its first task.
    const adapted = group.task === null ? (source.explored.find(({ task, method }) => task !== null && method === group.method) ?? group) : group;
    const commands = commandsOf(source, adapted, chosen, budget, merit);
    return [
      el("p", { class: "note" }, adapted.task === null ? `To talk with it: adapt again with the same settings (seed ${adapted.seed}), then chat.` : `To have it as a file for task ${adapted.task}: adapt again with the same settings, then export. Adapters, prefixes and prompts do not fold into a plain network; export says so.`),
      el("pre", { tabindex: "0", "aria-label": "commands" }, commands),
      el("button", { type: "button", onclick: (event) => { void navigator.clipboard?.writeText(commands); event.target.textContent = "Copied"; } }, "Copy the commands"),
    ];
  };

  const draw = () => {
    if (!drawnPlots.has(plot) || plot.hidden) return;
    const quantity = quantitySelect.value;
    const told = (stitch) => `<b>${stitch.blocks === null ? "anchor" : "stitch"} ${stitch.id}</b><br>${routeText(stitch, source.anchorLabels)}<br>${engineering(stitch.flops)}FLOPs, ${grouped(stitch.params)} parameters<br>${measure.text} ${qualityText(measure, stitch.test, stitch.spread)}`;
    const scale = measure.format === "percent" ? 100 : 1;
    const marks = (stitches, marker, bars) => ({
      type: "scatter", mode: "markers", x: stitches.map((stitch) => stitch[quantity]), y: stitches.map(({ test }) => scale * test), text: stitches.map(told), hovertemplate: "%{text}<extra></extra>", marker,
      ...(bars && stitches.some(({ spread }) => spread !== null) ? { error_y: { type: "data", array: stitches.map(({ spread }) => scale * (spread ?? 0)), color: marker.color, thickness: 1, width: 0 } } : {}),
    });
    const within = (stitch) => stitch[quantity] <= limit;
    const { stitches } = group;
    const ticks = roundTicks(Math.min(...stitches.map((stitch) => stitch[quantity])), Math.max(...stitches.map((stitch) => stitch[quantity])));
    const axis = { showline: true, linecolor: "#4d4d4d", gridcolor: "#ececec", zeroline: false };
    void Plotly.react(plot, themed([
      marks(stitches.filter((stitch) => !within(stitch)), { color: "#555555", size: 7, symbol: "circle-open", opacity: 0.7 }),
      marks(stitches.filter((stitch) => within(stitch) && stitch !== chosen), { color: "#0072b2", size: 7, opacity: 0.6 }, stitches.length < 20),
      marks([chosen], { color: "#d55e00", size: 13, symbol: "diamond" }, true),
    ]), themed({
      autosize: true, height: 280, margin: { l: 48, r: 12, t: 8, b: 42 }, showlegend: false, hovermode: "closest", paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", font: { family: "Arimo, Arial, sans-serif", size: 12, color: "#1a1a1a" }, hoverlabel: { align: "left" },
      xaxis: { ...axis, type: "log", title: { text: quantities[quantity].axis(measure.of), standoff: 6 }, tickvals: ticks, ticktext: ticks.map((tick) => (quantity === "latency" ? String(tick) : engineering(tick))), fixedrange: true }, yaxis: { ...axis, title: { text: measure.axis, standoff: 6 }, fixedrange: true },
      shapes: [{ type: "line", yref: "paper", y0: 0, y1: 1, x0: limit, x1: limit, line: { color: "#d55e00", width: 1, dash: "dot" } }],
    }), { displayModeBar: false, responsive: true });
    plot.removeAllListeners?.("plotly_click");
    plot.on?.("plotly_click", ({ points }) => {
      const costs = stitches.map((stitch) => stitch[quantity]);
      const [low, high] = [Math.min(...costs), Math.max(...costs)];
      slider.value = String(Math.ceil((1000 * Math.log(points[0].x / low)) / Math.log(high / low)));
      choose();
    });
  };
  plot.draw = draw;
  nearScreen.observe(plot);

  const labelled = (text, node, wide) => el("label", wide ? { class: "wide" } : {}, text, node);
  const section = el("section", { id: "explorer" }, el("h2", {}, "Which stitch for a budget?"),
    el("p", { class: "note" }, "Pick what one image or token may cost. The stitch is chosen without a look at test data; how good it is, is told on test data. A click on a stitch sets the budget to its cost."),
    el("div", { class: "controls" }, labelled("Experiment", experimentSelect), labelled("Task", taskSelect), labelled("Method", methodSelect), labelled("Budget of", quantitySelect), labelled("Choose by", meritSelect), labelled(el("span", {}, "Budget: ", budgetText), slider, true)),
    el("div", { class: "explorer" }, choice, plot),
    ...(report.latency === null ? [] : [el("p", { class: "note" }, report.latency.about)]),
    el("details", {}, el("summary", {}, "All stitches, with their routes"), tablePlace));
  newExperiment();
  return section;
};
