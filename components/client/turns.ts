import { loadExtras } from './loadExtras.ts';

/** An `<img>` of an image that is not known to be cached, and waits until it may be asked for. */
export interface Turn {
  readonly img: HTMLImageElement;
  /** As `loading="lazy"` means it: not before it is near the viewport. */
  readonly isLazy: boolean;
  /** Called when it may be asked for, and with `false` when it has gone out of sight before it came: others go first. */
  grant(isGranted: boolean): void;
}

/** Whose turn it is, and who waits. */
export interface Turns {
  readonly running: Set<Turn>;
  readonly waiting: Set<Turn>;
}

/**
 * A browser opens six connections to an HTTP/1.1 host. Slow images that held them all would delay look-ups, events and
 * modules.
 */
export const MAX_RUNNING = 4;

let isAwake = false;
const turns: Turns = { running: /* @__PURE__ */ new Set(), waiting: /* @__PURE__ */ new Set() };

/**
 * Starts the turn at once if few others run. A page with more images loads the queue that orders them by their distance.
 * @returns a function that ends it: the image has come, has failed, or is not wanted any more
 */
export function takeTurn(turn: Turn): () => void {
  const { running, waiting } = turns;
  const isNear = !turn.isLazy || turn.img.getBoundingClientRect().top < innerHeight;
  if (running.size < MAX_RUNNING && isNear) {
    running.add(turn);
    turn.grant(true);
  } else waiting.add(turn);
  startNext();
  return () => {
    waiting.delete(turn);
    running.delete(turn);
    startNext();
  };
}

/** Turns of one commit come and go together. */
function startNext(): void {
  const { waiting } = turns;
  if (isAwake || waiting.size === 0) return;
  isAwake = true;
  loadExtras()
    .then(
      ({ startNearest }) => startNearest(turns),
      // Nobody waits for a queue that cannot be loaded.
      () => waiting.forEach((turn) => turn.grant(true)),
    )
    .finally(() => (isAwake = false));
}
