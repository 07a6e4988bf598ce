import {
  createOfflineStore,
  type Look,
  type OfflineImage,
  type OfflineSession,
} from '../client/offline/offlineStore.ts';
import { type ImageWorkerOptions, type ResolvedWorkerOptions, resolveWorkerOptions } from './imageWorkerOptions.ts';
import { createBucketReader } from './bucketReader.ts';
import { outboxPicture } from './outboxPicture.ts';
import { isRefused } from './keepable.ts';
import { createPictureKeeper } from './pictureKeeper.ts';
import { nameOf, type PictureName, type RequestedPicture, requestedPicture } from './requestedPicture.ts';

/** How long a page waits for our server while there is a copy to show. */
const PATIENCE_MS = 3_000;
/** How long the browser's storage may take. A picture does not wait for storage that hangs. */
const STORAGE_MS = 1_000;

/** A `FetchEvent`, or what the handlers of Workbox and Serwist are called with. */
export interface ImageRequestEvent {
  readonly request: Request;
  readonly event?: Lasting;
  waitUntil?(work: Promise<unknown>): void;
}

interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}

/** What is kept of a picture. */
interface Found extends Pick<Look, 'images' | 'body'> {
  /** `undefined` if there is no storage. */
  readonly session: Look['session'] | undefined;
  /** The variant that was asked for. */
  readonly exact: OfflineImage | undefined;
}

export interface ImageHandler {
  /** Whether a request is for a picture that the worker answers. All others are none of its business. */
  match(context: { readonly request: Request }): boolean;
  /** Answers such a request. Never rejects: without an answer, it is the network error that the page would have got without a worker. */
  respond(context: ImageRequestEvent): Promise<Response>;
}

/**
 * Makes what a router needs to keep pictures for offline pages. Call it at the top of your worker.
 * @throws Error with a `code` and a `hint` if an option is wrong
 * @example
 * const { match, respond } = createImageHandler({ buckets: ['team-photos'] });
 * registerRoute(match, respond);
 */
export function createImageHandler(options: ImageWorkerOptions): ImageHandler {
  const { origin } = self.location;
  const settings = resolveWorkerOptions(options, origin);
  const store = createOfflineStore();
  const keeper = createPictureKeeper(store, settings, Date.now);
  const bucket = createBucketReader(store, Date.now);
  /** Downloads from buckets that are under way, so that one picture with many signatures is fetched once. */
  const running = new Map<string, Promise<unknown>>();

  function pictureOf(request: Request): RequestedPicture | undefined {
    try {
      return requestedPicture(settings, request, origin);
    } catch {
      return undefined; // what our server answers is its business
    }
  }

  /** What is kept of a picture, as far as the user may see it; with nothing at all if there is no storage. */
  async function find(name: PictureName): Promise<Found> {
    let found = await ask(store.look(name));
    const told = settings.partition ? await within(STORAGE_MS, askUser(settings.partition)) : found?.session;
    const user = told?.user || undefined;
    // As long as the app does not say who the user is, private pictures stay, and nobody sees them.
    if (found && told && user !== found.session.user) {
      await ask(store.setUser(user));
      found = await ask(store.look(name));
    }
    const images = found?.images.filter((image) => image.user === '' || image.user === user) ?? [];
    // If the user could not be written, the store takes no private picture.
    const session = found && { ...found.session, user };
    return { body: found?.body, session, images, exact: images.find(({ key }) => key === name.key) };
  }

  async function answer(picture: RequestedPicture, request: Request, extend: Lasting['waitUntil']): Promise<Response> {
    if (picture.from === 'ref') {
      const held = await ask(outboxPicture(picture.imageId));
      if (held) return new Response(held);
    }
    const name = await nameOf(picture);
    const isFresh = ({ exact }: Found): boolean | undefined =>
      picture.from === 'bucket'
        ? exact && Date.now() - exact.stored < settings.maxAge
        : // The digest names the bytes, but a server that asks who may see them is asked each time.
          exact?.digest !== undefined && exact.digest === name.digest && exact.user === '';
    let found = await find(name);
    const before = running.get(name.key);
    if (before && !isFresh(found)) {
      await within(PATIENCE_MS, before);
      found = await find(name);
    }
    const { exact, images, body, session } = found;

    async function show(image: OfflineImage): Promise<Response | undefined> {
      const bytes = image === exact ? body : (await ask(store.look(image)))?.body;
      if (bytes?.size !== image.size) return undefined;
      extend(keeper.shown(image));
      // The type of a Blob becomes that of the answer.
      return new Response(bytes);
    }
    const shown = exact && isFresh(found) && (await show(exact));
    if (shown) return shown;

    let taking: Promise<void> | undefined;
    async function load(): Promise<Response> {
      const response = await (picture.from === 'bucket' ? bucket.read(picture.place, request) : fetch(request));
      if (session) extend((taking = keeper.take(response, { picture, name, session, exact })));
      // A CDN may want cookies, which the page would have sent, and a signed URL needs none.
      const isCookieMissing = picture.from === 'bucket' && !picture.object.isSigned && isRefused(response);
      return isCookieMissing && request.mode === 'no-cors' ? fetch(request) : response;
    }
    const loading = load();
    if (picture.from === 'bucket') {
      const ended = loading.then(() => taking).catch(() => {});
      running.set(
        name.key,
        ended.finally(() => running.delete(name.key)),
      );
    }
    // Another size of the picture is better than none.
    const copy = exact ?? images.toSorted((a, b) => b.size - a.size)[0];
    if (!copy) return loading;
    extend(loading.catch(() => {}));
    const loaded = await within(PATIENCE_MS, loading);
    if (loaded && loaded.status < 500) return loaded;
    return (await show(copy)) ?? loaded ?? loading;
  }

  return {
    match: ({ request }) => {
      const picture = pictureOf(request);
      return picture !== undefined && !(picture.from === 'bucket' && bucket.isKnownUnreadable(picture.place));
    },
    async respond(context) {
      const { request } = context;
      const extend = (work: Promise<unknown>): void => (context.event ?? (context as Lasting)).waitUntil?.(work);
      try {
        const picture = pictureOf(request);
        return await (picture ? answer(picture, request, extend) : fetch(request));
      } catch {
        return Response.error();
      }
    },
  };
}

/** Who the user is. An app's function may throw. */
async function askUser(
  partition: NonNullable<ResolvedWorkerOptions['partition']>,
): Promise<Pick<OfflineSession, 'user'>> {
  return { user: await partition() };
}

/** What the browser's storage says; `undefined` if it fails, or hangs. */
function ask<T>(work: Promise<T>): Promise<T | undefined> {
  return within(STORAGE_MS, work);
}

/** `undefined` if it fails, or takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => void setTimeout(resolve, ms));
  return Promise.race([work.catch(() => undefined), late]);
}
