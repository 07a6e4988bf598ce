import type { RequestErrorCode } from './api.ts';
import { problemOf } from './problemOf.ts';
import type { Learnt, PursuedImage } from './pursueImage.ts';
import { refreshUrls } from './refreshUrls.ts';
import { AWAY } from './shouldRetry.ts';

const FIRST_DELAY_MS = 1_000;

/** Faults that may pass by themselves. If S3 does not have an object or refuses it, it will do so again. */
const TRANSIENT: ReadonlySet<RequestErrorCode> = new Set([
  ...AWAY,
  'CACHE_CORRUPT',
  'UPSTREAM_ERROR',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_TRUNCATED',
]);

/**
 * Asks the server what is wrong with an image that neither the cache nor its original URL has brought, and does what can be done
 * about it: gets a fresh signature, or waits.
 * @param tries how often the image has been tried again already
 * @returns what the next try should use; `undefined` if another try would not help
 */
export async function recover(baseUrl: string, tries: number, image: PursuedImage): Promise<Learnt | undefined> {
  const { images, renewedUrls, refreshUrl, retries } = image;
  // All candidates are sizes of one picture, so only the main one is asked about.
  const [given = ''] = images.keys();
  const url = renewedUrls?.get(given) ?? given;
  const problem = image.problem ?? (await problemOf(baseUrl, url, image.actorId));
  if (tries <= retries && problem?.code === 'UPSTREAM_EXPIRED' && refreshUrl) {
    const renewed = await refreshUrls(images, renewedUrls, refreshUrl, () => true);
    if (renewed.get(given) !== url) return { problem: undefined, renewedUrls: renewed };
  }
  // Another try is also worth while if nothing is wrong with the image any more.
  if (tries < retries && (problem === undefined || TRANSIENT.has(problem.code))) {
    // Up to a quarter longer, so that the images of a page do not all ask at the same moment.
    const ms = FIRST_DELAY_MS * 2 ** tries * (1 + Math.random() / 4);
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { problem: undefined };
  }
  return undefined;
}
