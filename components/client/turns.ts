import { createNearby, distanceOf } from './nearby.ts';

/** An `<img>` of an image that is not known to be cached, and waits until it may be asked for. */
export interface Turn {
  readonly img: HTMLImageElement;
  /** As `loading="lazy"` means it: not before it is near the viewport. */
  readonly isLazy: boolean;
  /** Aborted when it is over: the image has come, has failed, or is not wanted any more. */
  readonly until: AbortSignal;
  /** Called when it may be asked for, and with `false` when it has gone out of sight before it came: others go first. */
  grant(isGranted: boolean): void;
}

/**
 * A browser opens six connections to an HTTP/1.1 host. Slow images that held them all would delay look-ups, events and
 * modules: one stays free.
 */
const MAX_RUNNING = 5;

const running = /* @__PURE__ */ new Set<Turn>();
const waiting = /* @__PURE__ */ new Set<Turn>();
/** Who waits, by distance; made anew when something crosses the margin of the viewport, or comes. */
let order: Set<Turn> | undefined;
const nearby = /* @__PURE__ */ createNearby(handleChange);
let isAwake = false;

/**
 * Grants turns by their distance to the viewport: what is on the screen, then what is near, and what is neither
 * (unless it is lazy) last. A lazy one that is being scrolled past waits, and one that leaves before its image has come
 * waits again, so that scrolling through a long list fetches only what stays.
 */
export function takeTurn(turn: Turn): void {
  const { img, until } = turn;
  if (until.aborted) return;
  waiting.add(turn);
  order = undefined;
  const unobserve = nearby.observe(img);
  startNext();
  until.addEventListener('abort', () => {
    waiting.delete(turn);
    running.delete(turn);
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
  if (running.size >= MAX_RUNNING) return;
  order ??= sort();
  for (const turn of order) {
    if (running.size >= MAX_RUNNING) return;
    if (turn.isLazy && !nearby.isStaying(turn.img)) continue;
    order.delete(turn);
    if (!waiting.delete(turn)) continue;
    running.add(turn);
    turn.grant(true);
  }
}

function sort(): Set<Turn> {
  const distances = Array.from(waiting, (turn) => ({ turn, distance: distanceOf(turn.img) }));
  return new Set(distances.toSorted((a, b) => a.distance - b.distance).map(({ turn }) => turn));
}

/** Distances are read when they are needed: what is observed only tells when that is. */
function handleChange(): void {
  for (const turn of Array.from(running)) {
    if (!turn.isLazy || nearby.isNear(turn.img) || turn.img.complete) continue;
    running.delete(turn);
    waiting.add(turn);
    turn.grant(false);
  }
  order = undefined;
  startNearest();
}
