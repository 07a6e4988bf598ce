import type { Urgency } from '../../protocol.ts';

/** What goes first, in this order: an image on screen, an actor that was opened, everything else. */
const URGENCIES = ['visible', 'high', 'normal'] as const satisfies readonly Urgency[];

/** What the queue has to know of an item. */
interface Queued {
  readonly urgency: Urgency;
  /** Items of different origins take turns. */
  readonly origin: string;
  /** Who asked for it, as an object that is the same for everything that they ask for. Within an origin, callers take turns. */
  readonly caller: object;
}

type Line<Item> = Set<Item>;

/**
 * First in, first out within an urgency, an origin and a caller. So a page that asks for a thousand images does not make one wait
 * that asks for four. Adding and removing cost no search.
 * Limit: a page that sends many requests is as many callers.
 */
export class PriorityQueue<Item extends Queued> {
  readonly #lines: Record<Urgency, Map<string, Map<object, Line<Item>>>> = {
    visible: new Map(),
    high: new Map(),
    normal: new Map(),
  };

  add(item: Item): void {
    const origins = this.#lines[item.urgency];
    const callers = origins.get(item.origin) ?? new Map<object, Line<Item>>();
    origins.set(item.origin, callers);
    callers.set(item.caller, (callers.get(item.caller) ?? new Set()).add(item));
  }

  delete(item: Item): void {
    const origins = this.#lines[item.urgency];
    const callers = origins.get(item.origin);
    const line = callers?.get(item.caller);
    if (callers === undefined || line?.delete(item) !== true) return;
    if (line.size === 0) callers.delete(item.caller);
    if (callers.size === 0) origins.delete(item.origin);
  }

  /**
   * The next item that may be had now, taken out: the most urgent, of the origin that has waited longest for its turn, and there of
   * the caller that has.
   */
  take(isAllowed: (origin: string, urgency: Urgency) => boolean): Item | undefined {
    for (const urgency of URGENCIES) {
      const origins = this.#lines[urgency];
      for (const [origin, callers] of origins) {
        if (!isAllowed(origin, urgency)) continue;
        const [caller] = callers.keys();
        const [item] = (caller && callers.get(caller)) ?? [];
        if (caller === undefined || item === undefined) continue; // no line is ever empty
        moveToEnd(callers, caller);
        moveToEnd(origins, origin);
        this.delete(item);
        return item;
      }
    }
    return undefined;
  }
}

/** The end of a map is the end of the turn. */
function moveToEnd<Key, Value>(map: Map<Key, Value>, key: Key): void {
  const value = map.get(key);
  if (value === undefined) return;
  map.delete(key);
  map.set(key, value);
}
