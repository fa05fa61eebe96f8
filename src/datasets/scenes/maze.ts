/**
 * @file Draws the plan of a maze: passages one cell wide with a few loops.
 */
import type { RandomStream } from "../../rng.js";

/** Cells of a square plan, `[side, side]` row by row; true is open. */
export interface Maze {
  readonly side: number;
  readonly open: readonly boolean[];
}

const STEPS: readonly (readonly [number, number])[] = [[1, 0], [-1, 0], [0, 1], [0, -1]];

/**
 * Digs passages between the cells of odd row and column (depth first), then opens some walls more.
 *
 * @param side - odd.
 * @param loops - share of the walls between two passages that are opened.
 */
export function drawMaze(side: number, loops: number, stream: RandomStream): Maze {
  const open = new Array<boolean>(side * side).fill(false);
  const path: [number, number][] = [[1, 1]];
  open[side + 1] = true;
  while (path.length > 0) {
    const [x, y] = path[path.length - 1]!;
    const ways = STEPS.filter(([dx, dy]) => x + 2 * dx > 0 && x + 2 * dx < side && y + 2 * dy > 0 && y + 2 * dy < side && !open[(y + 2 * dy) * side + x + 2 * dx]);
    if (ways.length === 0) {
      path.pop();
      continue;
    }
    const [dx, dy] = ways[stream.integer(ways.length)]!;
    open[(y + dy) * side + x + dx] = true;
    open[(y + 2 * dy) * side + x + 2 * dx] = true;
    path.push([x + 2 * dx, y + 2 * dy]);
  }
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) if ((x + y) % 2 === 1 && stream.uniform() < loops) open[y * side + x] = true;
  }
  return { side, open };
}

/** Whether a cell is open; outside the plan none is. */
export function isOpen({ side, open }: Maze, x: number, y: number): boolean {
  return x >= 0 && y >= 0 && x < side && y < side && open[y * side + x]!;
}
