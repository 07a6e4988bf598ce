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

/** How many may be asked for at a time, and those that are: their turns were granted, and are not over. */
export interface Slots {
  readonly max: number;
  readonly taken: Set<Turn>;
}

/**
 * Of the page. A browser opens six connections to an HTTP/1.1 host. Slow images that held them all would delay look-ups, events
 * and modules: one stays free.
 */
export const slots: Slots = { max: 5, taken: /* @__PURE__ */ new Set() };

/**
 * Grants a turn at once to what is on the screen, as long as there is room: it need not wait until what gives all others
 * theirs has been loaded, and has looked at them.
 */
export function startOnScreen(turn: Turn): void {
  if (turn.isLazy || slots.taken.size >= slots.max) return;
  const { top, bottom } = turn.img.getBoundingClientRect();
  if (top >= innerHeight || bottom < 0) return;
  slots.taken.add(turn);
  turn.grant(true);
}
