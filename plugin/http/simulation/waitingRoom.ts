import type { IncomingMessage } from 'node:http';
import type { After } from '../../after.ts';

/** How a wait has ended: it is over, the client has left, or the simulation has ended. */
export type WaitEnd = 'over' | 'left' | 'ended';

/** What kind of request waits: for one image, or a prefetch. */
export type RequestKind = 'image' | 'visible' | 'background';

export interface Wait {
  request: IncomingMessage;
  kind: RequestKind;
  /** `undefined`: until the simulation ends. */
  ms: number | undefined;
  /** Aborted when the client has left. */
  signal: AbortSignal;
}

/** Requests that wait at a time. */
export const MAX_REQUESTS = 100;
/** Images that wait, in all prefetches. */
const MAX_WAITS = 10_000;
/**
 * Requests over HTTP/1 that wait for the end. A browser has six connections to a host, and one must stay free: for the inspector, which ends
 * the simulation, and for the rest of the app.
 */
const MAX_HELD_OF_HTTP1: Record<RequestKind, number> = { image: 3, visible: 2, background: 0 };

/** Where requests wait while a simulation is on. */
export class WaitingRoom {
  readonly #after: After;
  /** How many images of each request wait. */
  readonly #requests = new Map<IncomingMessage, number>();
  /** Requests over HTTP/1 that wait for the end. */
  readonly #heldOfHttp1: Record<RequestKind, Set<IncomingMessage>> = {
    image: new Set(),
    visible: new Set(),
    background: new Set(),
  };
  readonly #wakers = new Set<(end: WaitEnd) => void>();

  constructor(after: After) {
    this.#after = after;
  }

  /** Requests that wait now. */
  get size(): number {
    return this.#requests.size;
  }

  /** Lets a request wait; `undefined` if there is no room for it. */
  wait(wait: Wait): Promise<WaitEnd> | undefined {
    const { request, ms, signal } = wait;
    if (signal.aborted) return Promise.resolve('left');
    if (!this.#hasRoom(wait)) return undefined;
    this.#enter(wait);
    return new Promise((resolve) => {
      const end = (how: WaitEnd) => {
        cancel();
        signal.removeEventListener('abort', leave);
        this.#wakers.delete(end);
        this.#leave(request);
        resolve(how);
      };
      const leave = () => end('left');
      const cancel = ms === undefined ? () => undefined : this.#after(ms, () => end('over'));
      signal.addEventListener('abort', leave);
      this.#wakers.add(end);
    });
  }

  /** The simulation has ended: nobody waits any longer. */
  close(): void {
    for (const end of Array.from(this.#wakers)) end('ended');
  }

  #hasRoom({ request, kind, ms }: Wait): boolean {
    if (this.#wakers.size >= MAX_WAITS) return false;
    if (!this.#requests.has(request) && this.#requests.size >= MAX_REQUESTS) return false;
    if (ms !== undefined || request.httpVersionMajor >= 2) return true;
    const held = this.#heldOfHttp1[kind];
    return held.has(request) || held.size < MAX_HELD_OF_HTTP1[kind];
  }

  #enter({ request, kind, ms }: Wait): void {
    this.#requests.set(request, (this.#requests.get(request) ?? 0) + 1);
    if (ms === undefined && request.httpVersionMajor < 2) this.#heldOfHttp1[kind].add(request);
  }

  #leave(request: IncomingMessage): void {
    const left = (this.#requests.get(request) ?? 0) - 1;
    if (left > 0) return void this.#requests.set(request, left);
    this.#requests.delete(request);
    for (const held of Object.values(this.#heldOfHttp1)) held.delete(request);
  }
}
