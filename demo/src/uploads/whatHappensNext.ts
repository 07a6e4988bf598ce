import { type Upload, uploadErrorText } from 'vite-plugin-image-cache/uploads';

type UploadState = Pick<Upload, 'status' | 'places' | 'error' | 'nextAttemptAt' | 'attempts' | 'maxAttempts'>;

/** Where a picture stands, and what happens next, in words. */
export function whatHappensNext(
  { status, places, error, nextAttemptAt, attempts, maxAttempts }: UploadState,
  now: number,
): string {
  const reason = error === null ? '' : `${error.message} `;
  const remedy = error?.hint === undefined ? '' : ` ${error.hint}`;
  const onServer = places.includes('server');
  switch (status) {
    case 'saving':
      return 'Being saved in this browser.';
    case 'pending':
      if (nextAttemptAt !== null && nextAttemptAt > now) {
        const tries = attempts === 0 ? '' : ` ${attempts} of ${maxAttempts} tries have failed.`;
        return `Safe ${onServer ? 'on the server' : 'in this browser'}. ${reason}Next try in ${seconds(nextAttemptAt - now)}, or at once with “Try again”.${tries}`;
      }
      return onServer
        ? 'Safe on the server, which is bringing it to the bucket.'
        : `Safe in this browser. ${reason}Waits for its turn.`;
    case 'uploading':
      return 'Safe in this browser, and on its way to the server.';
    case 'processing':
      return error === null
        ? `Safe ${onServer ? 'on the server' : 'in this browser'}, and on its way to the bucket.`
        : `Safe ${onServer ? 'on the server' : 'in this browser'}. The last try: ${reason}The next one comes by itself, or at once with “Try again”.`;
    case 'uploaded':
      return 'In the bucket, and in the cache.';
    case 'failed':
      return `Not uploaded, but still safe here. ${reason}${remedy}`.trim();
    case 'blocked':
      // No other try ends otherwise.
      if (error?.code === 'GPS_NOT_REMOVABLE') return `Safe, and waits for your decision. ${uploadErrorText(error)}`;
      return `Safe, and waits. ${reason}${remedy} It is tried again every minute, or at once with “Try again”.`;
    case 'paused':
      return 'Safe in this browser, and paused.';
    case 'canceled':
      return 'Canceled.';
    case 'missing':
      return 'The browser has thrown this picture away. Add it once more.';
  }
}

function seconds(ms: number): string {
  const count = Math.ceil(ms / 1_000);
  return count >= 90 ? `${Math.round(count / 60)} minutes` : `${count} s`;
}
