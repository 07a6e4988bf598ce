import type { CacheClient } from './cacheClient.ts';
import { pageOrigin } from './imageKey.ts';
import { bestUrls } from './imageSource.ts';

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
  const { baseUrl, imageBase, known } = client;
  if (baseUrl !== undefined) await fetchImage(client, url, actorId);
  const urls = bestUrls({ url, actorId, baseUrl, imageBase, pageOrigin: pageOrigin() }, known);
  const image = new Image();
  image.crossOrigin = urls?.crossOrigin ?? null;
  image.src = urls?.src ?? url;
  await image.decode().catch(() => {});
}
