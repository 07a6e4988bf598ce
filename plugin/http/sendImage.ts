import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CachedImage, sentBytes } from '../cache/index.ts';
import type { CacheTier, ManifestEntry } from '../protocol.ts';
import { contentDisposition } from './contentDisposition.ts';
import type { HttpContext } from './context.ts';
import { isShared, securityHeaders } from './respond.ts';
import { type Description, type FileByNginx, type Heads, headsOf, sendBytes } from './sendBytes.ts';
import type { Timeline } from '../timeline.ts';

export type AskedBy = 'path' | 'url';

/**
 * How long an answer may be cached. An image by path is `immutable`, because the path contains the digest of the bytes. A URL may
 * mean other bytes tomorrow.
 * @param isPrivate true if `authorize` decides for each request: then no shared cache may keep the image, and the browser asks
 *   each time (which costs a 304)
 */
export function cacheControl(askedBy: AskedBy, isPrivate: boolean): string {
  if (isPrivate) return 'private, no-cache';
  return askedBy === 'path' ? 'public, max-age=31536000, immutable' : 'no-cache';
}

/** The values of `Cache-Status` (RFC 9211). */
const CACHE_STATUS: Record<CacheTier | 'STALE' | 'REVALIDATED', string> = {
  memory: 'image-cache; hit; detail=memory',
  disk: 'image-cache; hit; detail=disk',
  s3: 'image-cache; fwd=miss; stored',
  STALE: 'image-cache; hit; detail=stale',
  REVALIDATED: 'image-cache; fwd=request; detail=revalidated',
};

type SendImage = (
  request: IncomingMessage,
  response: ServerResponse,
  image: CachedImage,
  asked: { by: AskedBy; timeline?: Timeline | undefined },
) => void;

/**
 * Creates the function that answers with an image, with a part of it, or with 304 if the browser has it already.
 * @param isPrivate see {@link cacheControl}
 */
export function createSendImage(
  isPrivate: boolean,
  { outbound, accelRedirect }: Pick<HttpContext, 'outbound' | 'accelRedirect'>,
): SendImage {
  /** Headers for images in memory that are requested by path: these do not change from one answer to the next. */
  const frequent = new WeakMap<ManifestEntry, Heads>();
  /** An entry's name and type never change. */
  const dispositions = new WeakMap<ManifestEntry, string>();

  function dispositionOf(entry: ManifestEntry): string {
    const known = dispositions.get(entry);
    if (known !== undefined) return known;
    const made = contentDisposition(entry.filename, entry.content_type);
    dispositions.set(entry, made);
    return made;
  }

  function describe(image: CachedImage, by: AskedBy, timeline: Timeline | undefined): Description {
    const { entry, tier, outcome } = image;
    return {
      digest: entry.sha256,
      disposition: dispositionOf(entry),
      contentType: entry.content_type,
      size: sentBytes(image),
      headers: {
        'Cache-Control': cacheControl(by, isPrivate),
        'X-Cache': outcome ?? (tier === 's3' ? 'MISS' : 'HIT'),
        'Cache-Status': CACHE_STATUS[outcome ?? tier],
        'Server-Timing': timeline === undefined ? tier : tier + timeline.toServerTiming(),
      },
    };
  }

  return function sendImage(request, response, image, { by, timeline }) {
    const security = securityHeaders(response);
    const isFrequent = image.tier === 'memory' && by === 'path' && image.outcome === undefined && !isShared(security);
    const known = isFrequent ? frequent.get(image.entry) : undefined;
    const heads = known ?? headsOf(describe(image, by, isFrequent ? undefined : timeline), security);
    if (isFrequent && known === undefined) frequent.set(image.entry, heads);
    sendBytes(request, response, bodyOf(image, accelRedirect), heads, outbound);
  };
}

/** What is sent: the bytes, or the file that nginx sends. Only a request that `accelRedirect` is for gets an image with a file. */
export function bodyOf(
  { body, file }: Pick<CachedImage, 'body' | 'file'>,
  accelRedirect: HttpContext['accelRedirect'],
): Buffer | FileByNginx {
  if (file === undefined || accelRedirect === undefined) return body;
  return { size: file.size, url: accelRedirect.urlOf(file) };
}
