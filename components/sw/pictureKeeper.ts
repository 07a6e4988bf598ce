import type { OfflineImage, OfflineSession, OfflineStore } from '../client/offline/offlineStore.ts';
import type { ResolvedWorkerOptions } from './imageWorkerOptions.ts';
import { isGone, keepable, wholeBody } from './keepable.ts';
import type { PictureName, RequestedPicture } from './requestedPicture.ts';

/** How often it is written that a picture was shown. */
const TOUCH_MS = 60_000;
/** Some browsers free the room of what was removed only later, e.g. in private windows: others are not removed meanwhile. */
const FULL_MS = 60_000;
/** The part that stays when there is no room, so that not every picture makes room for itself. */
const LEFT_AFTER_FULL = 0.75;
const LEFT_AFTER_LIMIT = 0.9;

/** What was known when a picture was requested. */
interface Asked {
  readonly picture: RequestedPicture;
  readonly name: PictureName;
  readonly session: OfflineSession;
  /** The kept copy. */
  readonly exact: OfflineImage | undefined;
}

/** Keeps pictures within the limits. Never rejects: what cannot be kept is not kept. */
export interface PictureKeeper {
  /** Takes in an answer of the network. Call it before anything else reads the answer. */
  take(response: Response, asked: Asked): Promise<void>;
  /** Notes that a picture was shown. */
  shown(image: OfflineImage): Promise<void>;
}

export function createPictureKeeper(
  store: OfflineStore,
  { maxSize, maxAge }: Pick<ResolvedWorkerOptions, 'maxSize' | 'maxAge'>,
  now: () => number,
): PictureKeeper {
  /** Bytes that are kept, as far as this worker knows; infinite before it has looked. */
  let total = Infinity;
  let fullSince = 0;

  /** Removes what was not shown for long, and of the others those that were shown least recently, until so many bytes are left. */
  async function fit(maxBytes: number): Promise<void> {
    const images = await store.list();
    total = images.reduce((sum, { size }) => sum + size, 0);
    const leaving: string[] = [];
    for (const { key, size, used } of images) {
      if (total <= maxBytes && used >= now() - maxAge) break;
      leaving.push(key);
      total -= size;
    }
    await store.evict(leaving);
  }

  async function put(image: OfflineImage, body: Blob, session: OfflineSession): Promise<void> {
    if (image.size > maxSize) return;
    if (total === Infinity) await fit(maxSize);
    const isKept = await store.put(image, body, session).catch(async (error: unknown) => {
      const isFull = error instanceof Error && error.name === 'QuotaExceededError';
      if (!isFull || now() - fullSince < FULL_MS) throw error;
      fullSince = now();
      await fit(total * LEFT_AFTER_FULL);
      return store.put(image, body, session);
    });
    // What it replaces is counted twice, until `fit` counts anew.
    if (isKept) total += image.size;
    if (total > maxSize) await fit(maxSize * LEFT_AFTER_LIMIT);
  }

  async function take(response: Response, { picture, name, session, exact }: Asked): Promise<void> {
    const isServed = picture.from !== 'bucket';
    if (await isGone(response, isServed)) {
      // Others that are on their way are kept all the same.
      const { images } = await store.look(name);
      return store.evict(images.map(({ key }) => key));
    }
    const found = keepable(response);
    const isSigned = !isServed && picture.object.isSigned;
    const user = isSigned || found?.isPrivate ? session.user : '';
    if (!found || user === undefined) return;
    // Whether it is whole could not be told: it is not even read.
    if (Number.isNaN(found.length) && !isServed) return;
    // The same bytes as before.
    if (found.digest !== undefined && found.digest === exact?.digest && user === exact.user) return shown(exact);
    const body = await wholeBody(response.clone(), found.length, isServed);
    if (!body) return;
    const image: OfflineImage = {
      key: name.key,
      picture: name.picture,
      ...('object' in picture && { url: picture.object.canonical }),
      ...('path' in picture && { path: picture.path }),
      digest: name.digest ?? (picture.variant === '' ? found.digest : undefined),
      isServed,
      user,
      size: body.size,
      stored: now(),
      used: now(),
    };
    await put(image, body, session);
  }

  async function shown({ key, used }: OfflineImage): Promise<void> {
    if (now() - used >= TOUCH_MS) await store.touch(key, now()).catch(() => {});
  }

  return { take: (response, asked) => take(response, asked).catch(() => {}), shown };
}
