/**
 * @file How methods look: colours that colour-blind readers can tell apart (Okabe and Ito), each with a marker shape of its own.
 */

/** Colours that stay apart under the common forms of colour blindness. Source: Okabe and Ito, "Color Universal Design", 2008. */
export const OKABE_ITO = {
  blue: "#0072B2", vermillion: "#D55E00", green: "#009E73", purple: "#CC79A7", orange: "#E69F00", sky: "#56B4E9", black: "#000000",
} as const;

/** Greys of frames, guides and notes, as dark as their contrast on white allows them to be read. */
export const INK = { text: "#1a1a1a", note: "#555555", frame: "#4d4d4d", guide: "#c8c8c8", grid: "#ececec" } as const;

/** How one method is drawn. */
export interface MethodStyle {
  readonly id: string;
  readonly label: string;
  readonly color: string;
  /** A plotly marker symbol. */
  readonly symbol: string;
  /** Dash of its frontier, so that lines stay apart without colour. */
  readonly dash: string;
}

/** Methods that have a fixed look, so that the same method looks the same in every figure. */
const KNOWN: readonly MethodStyle[] = [
  { id: "pst", label: "PST, importance sampling", color: OKABE_ITO.blue, symbol: "circle", dash: "solid" },
  { id: "sn-net", label: "SN-Net, full fine-tuning", color: OKABE_ITO.vermillion, symbol: "square", dash: "5px,1.5px" },
  { id: "anchors", label: "Each anchor alone", color: OKABE_ITO.black, symbol: "triangle-up", dash: "2px,1.5px" },
];

const SPARE_LOOKS = [
  { color: OKABE_ITO.green, symbol: "diamond", dash: "7px,2px,2px,2px" },
  { color: OKABE_ITO.purple, symbol: "triangle-down", dash: "3px,2px" },
  { color: OKABE_ITO.orange, symbol: "pentagon", dash: "8px,2px" },
  { color: OKABE_ITO.sky, symbol: "hexagon", dash: "5px,2px,1px,2px" },
  { color: OKABE_ITO.blue, symbol: "star", dash: "6px,1px" },
  { color: OKABE_ITO.vermillion, symbol: "cross", dash: "3px,1px,1px,1px" },
  { color: OKABE_ITO.black, symbol: "x", dash: "1px,1px" },
] as const;

/**
 * Gives each method its look, in the order given.
 *
 * @param ids - method names as they stand in the rows.
 * @param labels - labels by name, where they differ from the kit's own.
 */
export function methodStyles(ids: readonly string[], labels: Readonly<Record<string, string>> = {}): MethodStyle[] {
  let spare = 0;
  // A colour that a known method of the same figure has is nobody else's.
  const taken = new Set(KNOWN.filter(({ id }) => ids.includes(id)).map(({ color }) => color));
  const looks = SPARE_LOOKS.filter(({ color }) => !taken.has(color));
  return ids.map((id) => {
    const known = KNOWN.find((style) => style.id === id);
    const look = known ?? looks[spare++ % looks.length]!;
    return { id, color: look.color, symbol: look.symbol, dash: look.dash, label: labels[id] ?? known?.label ?? id };
  });
}

/** The short name of an anchor: the last part of its id, capitalised (`mini-ti` → Ti, `vit-b` → B, `llama-7b` → 7B). */
export function anchorLabel(anchorId: string): string {
  const last = anchorId.slice(anchorId.lastIndexOf("-") + 1);
  return /^\d/.test(last) ? last.toUpperCase() : last.charAt(0).toUpperCase() + last.slice(1);
}

/** FLOPs with their unit: 9.8 MFLOPs, 1.26 GFLOPs. */
export function flopsText(flops: number): string {
  const [scale, unit] = flopsUnit(flops);
  return `${Number((flops / scale).toPrecision(3))} ${unit}FLOPs`;
}

/** The largest unit that leaves at least one before the point. */
function flopsUnit(flops: number): readonly [scale: number, unit: string] {
  return flops >= 1e12 ? [1e12, "T"] : flops >= 1e9 ? [1e9, "G"] : flops >= 1e6 ? [1e6, "M"] : flops >= 1e3 ? [1e3, "k"] : [1, ""];
}

/** A tick label of a FLOPs axis: 20M, 1G. */
export function flopsTick(flops: number): string {
  const [scale, unit] = flopsUnit(flops * (1 + 1e-9));
  return `${Number((flops / scale).toPrecision(3))}${unit}`;
}

/** Leading digits of ticks, from the finest choice to the coarsest. */
const DIGITS = [[1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 5], [1, 3], [1]] as const;

/**
 * Round values inside a span for a logarithmic axis, as many as have room for their labels.
 *
 * @param width - pixels of the axis.
 * @param labelWidth - pixels of a tick's label.
 */
export function logTicks(low: number, high: number, width: number, labelWidth: (tick: number) => number): number[] {
  const pixel = (tick: number): number => (width * Math.log(tick / low)) / Math.log(high / low);
  const within = (digits: readonly number[]): number[] => {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      ticks.push(...digits.map((digit) => Number(`${digit}e${power}`)).filter((tick) => tick >= low && tick <= high));
    }
    return ticks;
  };
  const hasRoom = (ticks: readonly number[]): boolean => ticks.every((tick, index) => {
    const next = ticks[index + 1];
    return next === undefined || pixel(next) - pixel(tick) > (labelWidth(tick) + labelWidth(next)) / 2 + 6;
  });
  const choices = DIGITS.map(within);
  return choices.find((ticks) => ticks.length >= 2 && ticks.length <= 8 && hasRoom(ticks)) ?? choices.find(({ length }) => length > 0)?.slice(0, 1) ?? [];
}
