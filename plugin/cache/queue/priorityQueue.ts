import type { Urgency } from '../../protocol.ts';

/** Highest priority first: an image on screen, an actor that was opened, everything else. */
const URGENCIES = ['visible', 'high', 'normal'] as const satisfies readonly Urgency[];

/** The properties of an item that the queue uses. */
interface Queued {
  readonly urgency: Urgency;
  /** Items of different origins take turns. */
  readonly origin: string;
  /** Identifies the caller, with one object for all of its requests. Within an origin, callers take turns. */
  readonly caller: object;
}

type Line<Item> = Set<Item>;

/** The highest urgency among them; `normal` if there are none. */
export function mostUrgent(items: Iterable<Pick<Queued, 'urgency'>>): Urgency {
  let best: number = URGENCIES.length - 1;
  for (const { urgency } of items) best = Math.min(best, URGENCIES.indexOf(urgency));
  return URGENCIES[best] ?? 'normal';
}

/**
 * First in, first out within an urgency, an origin and a caller. So a page that requests a thousand images does not delay a page
 * that requests four. Adding and removing need no search.
 * Limit: a page that sends many requests counts as many callers.
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

  /** The items in about the order in which they will be taken, if all of them may start. Changes nothing. */
  *inOrder(): Generator<Item> {
    for (const urgency of URGENCIES) {
      yield* inTurns(mapped(this.#lines[urgency].values(), (callers) => inTurns(callers.values())));
    }
  }

  /**
   * Removes and returns the next item that may start: the most urgent one. Among equals, the origin that has waited longest for
   * its turn comes first, and within it the caller that has waited longest.
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

/** Yields the first item of each line, then the second ones, and so on. Looks at a line only when its turn comes. */
function* inTurns<Item>(lines: Iterable<Iterable<Item>>): Generator<Item> {
  let rest: Iterable<Iterator<Item>> = mapped(lines, (line) => line[Symbol.iterator]());
  for (;;) {
    const going: Iterator<Item>[] = [];
    for (const items of rest) {
      const { done, value } = items.next();
      if (done === true) continue;
      yield value;
      going.push(items);
    }
    if (going.length === 0) return;
    rest = going;
  }
}

function* mapped<From, To>(items: Iterable<From>, change: (item: From) => To): Generator<To> {
  for (const item of items) yield change(item);
}

/** Moves the key to the end of the map, which is the end of the line. */
function moveToEnd<Key, Value>(map: Map<Key, Value>, key: Key): void {
  const value = map.get(key);
  if (value === undefined) return;
  map.delete(key);
  map.set(key, value);
}
