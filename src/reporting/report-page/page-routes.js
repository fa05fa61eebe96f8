// The route of a stitch, drawn and in words.

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

/** Blocks of each anchor: rows name only those where a route changes over, so an anchor is as deep as the deepest of them that it has. */
const depthsOf = (stitches) => {
  const depths = {};
  const seen = (anchor, block) => { depths[anchor] = Math.max(depths[anchor] ?? 0, block + 1); };
  for (const { front, end, blocks } of stitches) {
    if (blocks === null) continue;
    seen(front, blocks[0]);
    seen(end, blocks[1]);
  }
  return depths;
};
