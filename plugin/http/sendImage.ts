import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CachedImage } from '../cache/shelf.ts';
import type { CacheTier } from '../protocol.ts';
import { sendBytes } from './sendBytes.ts';

export type AskedBy = 'path' | 'url';

/** `immutable`: the path holds the digest of the bytes. A read-through URL may mean other bytes tomorrow. */
export const CACHE_CONTROL: Record<AskedBy, string> = {
  path: 'public, max-age=31536000, immutable',
  url: 'no-cache',
};

/** RFC 9211. */
const CACHE_STATUS: Record<CacheTier | 'STALE' | 'REVALIDATED', string> = {
  memory: 'image-cache; hit; detail=memory',
  disk: 'image-cache; hit; detail=disk',
  s3: 'image-cache; fwd=miss; stored',
  STALE: 'image-cache; hit; detail=stale',
  REVALIDATED: 'image-cache; fwd=request; detail=revalidated',
};

/** Answers with an image, a part of it, or the news that the browser has it already. */
export function sendImage(
  request: IncomingMessage,
  response: ServerResponse,
  { entry, body, tier, outcome }: CachedImage,
  askedBy: AskedBy,
): void {
  sendBytes(request, response, {
    body,
    digest: entry.sha256,
    contentType: entry.content_type,
    headers: {
      'Cache-Control': CACHE_CONTROL[askedBy],
      'X-Cache': outcome ?? (tier === 's3' ? 'MISS' : 'HIT'),
      'Cache-Status': CACHE_STATUS[outcome ?? tier],
      'Server-Timing': tier,
    },
  });
}
