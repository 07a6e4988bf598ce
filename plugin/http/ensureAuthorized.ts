import type { IncomingMessage } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import type { ManifestEntry } from '../protocol.ts';
import type { HttpContext } from './context.ts';

/** @throws ImageCacheError NOT_AUTHORIZED when the option `authorize` says no */
export async function ensureAuthorized(
  { authorize }: HttpContext,
  request: IncomingMessage,
  entry: ManifestEntry,
): Promise<void> {
  if (authorize === undefined || (await authorize(request, entry))) return;
  throw new ImageCacheError('NOT_AUTHORIZED', 'You may not see this image.');
}
