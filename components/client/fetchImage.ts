import type { CacheClient } from './cacheClient.ts';

/**
 * Resolves when the server's cache has an image, and the page knows of it; or when it could not be had. For images without an
 * element: those of one tick are one look-up and one call, so that many of them leave the browser its connections.
 */
export async function fetchImage(client: CacheClient, url: string, actorId: string | undefined): Promise<void> {
  try {
    const { lookup, want } = await client.fetching();
    if ((await lookup(url)) !== null) return;
    await new Promise<void>((resolve) => want({ url, actorId, onSettled: () => resolve() }));
  } catch {
    // Whoever loads it then reads through the cache, and hears what is wrong.
  }
}
