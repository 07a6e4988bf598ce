import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CachedImage } from '../cache/shelf.ts';
import { parseActorId } from './actorId.ts';
import { ImageCacheError } from '../errors.ts';
import type { HttpContext } from './context.ts';
import { parseQuery } from './query.ts';
import { sendImage } from './sendImage.ts';
import { requesterSignal } from './requesterSignal.ts';

const PARAMETERS = {
  path: 'INVALID_PATH',
  url: 'INVALID_URL',
  actor_id: 'INVALID_ACTOR_ID',
  // The client changes it to make the browser ask again; it means nothing here.
  v: 'INVALID_URL',
} as const;

/**
 * `GET·HEAD /image?path=<local_path>` and `GET·HEAD /image?url=<s3 url>[&actor_id=]`: the hot path, a plain handler
 * without Express. An image in memory is answered in the same turn of the event loop.
 */
export function createImageRoute(context: HttpContext) {
  const { cache, logger, authorize } = context;

  async function read(request: IncomingMessage, response: ServerResponse): Promise<[CachedImage, 'path' | 'url']> {
    const { path, url, actor_id } = parseQuery(request.url ?? '', PARAMETERS);
    if (path !== undefined && url === undefined) {
      if (path === '') throw new ImageCacheError('INVALID_PATH', 'The parameter `path` is empty.');
      return [cache.peek(path) ?? (await cache.readPath(path)), 'path'];
    }
    if (url === undefined || path !== undefined) {
      throw new ImageCacheError('INVALID_URL', 'Ask for an image by either `path` or `url`.', {
        hint: '`/image?path=<local_path of a manifest entry>` or `/image?url=<S3 URL, percent-encoded>`.',
      });
    }
    const actorId = actor_id === undefined ? undefined : parseActorId(actor_id);
    const known = authorize === undefined ? undefined : await cache.find(url);
    if (known !== undefined) await ensureAuthorized(context, request, known);
    return [await cache.readUrl(url, actorId, requesterSignal(response)), 'url'];
  }

  async function answer(request: IncomingMessage, response: ServerResponse, started: number): Promise<void> {
    const [image, askedBy] = await read(request, response);
    await ensureAuthorized(context, request, image.entry);
    sendImage(request, response, image, askedBy);
    log(image, started);
  }

  function log(image: CachedImage, started: number): void {
    if (logger.debug === undefined) return;
    const outcome = image.tier === 's3' ? 'MISS' : `HIT ${image.tier}`;
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

const PATH_QUERY = /^\/image\?path=([^&#%+]+)$/;

/** The plainest and most frequent question, without any parsing. */
function peekQuery(cache: HttpContext['cache'], url: string): CachedImage | undefined {
  const path = PATH_QUERY.exec(url)?.[1];
  return path === undefined ? undefined : cache.peek(path);
}

async function ensureAuthorized(
  { authorize }: HttpContext,
  request: IncomingMessage,
  entry: CachedImage['entry'],
): Promise<void> {
  if (authorize === undefined || (await authorize(request, entry))) return;
  throw new ImageCacheError('NOT_AUTHORIZED', 'You may not see this image.');
}

function shortName({ entry }: CachedImage): string {
  return entry.local_path.slice(entry.local_path.indexOf('images/') + 'images/'.length);
}
