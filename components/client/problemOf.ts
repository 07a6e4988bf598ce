import { ImageCacheRequestError, request } from './api.ts';
import { localUrl } from './localUrl.ts';
import { UNKNOWN } from './knownImages.ts';

const asking = new Map<string, Promise<ImageCacheRequestError | undefined>>();

/**
 * Asks the server what is wrong with an image, because an `error` event of an `<img>` does not tell.
 * @returns `undefined` if nothing is wrong (any more)
 */
export async function problemOf(
  baseUrl: string,
  url: string,
  actorId: string | undefined,
): Promise<ImageCacheRequestError | undefined> {
  const path = localUrl('', url, UNKNOWN, actorId);
  const answer = asking.get(baseUrl + path) ?? ask(baseUrl, path).finally(() => asking.delete(baseUrl + path));
  asking.set(baseUrl + path, answer);
  return answer;
}

async function ask(baseUrl: string, path: string): Promise<ImageCacheRequestError | undefined> {
  try {
    const response = await request(baseUrl, path);
    // The server answers while it downloads. If the download fails later, the answer is aborted, and has no error status.
    await response.arrayBuffer();
    return undefined;
  } catch (error) {
    if (error instanceof ImageCacheRequestError) return error;
    const detail = 'The download was cut off after it had begun.';
    const hint = 'The reason is in the log of the server.';
    return new ImageCacheRequestError({ code: 'UPSTREAM_TRUNCATED', status: 502, detail, hint }, { cause: error });
  }
}
