import { createOfflineStore, type Look, type OfflineImage } from '../client/offline/offlineStore.ts';
import { type ImageWorkerOptions, resolveWorkerOptions } from './imageWorkerOptions.ts';
import { createBucketReader } from './bucketReader.ts';
import { outboxPicture } from './outboxPicture.ts';
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

export interface ImageHandler {
  /** Whether a request is for a picture that the worker answers. All others are none of its business. */
  match(context: { readonly request: Request }): boolean;
  /** Answers such a request. Never rejects: without an answer, it is the network error that the page would have got without a worker. */
  respond(context: ImageRequestEvent): Promise<Response>;
}

/**
 * Makes what a router needs to keep pictures for offline pages. Call it at the top of your worker.
 * @throws ImageWorkerError if an option is wrong
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

  async function look(name: PictureName): Promise<Look | undefined> {
    const found = await ask(store.look(name));
    if (!found || !settings.partition) return found;
    const user = (await settings.partition()) || undefined;
    if (user === found.session.user) return found;
    await ask(store.setUser(user));
    return ask(store.look(name));
  }

  async function answer(picture: RequestedPicture, request: Request, extend: Lasting['waitUntil']): Promise<Response> {
    if (picture.from === 'ref') {
      const held = await ask(outboxPicture(picture.imageId));
      if (held) return toResponse(held);
    }
    const name = await nameOf(picture);
    await running.get(name.key);
    const seen = await look(name).catch(() => undefined);
    const visible = seen?.images.filter(({ user }) => user === '' || user === seen.session.user) ?? [];
    const exact = visible.find(({ key }) => key === name.key);

    async function show(image: OfflineImage, body?: Blob): Promise<Response | undefined> {
      const bytes = body ?? (await ask(store.look(image)))?.body;
      if (bytes?.size !== image.size) return undefined;
      extend(keeper.shown(image));
      return toResponse(bytes, image.type);
    }
    // The digest names the bytes, but a server that asks who may see them is asked each time.
    const isFresh =
      picture.from === 'bucket'
        ? exact && Date.now() - exact.stored < settings.maxAge
        : exact?.digest !== undefined && exact.digest === name.digest && exact.user === '';
    if (exact && isFresh) {
      const shown = await show(exact, seen?.body);
      if (shown) return shown;
    }

    async function load(): Promise<Response> {
      const response = await (picture.from === 'bucket' ? bucket.read(picture.place, request) : fetch(request));
      if (seen && response.type !== 'opaque') {
        const taking = keeper.take(response, { picture, name, session: seen.session });
        if (picture.from === 'bucket') track(name.key, taking);
        extend(taking);
      }
      return response;
    }
    const loading = load();
    // Another size of the picture is better than none.
    const copy = exact ?? visible.toSorted((a, b) => b.size - a.size)[0];
    if (!copy) return loading;
    extend(loading.catch(() => {}));
    const loaded = await within(PATIENCE_MS, loading);
    if (loaded && loaded.status < 500) return loaded;
    return (await show(copy, copy === exact ? seen?.body : undefined)) ?? loaded ?? loading;
  }

  function track(key: string, taking: Promise<unknown>): void {
    const ended = taking.finally(() => running.delete(key));
    running.set(key, ended);
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

function toResponse(body: Blob, type = body.type): Response {
  return new Response(body, { headers: { 'Content-Type': type } });
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
