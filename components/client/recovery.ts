import type { ItemError } from '../../plugin/protocol.ts';
import type { RequestErrorCode } from './api.ts';
import type { RequestedImages } from './imageSource.ts';
import { problemOf } from './problemOf.ts';
import { type FreshUrls, type RefreshUrl, refreshUrls } from './refreshUrls.ts';

/** An image that neither the cache nor its original URL has brought. */
export interface Failure {
  mount: string;
  /** By URL; the first stands for all when the server is asked what is wrong. */
  images: RequestedImages;
  fresh: FreshUrls | undefined;
  actorId: string | undefined;
  refreshUrl: RefreshUrl | undefined;
  /** How often it has been tried again already, and how often it may be. */
  tries: number;
  retries: number;
  /** What the server has said already. */
  problem: ItemError | undefined;
}

/** What makes another try worth while. */
export interface Remedy {
  fresh: FreshUrls | undefined;
}

const FIRST_DELAY_MS = 1_000;

/** Faults that pass by themselves. What S3 does not have, or refuses, it refuses again. */
const TRANSIENT: ReadonlySet<RequestErrorCode> = new Set([
  'UNREACHABLE',
  'OVERLOADED',
  'ABORTED',
  'CACHE_CORRUPT',
  'UPSTREAM_ERROR',
  'UPSTREAM_THROTTLED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_TRUNCATED',
  'UPSTREAM_UNREACHABLE',
]);

/**
 * Asks the server what is wrong with an image, and does what can be done about it: a fresh signature, or time.
 * @returns `undefined` when nothing can
 */
export async function recover(failure: Failure): Promise<Remedy | undefined> {
  const { mount, images, fresh, actorId, refreshUrl, tries, retries } = failure;
  const [given = ''] = images.keys();
  const problem = failure.problem ?? (await problemOf(mount, fresh?.get(given) ?? given, actorId));
  if (tries <= retries && problem?.code === 'UPSTREAM_EXPIRED' && refreshUrl) {
    const renewed = await refreshUrls(images, fresh, refreshUrl, () => true);
    if (renewed.get(given) !== (fresh?.get(given) ?? given)) return { fresh: renewed };
  }
  if (tries < retries && isTransient(problem)) {
    await delay(FIRST_DELAY_MS * 2 ** tries);
    return { fresh };
  }
  return undefined;
}

/** Nothing wrong with it any more is a reason to try again, too. */
function isTransient(problem: { code: RequestErrorCode } | undefined): boolean {
  return problem === undefined || TRANSIENT.has(problem.code);
}

/** With up to a quarter more, so that a page of images does not ask in one moment. */
async function delay(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms * (1 + Math.random() / 4)));
}
