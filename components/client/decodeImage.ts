import type { CacheClient } from './cacheClient.ts';
import { crossOriginOf } from './crossOrigin.ts';
import { fetchImage } from './fetchImage.ts';
import { imageKey } from './imageKey.ts';
import { localUrl } from './imageUrl.ts';

/**
 * Has an image fetched and decodes it, so that an element that then shows it has it in its first frame. What fails is left to
 * the element.
 */
export async function decodeImage(client: CacheClient, url: string, actorId: string | undefined): Promise<void> {
  const { mount, known } = client;
  if (mount !== undefined) await fetchImage(client, url, actorId);
  const image = new Image();
  image.crossOrigin = crossOriginOf(mount) ?? null;
  image.src = mount === undefined ? url : localUrl(mount, url, known.get(imageKey(url)), actorId);
  await image.decode().catch(() => {});
}
