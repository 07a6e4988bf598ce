/*
 * The keys of the queue. Requests with the same key share one task. All begin with what kind of task it is and the canonical URL of the
 * image, which contains no blank.
 */

const REVALIDATE = 'revalidate ';
const REFETCH = 'refetch ';
/** Between the key of an image and a URL of its own, which may be signed. */
const BY = ' by ';

/** The question whether an image has changed. */
export function revalidationOf(key: string): string {
  return `${REVALIDATE}${key}`;
}

/** A download of an image that is cached. */
export function refetchOf(key: string): string {
  return `${REFETCH}${key}`;
}

/** An attempt by the request's own URL, which is shared with no request by another URL. */
export function ownAttemptOf(queueKey: string, maxBytes: number, url: string | undefined): string {
  return `${queueKey}${BY}${maxBytes} ${url}`;
}

/** Whether a task is about this image. */
export function isAbout(queueKey: string, key: string): boolean {
  return (
    queueKey === key || queueKey === revalidationOf(key) || queueKey === refetchOf(key) || queueKey.startsWith(key + BY)
  );
}

/** What a task is about, without the URL of an attempt of its own. */
export function identityOf(queueKey: string): { s3Url: string; kind: 'download' | 'revalidation' } {
  const prefix = [REVALIDATE, REFETCH].find((each) => queueKey.startsWith(each)) ?? '';
  const [s3Url = ''] = queueKey.slice(prefix.length).split(BY, 1);
  return { s3Url, kind: prefix === REVALIDATE ? 'revalidation' : 'download' };
}
