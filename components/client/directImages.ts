import { isOnScreen } from './onScreen.ts';

/** An element that asks for its image by itself. */
interface DirectUser {
  readonly img: HTMLImageElement | null;
  /** `loading="eager"` or `fetchPriority="high"`: it keeps its place, wherever it is. */
  readonly isEager: boolean;
  /** Another element, which is on the screen, has its place now. */
  drop(): void;
}

interface Place {
  readonly since: number;
  readonly users: Set<DirectUser>;
}

/**
 * Up to three images that are not known to be cached are asked for as a plain `<img>` asks: at once and by themselves, so
 * that their events, `complete` and `decode()` are those of a plain one. A browser opens six connections to an HTTP/1.1
 * host, and three that wait for S3 leave it three. No image ever waits for one of these places: all others are fetched by the server.
 */
export interface DirectImages {
  /** Called while rendering: whether the image with this key may have its URL in the first commit. */
  claim(key: string): boolean;
  /**
   * The same for an element that is on the page already, and on the screen or eager. It may also have the place of one that is
   * neither.
   */
  claimFor(key: string, element: Omit<DirectUser, 'drop'>): boolean;
  /** An element that asks takes the place that was claimed for it; it is not stopped when that was forgotten meanwhile. */
  enter(key: string, user: DirectUser): void;
  /** The image has come, has failed, or has left. */
  leave(key: string, user: DirectUser): void;
  /** A prefetch holds a connection meanwhile, so there is one place less. */
  during<T>(prefetch: Promise<T>): Promise<T>;
}

const MAX_PLACES = 3;
/** A claim of a render that React has thrown away is forgotten after so long. */
const MAX_CLAIM_MS = 1_000;

export function createDirectImages(now: () => number = () => performance.now()): DirectImages {
  const places = new Map<string, Place>();
  let prefetches = 0;

  const maxPlaces = (): number => MAX_PLACES - Math.min(prefetches, 1);

  function claim(key: string): boolean {
    if (places.has(key)) return true;
    // A tab in the background leaves the connections to the one that is looked at.
    if (isHidden()) return false;
    for (const [other, { since, users }] of places) {
      if (users.size === 0 && now() - since > MAX_CLAIM_MS) places.delete(other);
    }
    if (places.size >= maxPlaces()) return false;
    places.set(key, { since: now(), users: new Set() });
    // A server that renders HTML puts no element on a page: each piece of HTML has its own first images.
    if (typeof document === 'undefined') queueMicrotask(() => places.delete(key));
    return true;
  }

  /** Of elements of which none is eager or on the screen. An image that has come holds no connection any more, and stays. */
  function takeOver(): void {
    for (const [key, { users }] of places) {
      if (users.size === 0 || [...users].some(isFirm)) continue;
      places.delete(key);
      for (const user of users) if (!hasCome(user)) user.drop();
      return;
    }
  }

  return {
    claim,
    claimFor(key, element) {
      if (!isFirm(element) || isHidden()) return false;
      if (claim(key)) return true;
      // A place more than there are now is taken by a prefetch.
      if (places.size <= maxPlaces()) takeOver();
      return claim(key);
    },
    enter(key, user) {
      const place = places.get(key) ?? { since: now(), users: new Set() };
      places.set(key, place);
      place.users.add(user);
    },
    during(prefetch) {
      prefetches += 1;
      return prefetch.finally(() => (prefetches -= 1));
    },
    leave(key, user) {
      const users = places.get(key)?.users;
      if (users?.delete(user) === true && users.size === 0) places.delete(key);
    },
  };
}

function isHidden(): boolean {
  return typeof document !== 'undefined' && document.visibilityState === 'hidden';
}

/** Its `load` event may still be on its way. */
function hasCome({ img }: DirectUser): boolean {
  return img?.complete === true && img.naturalWidth > 0;
}

function isFirm({ img, isEager }: Omit<DirectUser, 'drop'>): boolean {
  return img !== null && (isEager || isOnScreen(img));
}
