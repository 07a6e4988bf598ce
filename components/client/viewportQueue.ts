import { MAX_RUNNING, type Turn, type Turns } from './turns.ts';

const observed = /* @__PURE__ */ new Set<HTMLImageElement>();
let observer: IntersectionObserver | undefined;
/** Who waits, by distance; made anew when something crosses the margin of the viewport, or comes. */
let order: Set<Turn> | undefined;

/**
 * Starts turns by their distance to the viewport: what is on the screen, then what is near, and what is neither
 * (unless it is lazy) last. A lazy one that leaves before its image has come has to wait again, so that scrolling
 * through a long list fetches only what stays.
 */
export function startNearest(turns: Turns): void {
  for (const turn of turns.waiting) if (order && !order.has(turn)) order = undefined;
  fill(turns);
}

function fill(turns: Turns): void {
  const { running, waiting } = turns;
  order ??= sort(turns);
  for (const turn of order) {
    if (running.size >= MAX_RUNNING) return;
    if (turn.isLazy && !isNear(turn)) continue;
    order.delete(turn);
    if (!waiting.delete(turn)) continue;
    running.add(turn);
    turn.grant(true);
  }
}

function sort(turns: Turns): Set<Turn> {
  observe(turns);
  const distances = Array.from(turns.waiting, (turn) => ({ turn, distance: distanceOf(turn) }));
  return new Set(distances.toSorted((a, b) => a.distance - b.distance).map(({ turn }) => turn));
}

/** Distances are read when they are needed: an observer only tells when that is. */
function observe(turns: Turns): void {
  if (typeof IntersectionObserver === 'undefined') return;
  observer ??= new IntersectionObserver(() => handleCrossing(turns), { rootMargin: '100% 0%' });
  const current = new Set(Array.from([...turns.running, ...turns.waiting], ({ img }) => img));
  for (const img of observed) {
    if (current.has(img)) continue;
    observer.unobserve(img);
    observed.delete(img);
  }
  for (const img of current) {
    if (!observed.has(img)) observer.observe(img);
    observed.add(img);
  }
}

function handleCrossing(turns: Turns): void {
  const { running, waiting } = turns;
  for (const turn of Array.from(running)) {
    if (!turn.isLazy || isNear(turn) || turn.img.complete) continue;
    running.delete(turn);
    waiting.add(turn);
    turn.grant(false);
  }
  order = undefined;
  fill(turns);
}

function isNear(turn: Turn): boolean {
  return distanceOf(turn) < innerHeight;
}

/** How far an element is from the viewport, in pixels; 0 inside. */
function distanceOf({ img }: Turn): number {
  const { top, bottom } = img.getBoundingClientRect();
  return Math.max(0, top - innerHeight, -bottom);
}
