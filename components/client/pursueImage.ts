import type { ItemError } from '../../plugin/protocol.ts';
import type { CacheClient } from './cacheClient.ts';
import type { ImageFetching } from './imageFetching.ts';
import type { LoadEvent, LoadState } from './imageLoad.ts';
import type { RequestedImages } from './imageSource.ts';
import { observeNear } from './nearViewport.ts';
import type { FreshUrls, RefreshUrl } from './refreshUrls.ts';
import { isExpiring } from './signatureExpiry.ts';

/** An image whose state asks for something to be done. */
export interface PursuedImage {
  readonly client: CacheClient;
  readonly fetching: Pick<ImageFetching, 'lookup' | 'want'>;
  readonly img: HTMLImageElement | null;
  /** As they were given; the first is the main one. */
  readonly images: RequestedImages;
  readonly fresh: FreshUrls | undefined;
  readonly actorId: string | undefined;
  readonly isLazy: boolean;
  readonly isEager: boolean;
  /** Whether the element shows an earlier picture of the same object, which is to stay until the new one has come. */
  readonly isRenewal: boolean;
  /** Whether the server says that the image is not cached. */
  readonly isMissing: boolean;
  /** Names its place among the {@link file://./directImages.ts direct images}. */
  readonly place: string;
  /** Whether it asks for its image by virtue of that place. */
  readonly isDirect: boolean;
  readonly refreshUrl: RefreshUrl | undefined;
  readonly retries: number;
  /** Why the server could not fetch it, if it has said so. */
  readonly problem: ItemError | undefined;
  send(event: LoadEvent, more?: Learnt): void;
}

/** What comes with an event. */
export interface Learnt {
  problem?: ItemError | undefined;
  fresh?: FreshUrls;
  isDirect?: boolean;
  /** Whether the server has downloaded the image because this element is to show it. */
  isDownloaded?: boolean;
}

/**
 * Does what the state of an image asks for: finds out whether it is cached, has it fetched, finds out what is wrong.
 * @param until aborted when it is in another state
 */
export function pursueImage(state: LoadState, image: PursuedImage, until: AbortSignal): void {
  // What was begun for another state is not to change this one.
  const send: PursuedImage['send'] = (...event) => void (until.aborted || image.send(...event));
  if (!until.aborted) begin(state, { ...image, send }, until);
}

function begin(state: LoadState, image: PursuedImage, until: AbortSignal): void {
  switch (state.status) {
    case 'unknown':
      return findOut(image, until);
    case 'wanted':
      return want(image, until);
    case 'loading':
      return state.source?.name === 'read-through' ? holdPlace(image, until) : undefined;
    case 'recovering':
      return void findRemedy(state.tries, image);
  }
}

function findOut(image: PursuedImage, until: AbortSignal): void {
  const { client, fetching, img, images, isLazy, isEager, isMissing, place, isRenewal, send } = image;
  askWhenPrinted(image, until);
  if (image.refreshUrl && !image.fresh && areExpiring(images)) return void renew(image.refreshUrl, image);
  if (!isRenewal && client.direct.claimFor(place, { img, isEager })) return send({ type: 'ask' }, { isDirect: true });
  if (!isMissing) {
    const [url = ''] = images.keys();
    // Without an answer the image is asked for directly. With one this is called again.
    fetching.lookup(url).catch(() => send({ type: 'ask' }));
    return;
  }
  if (!isLazy || !img) return send({ type: 'want' });
  until.addEventListener(
    'abort',
    observeNear(img, (isNear) => isNear && send({ type: 'want' })),
  );
}

/** Whether a URL says of itself that it is of no use to the server any more, or soon will be. */
function areExpiring(images: RequestedImages): boolean {
  return [...images.keys()].some(isExpiring);
}

/** Signatures that have expired, or are about to, are of no use to the server. */
async function renew(refreshUrl: RefreshUrl, { images, send }: PursuedImage): Promise<void> {
  const fresh = await import('./refreshUrls.ts').then(
    (module) => module.refreshUrls(images, undefined, refreshUrl),
    () => new Map<string, string>(), // offline: it goes on with what it has
  );
  send({ type: 'renewed' }, { fresh });
}

function want(image: PursuedImage, until: AbortSignal): void {
  const { fetching, img, images, fresh, actorId, isLazy, send } = image;
  askWhenPrinted(image, until);
  const [given = ''] = images.keys();
  const drop = fetching.want({
    url: fresh?.get(given) ?? given,
    actorId,
    img,
    onSettled(outcome) {
      if (outcome.status === 'stored') return send({ type: 'cached' }, { isDownloaded: outcome.isDownloaded });
      const { error } = outcome;
      if (error === undefined) return send({ type: 'ask' });
      const isExpired = error.code === 'UPSTREAM_EXPIRED' && image.refreshUrl !== undefined;
      send({ type: 'refused', isExpired }, { problem: error });
    },
  });
  until.addEventListener('abort', drop);
  if (isLazy && img) {
    until.addEventListener(
      'abort',
      observeNear(img, (isNear) => isNear || send({ type: 'drop' })),
    );
  }
}

/** Paper has no later: what is printed is asked for as a plain `<img>` asks. */
function askWhenPrinted({ send }: PursuedImage, until: AbortSignal): void {
  addEventListener('beforeprint', () => send({ type: 'ask' }), { signal: until });
}

function holdPlace({ client, img, isEager, place, isDirect, send }: PursuedImage, until: AbortSignal): void {
  // What has no element tells of no end.
  if (!isDirect || !img) return;
  const user = { img, isEager, drop: () => send({ type: 'drop' }, { isDirect: false }) };
  client.direct.enter(place, user);
  until.addEventListener('abort', () => client.direct.leave(place, user));
}

async function findRemedy(tries: number, image: PursuedImage): Promise<void> {
  const { client, images, fresh, actorId, refreshUrl, retries, problem, send } = image;
  const { mount } = client;
  // Without a network there is nothing to wait for that the app should not know of.
  if (mount === undefined || !navigator.onLine) return send({ type: 'giveUp' });
  const failure = { mount, images, fresh, actorId, refreshUrl, tries, retries, problem };
  const remedy = await import('./recovery.ts').then(({ recover }) => recover(failure)).catch(() => undefined);
  if (remedy) send({ type: 'retry' }, { problem: undefined, ...(remedy.fresh && { fresh: remedy.fresh }) });
  else send({ type: 'giveUp' });
}
