import { isOnScreen } from './onScreen.ts';

/** An element that requests its image by itself. */
interface DirectUser {
  readonly img: HTMLImageElement | null;
  /** `loading="eager"` or `fetchPriority="high"`: the element keeps its place even if it is not on the screen. */
  readonly isEager: boolean;
  /** Called when another element, which is on the screen, has taken its place. */
  drop(): void;
}

interface Place {
  readonly since: number;
  readonly users: Set<DirectUser>;
}

/**
 * The three places for images that load directly although they are not known to be cached. Such an image is requested at once and by its
 * own element, so its events, `complete` and `decode()` are those of a plain `<img>`. A browser opens six connections to an HTTP/1.1 host,
 * so three remain while three wait for S3. No image ever waits for a place: the server fetches all others.
 */
export interface DirectImages {
  /** Called while rendering. Returns whether the image with this key may have its URL in the first commit. */
  claim(key: string): boolean;
  /**
   * The same for an element that is on the page already, and is on the screen or eager. It may also take the place of an element that is
   * neither.
   */
  claimFor(key: string, element: Omit<DirectUser, 'drop'>): boolean;
  /** An element that requests its image takes the place that was claimed for it, even if the claim was forgotten meanwhile. */
  enter(key: string, user: DirectUser): void;
  /** The image has loaded or failed, or its element was removed. */
  leave(key: string, user: DirectUser): void;
  /** Until the prefetch has ended, there is one place less, because it uses a connection. */
  during<T>(prefetch: Promise<T>): Promise<T>;
}

const MAX_PLACES = 3;
/** React may discard a render. A claim from such a render is forgotten after this time. */
const MAX_CLAIM_MS = 1_000;

export function createDirectImages(now: () => number = () => performance.now()): DirectImages {
  const places = new Map<string, Place>();
  let prefetches = 0;

  const maxPlaces = (): number => MAX_PLACES - Math.min(prefetches, 1);

  function claim(key: string): boolean {
    if (places.has(key)) return true;
    // A tab in the background leaves the connections to the visible one.
    if (isHidden()) return false;
    for (const [other, { since, users }] of places) {
      if (users.size === 0 && now() - since > MAX_CLAIM_MS) places.delete(other);
    }
    if (places.size >= maxPlaces()) return false;
    places.set(key, { since: now(), users: new Set() });
    // A server that renders HTML has no elements, so the claims are forgotten at once: each piece of HTML has its own first images.
    if (typeof document === 'undefined') queueMicrotask(() => places.delete(key));
    return true;
  }

  /** Frees a place whose elements are neither eager nor on the screen. If the image has loaded already, its element keeps it. */
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
      // If more places are taken than there are now, a prefetch has reduced their number, and freeing one would not help.
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

/** Whether the image has loaded, even if its `load` event has not been dispatched yet. */
function hasCome({ img }: DirectUser): boolean {
  return img?.complete === true && img.naturalWidth > 0;
}

function isFirm({ img, isEager }: Omit<DirectUser, 'drop'>): boolean {
  return img !== null && (isEager || isOnScreen(img));
}
