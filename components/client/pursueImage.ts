import type { ItemError } from '../../plugin/protocol.ts';
import type { CacheClient } from './cacheClient.ts';
import type { ImageFetching } from './imageFetching.ts';
import type { LoadEvent, LoadState } from './imageLoad.ts';
import type { RequestedImages } from './imageSource.ts';
import { observeNear } from './nearViewport.ts';
import { RECOVERED } from './recovered.ts';
import type { RenewedUrls, RefreshUrl } from './refreshUrls.ts';
import { isExpiring } from './signatureExpiry.ts';

/** An image that is being loaded, with what has been learnt about it. */
export interface PursuedImage extends Learnt {
  readonly client: CacheClient;
  readonly fetching: Pick<ImageFetching, 'lookup' | 'want'>;
  readonly img: HTMLImageElement | null;
  /** The images as they were given; the first is the main one. */
  readonly images: RequestedImages;
  readonly actorId: string | undefined;
  readonly isLazy: boolean;
  readonly isEager: boolean;
  /** Whether the element shows an earlier picture of the same object, which stays until the new one has loaded. */
  readonly isRenewal: boolean;
  /** Whether the server says that the image is not cached. */
  readonly isMissing: boolean;
  /** Also the key of its place among the {@link file://./directImages.ts direct images}. */
  readonly identity: string;
  readonly refreshUrl: RefreshUrl | undefined;
  readonly retries: number;
  send(event: LoadEvent, more?: Learnt): void;
}

/** Facts that come with an event. */
export interface Learnt {
  /** Why the server could not fetch the image, if it has said so. */
  readonly problem?: ItemError | undefined;
  readonly renewedUrls?: RenewedUrls | undefined;
  /** Whether the element has a place among the direct images and requests its image by itself. */
  readonly isDirect?: boolean;
  /** Whether the server has downloaded the image for this element. */
  readonly isDownloaded?: boolean;
}

/**
 * Does what the state of an image requires: it looks the image up, lets the server fetch it, or asks what is wrong.
 * @param until aborted when the image is in another state
 */
export function pursueImage(state: LoadState, image: PursuedImage, until: AbortSignal): void {
  if (until.aborted) return;
  // What was started in an earlier state must not change a later one.
  const send: PursuedImage['send'] = (...event) => void (until.aborted || image.send(...event));
  const own = { ...image, send };
  addEventListener(RECOVERED, () => send({ type: 'retry' }, { problem: undefined }), { signal: until });
  switch (state.status) {
    case 'unknown':
      return findOut(own, until);
    case 'wanted':
      return want(own, until);
    case 'loading':
      // The original comes from S3, over other connections.
      return state.source?.name === 'read-through' ? holdPlace(own, until) : undefined;
    case 'recovering':
      return void findRemedy(state.tries, own);
  }
}

function findOut(image: PursuedImage, until: AbortSignal): void {
  const { client, fetching, img, images, isLazy, isEager, isMissing, identity, isRenewal, send } = image;
  askWhenPrinted(image, until);
  const { refreshUrl } = image;
  if (refreshUrl && !image.renewedUrls && [...images.keys()].some(isExpiring)) return void renew(refreshUrl, image);
  if (!isRenewal && client.direct.claimFor(identity, { img, isEager })) {
    return send({ type: 'ask' }, { isDirect: true });
  }
  if (!isMissing) {
    const [url = ''] = images.keys();
    // If there is no answer, the image is requested directly. After an answer, this function is called again.
    fetching.lookup(url).catch(() => send({ type: 'ask' }));
    return;
  }
  if (!isLazy || !img) return send({ type: 'want' });
  observeNear(img, (isNear) => isNear && send({ type: 'want' }), until);
}

/** Replaces signatures that have expired or are about to, because the server cannot use them. */
async function renew(refreshUrl: RefreshUrl, { images, send }: PursuedImage): Promise<void> {
  const renewedUrls = await import('./refreshUrls.ts').then(
    (module) => module.refreshUrls(images, undefined, refreshUrl),
    () => new Map<string, string>(), // offline: the given URLs are used
  );
  send({ type: 'renewed' }, { renewedUrls });
}

function want(image: PursuedImage, until: AbortSignal): void {
  const { fetching, img, images, renewedUrls, actorId, isLazy, send } = image;
  askWhenPrinted(image, until);
  const [given = ''] = images.keys();
  const drop = fetching.want({
    url: renewedUrls?.get(given) ?? given,
    actorId,
    img,
    onSettled(outcome) {
      if (outcome.status === 'stored') return send({ type: 'cached' }, { isDownloaded: outcome.isDownloaded });
      const { error } = outcome;
      if (error === undefined) return send({ type: 'ask' });
      // A server that is offline by choice stands for a page that is.
      const isExpired = error.code === 'UPSTREAM_EXPIRED' && image.refreshUrl !== undefined;
      send({ type: 'refused', isFinal: isExpired || error.code === 'OFFLINE_MISS' }, { problem: error });
    },
  });
  until.addEventListener('abort', drop);
  if (isLazy && img) observeNear(img, (isNear) => isNear || send({ type: 'drop' }), until);
}

/** A print cannot be updated later, so an image that is about to be printed is requested as by a plain `<img>`. */
function askWhenPrinted({ send }: PursuedImage, until: AbortSignal): void {
  addEventListener('beforeprint', () => send({ type: 'ask' }), { signal: until });
}

function holdPlace({ client, img, isEager, identity, isDirect, send }: PursuedImage, until: AbortSignal): void {
  // Without an element there is no event that tells that the image has loaded.
  if (!isDirect || !img) return;
  const user = { img, isEager, drop: () => send({ type: 'drop' }, { isDirect: false }) };
  client.direct.enter(identity, user);
  until.addEventListener('abort', () => client.direct.leave(identity, user));
}

async function findRemedy(tries: number, image: PursuedImage): Promise<void> {
  const { send } = image;
  const { baseUrl } = image.client;
  // Without a network, the app is told at once that the image has failed.
  if (baseUrl === undefined || !navigator.onLine) return send({ type: 'giveUp' });
  const remedy = await import('./recovery.ts')
    .then(({ recover }) => recover(baseUrl, tries, image))
    .catch(() => undefined);
  send({ type: remedy ? 'retry' : 'giveUp' }, remedy);
}
