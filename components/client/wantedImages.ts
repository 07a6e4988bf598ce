import type { ItemError, PrefetchRequest } from '../../plugin/protocol.ts';
import { imageKey } from './imageKey.ts';
import type { KnownImages } from './knownImages.ts';
import { distanceFromScreen } from './onScreen.ts';
import { type PrefetchCall, sendPrefetch } from './sendPrefetch.ts';

/** An image that is not cached, and that an element on this page is to show. */
export interface WantedImage {
  /** With its signature. */
  readonly url: string;
  readonly actorId: string | undefined;
  /** The nearer to the viewport, the sooner it is fetched. Without an element it goes first. */
  readonly img?: HTMLImageElement | null | undefined;
  /**
   * The server has the image now, and the page knows its entry; or the server could not fetch it, and `error` says why. Without an
   * `error` the server could not be asked at all, and the image is to be asked for directly.
   */
  onSettled(outcome: Outcome): void;
}

type Outcome = { status: 'stored'; isDownloaded: boolean } | { status: 'failed'; error?: ItemError };

/** As many as the server takes in one call. */
const MAX_IMAGES = 1_000;
/** How long wanted images are gathered: React renders a page of images in several pieces. */
const GATHER_MS = 20;
/** When the wanted images change during a call, another call takes its place, but not more often than this. */
const INTERVAL_MS = 100;
/** As the server files images without an actor. */
const DEFAULT_ACTOR = 'default';

interface Call {
  /** The keys of its images that are not settled yet. */
  readonly open: Set<string>;
  readonly abort: AbortController;
  readonly since: number;
}

/**
 * Has the server fetch what the page wants to show, by one call that names all of it, nearest first: the browser's connections stay
 * free for the app, and no image waits in the browser for another.
 * @returns a function that takes an image, and returns one that says that the image is not wanted any more
 */
export function createWantedImages(
  baseUrl: () => string | undefined,
  known: KnownImages,
  send = sendPrefetch,
): (image: WantedImage) => () => void {
  const wanted = new Map<string, Set<WantedImage>>();
  let call: Call | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function schedule(): void {
    if (timer !== undefined) return;
    timer = setTimeout(update, call ? Math.max(GATHER_MS, call.since + INTERVAL_MS - performance.now()) : GATHER_MS);
  }

  function update(): void {
    timer = undefined;
    if (wanted.size === 0) document.removeEventListener('visibilitychange', schedule);
    // A tab in the background leaves the connections to the one that is looked at.
    const keys = document.visibilityState === 'hidden' ? new Set<string>() : new Set(wanted.keys());
    const previous = call;
    // An event may tell that an image has been stored before the call does.
    const open = [...(previous?.open ?? [])].filter((key) => !known.get(key).entry);
    if (open.length === keys.size && open.every((key) => keys.has(key))) return;
    const abortPrevious = (): void => previous?.abort.abort();
    if (keys.size > 0) return void run(nearestFirst(), abortPrevious);
    call = undefined;
    abortPrevious();
  }

  /** @param onOpen called when the server knows of this call, so that an earlier one may be aborted */
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
      // Another element may show the same object by a better signature, or for another actor: that is asked for next.
      const isSame = ({ url, actorId }: WantedImage): boolean => url === image.url && actorId === image.actorId;
      settle(key, { status: 'failed', error: result.error }, isSame);
      if (wanted.has(key)) schedule();
    };
    // Images of which the answer says nothing are asked for directly, whatever has ended it.
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

  /** One for each key. */
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
    // Only the first time: a listener that is there already is not added again.
    document.addEventListener('visibilitychange', schedule);
    return () => {
      if (!wanted.get(key)?.has(image)) return;
      remove(key, image);
      schedule();
    };
  };
}

/** Of two that are equally far, the later one: its signature may be fresher. */
function nearest(images: ReadonlySet<WantedImage>): { image: WantedImage; distance: number } {
  return Array.from(images, (image) => ({ image, distance: image.img ? distanceFromScreen(image.img) : 0 })).reduce(
    (a, b) => (b.distance <= a.distance ? b : a),
  );
}
