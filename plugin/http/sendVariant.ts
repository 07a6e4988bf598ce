import type { IncomingMessage, ServerResponse } from 'node:http';
import { sentBytes, type SizedImage, type VariantSpec } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { contentDisposition } from './contentDisposition.ts';
import { securityHeaders } from './respond.ts';
import { headsOf, sendBytes } from './sendBytes.ts';
import { type AskedBy, bodyOf, cacheControl } from './sendImage.ts';
import type { HttpContext } from './context.ts';
import type { Timeline } from '../timeline.ts';
import { varyBy } from './vary.ts';

/** The `detail` of RFC 9211: where the variant came from, or why the original is sent. */
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
 * Answers with an image in the requested size and format, or with the original instead.
 * @throws ImageCacheError SHARP_MISSING when a format was requested by name, and sharp is not installed
 */
export function sendVariant(
  request: IncomingMessage,
  response: ServerResponse,
  image: SizedImage,
  {
    spec,
    askedBy,
    isPrivate,
    context: { outbound, accelRedirect },
    timeline,
  }: {
    spec: VariantSpec;
    askedBy: AskedBy;
    isPrivate: boolean;
    context: Pick<HttpContext, 'outbound' | 'accelRedirect'>;
    timeline: Timeline | undefined;
  },
): void {
  const { entry, digest, contentType, tier, origin } = image;
  if (origin === 'no-maker' && !spec.negotiated) throw sharpMissing();
  if (spec.negotiated) varyBy(response, 'Accept');
  const headers = {
    // If sharp was missing or failed this time, the same URL may be another image later.
    'Cache-Control': cacheControl(origin === 'no-maker' || origin === 'not-made' ? 'url' : askedBy, isPrivate),
    'X-Cache': tier === 's3' ? 'MISS' : 'HIT',
    'Cache-Status': `image-cache; ${tier === 's3' ? 'fwd=miss; stored' : 'hit'}; detail=${DETAIL[origin]}`,
    'Server-Timing': tier + (timeline?.toServerTiming() ?? ''),
  };
  const disposition = contentDisposition(entry.filename, contentType);
  const heads = headsOf(
    { digest, disposition, contentType, size: sentBytes(image), headers },
    securityHeaders(response),
  );
  sendBytes(request, response, bodyOf(image, accelRedirect), heads, outbound);
}

function sharpMissing(): ImageCacheError {
  return new ImageCacheError('SHARP_MISSING', 'Images in other formats are made with sharp, which is not installed.', {
    hint: 'Run `npm install sharp` and restart the server. Without `format`, or with `format=auto`, the original is served.',
  });
}
