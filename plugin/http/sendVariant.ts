import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SizedImage, VariantSpec } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { contentDisposition } from './contentDisposition.ts';
import { securityHeaders } from './respond.ts';
import { headsOf, sendBytes } from './sendBytes.ts';
import { type AskedBy, cacheControl } from './sendImage.ts';
import type { UnreadBodies } from './unreadBodies.ts';
import type { Timeline } from '../timeline.ts';

/** The `detail` of RFC 9211: whether it is a variant, and from where, or why it is the original. */
const DETAIL: Record<SizedImage['origin'], string> = {
  memory: 'variant-memory',
  disk: 'variant-disk',
  made: 'variant-made',
  'as-is': 'original',
  'too-many-pixels': 'original-too-many-pixels',
  'no-maker': 'original-sharp-missing',
  'not-made': 'original-not-made',
};

/**
 * Answers with an image in the size and format that were asked for, or with the original in its place.
 * @throws ImageCacheError SHARP_MISSING when a format was asked for by name, and nothing can make it
 */
export function sendVariant(
  request: IncomingMessage,
  response: ServerResponse,
  { entry, body, digest, contentType, tier, origin }: SizedImage,
  {
    spec,
    askedBy,
    isPrivate,
    unread,
    timeline,
  }: { spec: VariantSpec; askedBy: AskedBy; isPrivate: boolean; unread: UnreadBodies; timeline: Timeline | undefined },
): void {
  if (origin === 'no-maker' && !spec.negotiated) throw sharpMissing();
  if (spec.negotiated) response.appendHeader('Vary', 'Accept');
  const headers = {
    // Once sharp is installed, or less is to be made, the same URL is another image.
    'Cache-Control': cacheControl(origin === 'no-maker' || origin === 'not-made' ? 'url' : askedBy, isPrivate),
    'X-Cache': tier === 's3' ? 'MISS' : 'HIT',
    'Cache-Status': `image-cache; ${tier === 's3' ? 'fwd=miss; stored' : 'hit'}; detail=${DETAIL[origin]}`,
    'Server-Timing': tier + (timeline?.toServerTiming() ?? ''),
  };
  const disposition = contentDisposition(entry.filename, contentType);
  const heads = headsOf({ digest, disposition, contentType, size: body.length, headers }, securityHeaders(response));
  sendBytes(request, response, body, heads, unread);
}

function sharpMissing(): ImageCacheError {
  return new ImageCacheError('SHARP_MISSING', 'Images in other formats are made with sharp, which is not installed.', {
    hint: 'npm install sharp, and start again. Without `format`, or with `format=auto`, the original is served.',
  });
}
