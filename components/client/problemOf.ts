import { ImageCacheRequestError, request } from './api.ts';

const asking = new Map<string, Promise<ImageCacheRequestError | undefined>>();

/**
 * What the server says is wrong with an image: an `<img>` is told nothing about its errors.
 * @returns `undefined` when nothing is wrong (any more)
 */
export async function problemOf(
  mount: string,
  url: string,
  actorId: string | undefined,
): Promise<ImageCacheRequestError | undefined> {
  // As `localUrl` makes it: see `Registry.keyOf` for why that is not imported.
  const actor = actorId === undefined ? '' : `&actor_id=${encodeURIComponent(actorId)}`;
  const path = `/image?url=${encodeURIComponent(url)}${actor}`;
  const answer = asking.get(mount + path) ?? ask(mount, path).finally(() => asking.delete(mount + path));
  asking.set(mount + path, answer);
  return answer;
}

async function ask(mount: string, path: string): Promise<ImageCacheRequestError | undefined> {
  try {
    const response = await request(mount, path);
    // An image is answered while it is downloaded: what fails then has no status, it is cut off.
    await response.arrayBuffer();
    return undefined;
  } catch (error) {
    if (error instanceof ImageCacheRequestError) return error;
    const detail = 'The download was cut off after it had begun.';
    const hint = 'The reason is in the log of the server.';
    return new ImageCacheRequestError({ code: 'UPSTREAM_TRUNCATED', status: 502, detail, hint }, { cause: error });
  }
}
