import { abortWith } from '../abortWith.ts';
import { UploadError } from '../uploadError.ts';

/**
 * A call that is broken off when the signal is aborted, or after so long.
 * @throws UploadError `STALLED` after that, the signal's reason, or what the call throws
 */
export async function withTimeout<T>(
  { signal }: { signal: AbortSignal },
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  const release = abortWith(signal, own);
  const timer = setTimeout(() => {
    const message = `There was no answer for ${ms / 1_000} seconds.`;
    own.abort(new UploadError({ code: 'STALLED', message, kind: 'unreachable' }));
  }, ms);
  try {
    return await call(own.signal);
  } catch (error) {
    throw own.signal.aborted ? own.signal.reason : error;
  } finally {
    clearTimeout(timer);
    release();
  }
}
