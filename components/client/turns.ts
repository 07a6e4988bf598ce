import { createNearby, distanceOf } from './nearby.ts';
import type { Slots, Turn } from './slots.ts';

/** The page's own. */
let slots: Slots = { max: 0, taken: /* @__PURE__ */ new Set() };
const waiting = /* @__PURE__ */ new Set<Turn>();
/** Who waits, by distance; made anew when something crosses the margin of the viewport, or comes. */
let order: Set<Turn> | undefined;
const nearby = /* @__PURE__ */ createNearby(handleChange);
let isAwake = false;

/**
 * Grants turns by their distance to the viewport: what is on the screen, then what is near, and what is neither
 * (unless it is lazy) last. A lazy one that is being scrolled past waits, and one that leaves before its image has come
 * waits again, so that scrolling through a long list fetches only what stays.
 * @param shared with what has granted turns before this was loaded: always the same
 */
export function takeTurn(turn: Turn, shared: Slots): void {
  const { img, until } = turn;
  slots = shared;
  if (until.aborted) {
    slots.taken.delete(turn);
    return;
  }
  if (!slots.taken.has(turn)) waiting.add(turn);
  order = undefined;
  const unobserve = nearby.observe(img);
  startNext();
  until.addEventListener('abort', () => {
    waiting.delete(turn);
    slots.taken.delete(turn);
    unobserve();
    startNext();
  });
}

/** Turns of one commit come and go together. */
function startNext(): void {
  if (isAwake || waiting.size === 0) return;
  isAwake = true;
  queueMicrotask(() => {
    isAwake = false;
    startNearest();
  });
}

function startNearest(): void {
  if (slots.taken.size >= slots.max) return;
  order ??= sort();
  for (const turn of order) {
    if (slots.taken.size >= slots.max) return;
    if (turn.isLazy && !nearby.isStaying(turn.img)) continue;
    order.delete(turn);
    if (!waiting.delete(turn)) continue;
    slots.taken.add(turn);
    turn.grant(true);
  }
}

function sort(): Set<Turn> {
  const distances = Array.from(waiting, (turn) => ({ turn, distance: distanceOf(turn.img) }));
  return new Set(distances.toSorted((a, b) => a.distance - b.distance).map(({ turn }) => turn));
}

/** Distances are read when they are needed: what is observed only tells when that is. */
function handleChange(): void {
  for (const turn of Array.from(slots.taken)) {
    if (!turn.isLazy || nearby.isNear(turn.img) || turn.img.complete) continue;
    slots.taken.delete(turn);
    waiting.add(turn);
    turn.grant(false);
  }
  order = undefined;
  startNearest();
}
