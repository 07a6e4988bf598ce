import type { CacheClient } from './cacheClient.ts';
import { imageKey } from './imageKey.ts';
import { localUrl } from './imageUrl.ts';

/**
 * Looks an image up, loads and decodes it, so that an element that then shows it has it in its first frame. What fails is
 * left to the element.
 */
export async function decodeImage(client: CacheClient, url: string, actorId: string | undefined): Promise<void> {
  const { mount, registry } = client;
  if (mount !== undefined) await client.lookup(url).catch(() => null);
  const image = new Image();
  image.src = mount === undefined ? url : localUrl(mount, url, registry.get(imageKey(url)), actorId);
  await image.decode().catch(() => {});
}
