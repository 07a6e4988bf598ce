import type { CacheClient } from './cacheClient.ts';
import { crossOriginOf } from './crossOrigin.ts';
import { imageKey } from './imageKey.ts';
import { localUrl } from './localUrl.ts';

/**
 * Resolves when the server's cache has an image and the page knows about it, or when the image could not be fetched. It is for images
 * without an element. All images of one tick share one look-up and one call, so that they do not use up the browser's connections.
 */
export async function fetchImage(client: CacheClient, url: string, actorId: string | undefined): Promise<void> {
  try {
    const { lookup, want } = await client.fetching();
    if ((await lookup(url)) !== null) return;
    await new Promise<void>((resolve) => want({ url, actorId, onSettled: () => resolve() }));
  } catch {
    // The image is then loaded through the cache, which shows what is wrong.
  }
}

/**
 * Fetches an image and decodes it, so that an element that shows it afterwards has it in its first frame. It ignores failures, because
 * the element handles them.
 */
export async function decodeImage(client: CacheClient, url: string, actorId: string | undefined): Promise<void> {
  const { baseUrl, known } = client;
  if (baseUrl !== undefined) await fetchImage(client, url, actorId);
  const image = new Image();
  image.crossOrigin = crossOriginOf(baseUrl) ?? null;
  image.src = baseUrl === undefined ? url : localUrl(baseUrl, url, known.get(imageKey(url)), actorId);
  await image.decode().catch(() => {});
}
