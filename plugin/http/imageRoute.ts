import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type ArrivingImage,
  type CachedImage,
  type ImageRef,
  type ReadOptions,
  reportFailure,
  type VariantSpec,
} from '../cache/index.ts';
import { parseActorId } from './actorId.ts';
import { ImageCacheError } from '../errors.ts';
import type { HttpContext } from './context.ts';
import type { ManifestEntry } from '../protocol.ts';
import { cutOff } from './cutOff.ts';
import { ensureAuthorized, ensureImageAuthorized } from './ensureAuthorized.ts';
import { parseQuery } from './query.ts';
import { isKnownTo } from './sendBytes.ts';
import { createSendImage } from './sendImage.ts';
import { isStreamable, streamImage } from './streamImage.ts';
import { requesterSignal } from './requesterSignal.ts';
import { sendVariant } from './sendVariant.ts';
import { VARIANT_PARAMETERS, parseVariant } from './variantQuery.ts';

const PARAMETERS = {
  path: 'INVALID_PATH',
  url: 'INVALID_URL',
  actor_id: 'INVALID_ACTOR_ID',
  // The client changes it to make the browser ask again; it means nothing here.
  v: 'INVALID_URL',
  revalidate: 'INVALID_URL',
  ...VARIANT_PARAMETERS,
} as const;

/**
 * `GET·HEAD /image?path=<local_path>` and `GET·HEAD /image?url=<s3 url>[&actor_id=]`, as it is or, with `w`, `h`, `fit`,
 * `format` and `q`, in another size and format: the hot path, a plain handler without Express. An image in memory is answered in the same turn of the event loop.
 */
export function createImageRoute(context: HttpContext) {
  const { cache, logger, authorize, unread } = context;
  const isPrivate = authorize !== undefined;
  const sendImage = createSendImage(isPrivate, unread);

  async function answer(request: IncomingMessage, response: ServerResponse, started: number): Promise<void> {
    const query = parseQuery(request.url ?? '', PARAMETERS);
    const { path, url, actor_id } = query;
    const variant = parseVariant(query, request.headers.accept, context.images);
    if (path !== undefined && url === undefined) {
      if (path === '') throw new ImageCacheError('INVALID_PATH', 'The parameter `path` is empty.');
      if (variant !== undefined) return answerVariant(request, response, { path }, variant);
      // Who may not see it changes nothing by asking: it is not read, and counts for no use of it.
      const known = authorize === undefined ? undefined : await cache.findPath(path);
      if (known !== undefined) await ensureAuthorized(context, request, known);
      const image = cache.peek(path) ?? (await cache.readPath(path, { isKnown: isKnownTo(request) }));
      if (image.entry !== known) await ensureAuthorized(context, request, image.entry);
      sendImage(request, response, image, 'path');
      log(image, started);
      return;
    }
    if (url === undefined || path !== undefined) {
      throw new ImageCacheError('INVALID_URL', 'Ask for an image by either `path` or `url`.', {
        hint: '`/image?path=<local_path of a manifest entry>` or `/image?url=<S3 URL, percent-encoded>`.',
      });
    }
    const actorId = actor_id === undefined ? undefined : parseActorId(actor_id);
    if (variant !== undefined) return answerVariant(request, response, { url: cache.identify(url), actorId }, variant);
    if (query.revalidate !== undefined && query.revalidate !== 'true') {
      throw new ImageCacheError('INVALID_URL', 'The parameter `revalidate` can only be `true`.');
    }
    const revalidate = query.revalidate !== undefined;
    const image = await readThrough(request, response, url, { actorId, revalidate });
    if (image !== undefined) log(image, started);
  }

  function identify(url: string): ImageRef {
    try {
      return cache.identify(url);
    } catch (error) {
      reportFailure(logger, url, error);
      throw error;
    }
  }

  /** Answers with an image by URL; with one that has to be downloaded, while it arrives. */
  async function readThrough(
    request: IncomingMessage,
    response: ServerResponse,
    url: string,
    options: Pick<ReadOptions, 'actorId' | 'revalidate'>,
  ): Promise<CachedImage | undefined> {
    const asked = identify(url);
    await ensureImageAuthorized(context, request, { image: asked, actorId: options.actorId });
    let streamed: Promise<void> | undefined;
    const stream = (arriving: ArrivingImage) => {
      if (arriving.body.hasFailed) return;
      streamed = streamImage(response, arriving, asked.filename);
      streamed.catch(() => undefined); // heard below
    };
    // Who may see an image is decided once more by its entry, which there is none of yet.
    const onArriving = authorize === undefined && isStreamable(request) ? stream : undefined;
    try {
      const image = await cache.readUrl(asked, {
        ...options,
        // Made when it is asked for, which a hit does not: it costs a listener.
        get signal() {
          return requesterSignal(response);
        },
        onArriving,
        isKnown: isKnownTo(request),
      });
      await ensureAuthorized(context, request, image.entry);
      if (streamed === undefined) sendImage(request, response, image, 'url');
      return image;
    } catch (error) {
      reportFailure(logger, url, error);
      if (streamed === undefined) throw error;
      return undefined;
    } finally {
      // All of it may have been sent although it could not be stored.
      await streamed?.then(
        () => response.end(),
        () => cutOff(response),
      );
    }
  }

  async function answerVariant(
    request: IncomingMessage,
    response: ServerResponse,
    asked: { path: string } | { url: ImageRef; actorId: string | undefined },
    spec: VariantSpec,
  ): Promise<void> {
    if ('url' in asked) await ensureImageAuthorized(context, request, { ...asked, image: asked.url });
    const image = { ...asked, signal: requesterSignal(response) };
    const permit = (entry: ManifestEntry) => ensureAuthorized(context, request, entry);
    const sized = await cache.readVariant(image, spec, permit);
    await permit(sized.entry); // it may have been exchanged meanwhile
    sendVariant(request, response, sized, { spec, askedBy: 'path' in asked ? 'path' : 'url', isPrivate, unread });
  }

  function log(image: CachedImage, started: number): void {
    if (logger.debug === undefined) return;
    const outcome = image.outcome ?? (image.tier === 's3' ? 'MISS' : `HIT ${image.tier}`);
    logger.debug(`${outcome} ${shortName(image)} ${(performance.now() - started).toFixed(1)} ms`);
  }

  /** Answers at once, or returns the promise of an answer; a refusal is thrown, or rejects it. */
  return function imageRoute(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const started = logger.debug === undefined ? 0 : performance.now();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new ImageCacheError('METHOD_NOT_ALLOWED', 'An image can be asked for with GET or HEAD only.');
    }
    const hit = authorize === undefined ? peekQuery(cache, request.url ?? '') : undefined;
    if (hit === undefined) return answer(request, response, started);
    sendImage(request, response, hit, 'path');
    log(hit, started);
    return undefined;
  };
}

const PATH_QUERY = '/image?path=';
/** What would have to be looked at more closely. */
const SPECIAL = /[&#%+]/;

/** The plainest and most frequent question, without any parsing. Slashes may be escaped, as `encodeURIComponent` does. */
function peekQuery(cache: HttpContext['cache'], url: string): CachedImage | undefined {
  if (!url.startsWith(PATH_QUERY)) return undefined;
  const asked = url.slice(PATH_QUERY.length);
  const path = asked.includes('%2F') ? asked.replaceAll('%2F', '/') : asked;
  return path === '' || SPECIAL.test(path) ? undefined : cache.peek(path);
}

function shortName({ entry }: CachedImage): string {
  return entry.local_path.slice(entry.local_path.indexOf('images/') + 'images/'.length);
}
