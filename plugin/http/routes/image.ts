import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type ArrivingImage,
  type CachedImage,
  type ImageRef,
  parseActorId,
  type ReadOptions,
  reportFailure,
  type VariantSpec,
  withoutQuery,
} from '../../cache/index.ts';
import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import type { AskedRef, AuthorizedImages } from '../authorizedImages.ts';
import { abortResponse } from '../abortResponse.ts';
import type { RouteContext } from '../defineRoute.ts';
import { ImageTimer, type TimerContext, logServed } from '../imageTimer.ts';
import { parseQuery } from '../query.ts';
import { requesterSignal } from '../requesterSignal.ts';
import { isKnownTo } from '../sendBytes.ts';
import { createSendImage } from '../sendImage.ts';
import { sendVariant } from '../sendVariant.ts';
import { isStreamable, streamImage } from '../streamImage.ts';
import { VARIANT_PARAMETERS, parseVariant } from '../variantQuery.ts';

/** The parameters of `GET /image`, each with the error code for a wrong value. */
export const PARAMETERS = {
  path: 'INVALID_PATH',
  url: 'INVALID_URL',
  actor_id: 'INVALID_ACTOR_ID',
  // The client changes it to make the browser request the image again; the server ignores it.
  v: 'INVALID_URL',
  revalidate: 'INVALID_URL',
  ...VARIANT_PARAMETERS,
} as const;

/**
 * `GET·HEAD /image?path=<local_path>` and `GET·HEAD /image?url=<s3 url>[&actor_id=]`: the original or, with `w`, `h`, `fit`,
 * `format` and `q`, another size or format. This is the hot path, so it is a plain handler without Express, and an image in memory
 * is sent in the same turn of the event loop.
 */
export const imageRoute = { method: 'GET', path: '/image', access: 'images', createPlain } as const;

/** The parameters of a request for an image. */
export type ImageQuery = Partial<Record<keyof typeof PARAMETERS, string>>;
/** Whether the URL of the request always stands for the bytes of this entry, so that the answer may be kept for ever. */
export type IsLasting = (entry: ManifestEntry) => boolean;

/** Creates the function that answers a query with its image. */
export function createImageAnswer(context: RouteContext) {
  const { authorized: images, cache, images: variants, logger, accelRedirect } = context;
  const isPrivate = !images.areOpen;
  const sendImage = createSendImage(isPrivate, context);

  return async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    query: ImageQuery,
    timer: ImageTimer,
    isLasting: IsLasting = () => false,
  ): Promise<void> {
    const { path, url, actor_id } = query;
    const spec = parseVariant(query, request.headers.accept, variants);
    const options = {
      isKnown: isKnownTo(request),
      asFile: accelRedirect?.isFor(request) === true,
      // These need a listener and a timeline, so they are created only when they are used; a hit in memory does not use them.
      get signal() {
        return requesterSignal(response);
      },
      get timeline() {
        return timer.timeline;
      },
    };
    if (path !== undefined && url === undefined) {
      if (path === '') throw new ImageCacheError('INVALID_PATH', 'The parameter `path` is empty.');
      if (spec !== undefined)
        return answerVariant(request, response, Object.assign(options, { path }), spec, timer, isLasting);
      const image = await images.readPath(request, path, options);
      sendImage(request, response, image, { by: 'path', timeline: timer.served(image) });
      return;
    }
    if (url === undefined || path !== undefined) {
      throw new ImageCacheError('INVALID_URL', 'The request needs either `path` or `url`.', {
        hint: 'Write `/image?path=<local_path of a manifest entry>` or `/image?url=<S3 URL, percent-encoded>`.',
      });
    }
    const actorId = actor_id === undefined ? undefined : parseActorId(actor_id);
    if (spec !== undefined) {
      const asked = Object.assign(options, { url: identify(url, actorId, timer), actorId });
      return answerVariant(request, response, asked, spec, timer, isLasting);
    }
    if (query.revalidate !== undefined && query.revalidate !== 'true') {
      throw new ImageCacheError('INVALID_URL', 'The parameter `revalidate` can only be `true`.');
    }
    const revalidate = query.revalidate !== undefined;
    await readThrough(request, response, url, Object.assign(options, { actorId, revalidate }), timer, isLasting);
  };

  function identify(url: string, actorId: string | undefined, timer: ImageTimer): ImageRef {
    try {
      return images.identify(url);
    } catch (error) {
      reportFailure(logger, url, error);
      timer.failed(withoutQuery(url), actorId, error);
      throw error;
    }
  }

  /** Answers with an image by URL. If it has to be downloaded, it is sent while it arrives. */
  async function readThrough(
    request: IncomingMessage,
    response: ServerResponse,
    url: string,
    options: ReadOptions,
    timer: ImageTimer,
    isLasting: IsLasting,
  ): Promise<void> {
    const asked = identify(url, options.actorId, timer);
    let streamed: Promise<void> | undefined;
    const stream = (arriving: ArrivingImage) => {
      if (arriving.body.hasFailed) return;
      streamed = streamImage(response, arriving, asked.filename, timer.timeline);
      streamed.catch(() => undefined); // the error is handled below
    };
    // With `authorize`, the hook must also see the image's entry, which does not exist before the end of the download.
    if (images.areOpen && isStreamable(request)) options.onArriving = stream;
    try {
      const image = await images.readUrl(request, asked, options);
      const timeline = timer.served(image);
      const by = isLasting(image.entry) ? 'path' : 'url';
      if (streamed === undefined) sendImage(request, response, image, { by, timeline });
    } catch (error) {
      reportFailure(logger, url, error);
      timer.failed(asked.key, options.actorId, error);
      if (streamed === undefined) throw error;
      cache.countError(ImageCacheError.from(error).code);
    } finally {
      // The complete image may have been sent although it could not be stored.
      await streamed?.then(
        () => response.end(),
        () => abortResponse(response),
      );
    }
  }

  async function readVariant(request: IncomingMessage, asked: AskedRef, spec: VariantSpec, timer: ImageTimer) {
    try {
      return await images.readVariant(request, asked, spec);
    } catch (error) {
      const key = 'url' in asked ? asked.url.key : (await cache.findPath(asked.path))?.s3_url;
      if (key !== undefined) timer.failed(key, asked.actorId, error);
      throw error;
    }
  }

  async function answerVariant(
    request: IncomingMessage,
    response: ServerResponse,
    asked: AskedRef,
    spec: VariantSpec,
    timer: ImageTimer,
    isLasting: IsLasting,
  ): Promise<void> {
    const sized = await readVariant(request, asked, spec, timer);
    const timeline = timer.served(sized);
    const askedBy = 'path' in asked || isLasting(sized.entry) ? 'path' : 'url';
    sendVariant(request, response, sized, { spec, askedBy, isPrivate, context, timeline });
  }
}

function createPlain(context: RouteContext) {
  const { authorized: images, logger, accelRedirect } = context;
  const timing: TimerContext = { logger, recorder: context.cache.insight.recorder };
  const sendImage = createSendImage(!images.areOpen, context);
  const answer = createImageAnswer(context);

  async function answerQuery(request: IncomingMessage, response: ServerResponse, timer: ImageTimer): Promise<void> {
    await answer(request, response, parseQuery(request.url ?? '', PARAMETERS), timer);
  }

  /** Answers at once, or returns a promise for the answer. An error is thrown, or rejects the promise. */
  return function answerImage(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const started = logger.debug === undefined ? undefined : performance.now();
    // Behind nginx, it depends on the request whether the image or the name of its file is sent: `answer` looks at that.
    const hit = accelRedirect === undefined ? peekQuery(images, request.url ?? '') : undefined;
    if (hit === undefined) return answerQuery(request, response, new ImageTimer(timing, started ?? performance.now()));
    sendImage(request, response, hit, { by: 'path' });
    if (started !== undefined) logServed(logger, hit, performance.now() - started);
    return undefined;
  };
}

const PATH_QUERY = '/image?path=';
/** Characters that need the full parser. */
const SPECIAL = /[&#%+]/;

/** Answers the simplest and most frequent request without parsing it. Slashes may be escaped, as by `encodeURIComponent`. */
function peekQuery(images: AuthorizedImages, url: string): CachedImage | undefined {
  if (!url.startsWith(PATH_QUERY)) return undefined;
  const asked = url.slice(PATH_QUERY.length);
  const path = asked.includes('%2F') ? asked.replaceAll('%2F', '/') : asked;
  return path === '' || SPECIAL.test(path) ? undefined : images.peek(path);
}
