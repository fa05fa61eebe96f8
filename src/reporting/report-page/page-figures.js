// Interactive figures: drawn when they come near the screen, again when colours or the width of the screen change.

const isNarrow = matchMedia(`(max-width: ${report.narrowScreen}px)`);
const drawnPlots = new Set();
const redrawPlots = () => drawnPlots.forEach((plot) => plot.draw());
isNarrow.addEventListener("change", redrawPlots);
const nearScreen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    nearScreen.unobserve(target);
    drawnPlots.add(target);
    target.draw();
  }
}, { rootMargin: "600px" });

/** A figure of the results: the narrow one where the screen is narrow and there is one. */
const figureElement = ({ name, wide, narrow }, title) => {
  const shown = () => (isNarrow.matches && narrow !== null ? narrow : wide);
  const plot = el("div", { class: "plot" });
  const fit = () => Object.assign(plot.style, { width: `${shown().layout.width}px`, height: `${shown().layout.height}px` });
  fit();
  isNarrow.addEventListener("change", fit);
  plot.draw = () => void Plotly.react(plot, themed(shown().data), themed(shown().layout), { displaylogo: false, toImageButtonOptions: { format: "svg", filename: name } });
  nearScreen.observe(plot);
  return el("div", { class: "scroll figure", tabindex: "0", role: "region", "aria-label": title }, plot);
};
