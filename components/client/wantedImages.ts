import type { ItemError, PrefetchRequest } from '../../plugin/protocol.ts';
import { imageKey } from './imageKey.ts';
import type { KnownImages } from './knownImages.ts';
import { distanceFromScreen } from './onScreen.ts';
import { RECOVERED } from './recovered.ts';
import { type PrefetchCall, sendPrefetch } from './sendPrefetch.ts';

/** An image that is not cached, and that an element on this page should show. */
export interface WantedImage {
  /** The URL, with its signature. */
  readonly url: string;
  readonly actorId: string | undefined;
  /** Images are fetched in the order of their distance from the viewport. Without an element, an image goes first. */
  readonly img?: HTMLImageElement | null | undefined;
  /**
   * Called when the server has the image and the page knows its entry, or when the server could not fetch it, and `error` says why. If it
   * is neither, the server could not be asked, and the element should request the image directly.
   */
  onSettled(outcome: Outcome): void;
}

type Outcome = { status: 'stored'; isDownloaded: boolean } | { status: 'failed'; error?: ItemError };

/** The server's limit for one call. */
const MAX_IMAGES = 1_000;
/** How long wanted images are gathered, because React renders a page of images in several pieces. */
const GATHER_MS = 20;
/** Minimum time between two calls. When the wanted images change during a call, another call replaces it. */
const INTERVAL_MS = 100;
/** How long after the end of an outage a tab in the background fetches what it lacks. */
const RECOVERY_MS = 10_000;
/** The server uses this for images without an actor. */
const DEFAULT_ACTOR = 'default';

interface Call {
  /** The keys of its images that are not settled yet. */
  readonly open: Set<string>;
  readonly abort: AbortController;
  readonly since: number;
}

/**
 * Lets the server fetch all images that the page wants to show, by one call that names them in the order of their distance from the
 * viewport. So the browser's connections stay free for the app, and no image waits in the browser for another.
 * @returns a function that adds an image, and returns a function that removes it again
 */
export function createWantedImages(
  baseUrl: () => string | undefined,
  known: KnownImages,
  send = sendPrefetch,
): (image: WantedImage) => () => void {
  const wanted = new Map<string, Set<WantedImage>>();
  let call: Call | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let recoveredAt = -Infinity;

  if (typeof window !== 'undefined') {
    window.addEventListener(RECOVERED, () => {
      recoveredAt = performance.now();
      if (wanted.size > 0) schedule();
    });
  }

  function schedule(): void {
    if (timer !== undefined) return;
    timer = setTimeout(update, call ? Math.max(GATHER_MS, call.since + INTERVAL_MS - performance.now()) : GATHER_MS);
  }

  function update(): void {
    timer = undefined;
    if (wanted.size === 0) document.removeEventListener('visibilitychange', schedule);
    // A tab in the background leaves the connections to the visible one, except when S3 has just come back: it is to show what it lacks.
    const isWaiting = document.visibilityState === 'hidden' && performance.now() - recoveredAt > RECOVERY_MS;
    const keys = isWaiting ? new Set<string>() : new Set(wanted.keys());
    const previous = call;
    // An event may say earlier than the call that an image was stored.
    const open = [...(previous?.open ?? [])].filter((key) => !known.get(key).entry);
    if (open.length === keys.size && open.every((key) => keys.has(key))) return;
    const abortPrevious = (): void => previous?.abort.abort();
    if (keys.size > 0) return void run(nearestFirst(), abortPrevious);
    call = undefined;
    abortPrevious();
  }

  /** @param onOpen called when the server has begun to answer, so that an earlier call may be aborted */
  async function run(images: readonly WantedImage[], onOpen: () => void): Promise<void> {
    const keys = images.map(({ url }) => imageKey(url));
    const own: Call = { open: new Set(keys), abort: new AbortController(), since: performance.now() };
    call = own;
    const { signal } = own.abort;
    const request: PrefetchRequest = {
      actor_id: DEFAULT_ACTOR,
      images: images.map(({ url, actorId }) => ({ s3_url: url, ...(actorId && { actor_id: actorId }) })),
      priority: 'visible',
    };
    const revisions = keys.map((key) => known.get(key).revision);
    const onResult: PrefetchCall['onResult'] = (index, result) => {
      const key = keys[index];
      const image = images[index];
      if (key === undefined || !image || !own.open.delete(key)) return;
      if (result.status !== 'failed') {
        known.set(key, result.entry, revisions[index]);
        return settle(key, { status: 'stored', isDownloaded: result.status === 'downloaded' });
      }
      // Another element may want the same object with a newer signature, or for another actor. Its request comes next.
      const isSame = ({ url, actorId }: WantedImage): boolean => url === image.url && actorId === image.actorId;
      settle(key, { status: 'failed', error: result.error }, isSame);
      if (wanted.has(key)) schedule();
    };
    // If the answer ends early, its other images are requested directly.
    await send(baseUrl(), request, { signal, onResult, onOpen }).catch(() => undefined);
    onOpen();
    if (signal.aborted) return;
    if (call === own) call = undefined;
    for (const key of own.open) settle(key, { status: 'failed' });
    if (wanted.size > 0) schedule();
  }

  function settle(key: string, outcome: Outcome, isMeant: (image: WantedImage) => boolean = () => true): void {
    for (const image of Array.from(wanted.get(key) ?? []).filter(isMeant)) {
      remove(key, image);
      image.onSettled(outcome);
    }
  }

  function remove(key: string, image: WantedImage): void {
    const images = wanted.get(key);
    images?.delete(image);
    if (images?.size === 0) wanted.delete(key);
  }

  /** One wanted image for each key, the nearest first. */
  function nearestFirst(): WantedImage[] {
    return Array.from(wanted.values(), nearest)
      .toSorted((a, b) => a.distance - b.distance) // NaN, of two infinite ones, counts as equal
      .slice(0, MAX_IMAGES)
      .map(({ image }) => image);
  }

  return (image) => {
    const key = imageKey(image.url);
    wanted.set(key, (wanted.get(key) ?? new Set()).add(image));
    schedule();
    // Has an effect only the first time, because the same listener is not added twice.
    document.addEventListener('visibilitychange', schedule);
    return () => {
      if (!wanted.get(key)?.has(image)) return;
      remove(key, image);
      schedule();
    };
  };
}

/** The nearest of several elements for one image. Of two that are equally far, it is the later one, whose signature may be newer. */
function nearest(images: ReadonlySet<WantedImage>): { image: WantedImage; distance: number } {
  return Array.from(images, (image) => ({ image, distance: image.img ? distanceFromScreen(image.img) : 0 })).reduce(
    (a, b) => (b.distance <= a.distance ? b : a),
  );
}
