const DIRECTIONS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Lets arrow keys move the focus to the nearest `[data-cell]` of the same `[data-grid]`. Tab works as usual. */
export function moveFocus(event: KeyboardEvent): void {
  const direction = DIRECTIONS[event.key];
  const from = event.target instanceof HTMLElement ? event.target.closest('[data-cell]') : null;
  const grid = from?.closest('[data-grid]');
  if (direction === undefined || from === null || grid === null || grid === undefined) return;
  if (event.metaKey || event.altKey || event.ctrlKey) return;
  const origin = centre(from);
  const cells = [...grid.querySelectorAll<HTMLElement>('[data-cell]')].filter((cell) => cell !== from);
  const nearest = cells
    .map((cell) => ({ cell, cost: costOf(origin, centre(cell), direction) }))
    .filter(({ cost }) => cost !== undefined)
    .toSorted((a, b) => (a.cost ?? 0) - (b.cost ?? 0))[0];
  if (nearest === undefined) return;
  event.preventDefault();
  nearest.cell.focus();
}

type Point = readonly [x: number, y: number];

/** The distance of a cell in a direction, with three times the sideways distance; `undefined` if it is in another direction. */
function costOf(from: Point, to: Point, [x, y]: Point): number | undefined {
  const ahead = (to[0] - from[0]) * x + (to[1] - from[1]) * y;
  const aside = Math.abs((to[0] - from[0]) * y) + Math.abs((to[1] - from[1]) * x);
  return ahead > 8 && aside < ahead * 4 + 40 ? ahead + aside * 3 : undefined;
}

function centre(element: Element): Point {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}
