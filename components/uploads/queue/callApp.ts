import { abortWith } from '../abortWith.ts';
import type { UploadsEnvironment } from '../environment.ts';
import { UploadError } from '../uploadError.ts';
import { untilAborted } from './untilAborted.ts';

/** An app that has not ended by then is called again later, so that it does not keep the others waiting. */
const MAX_CALL_MS = 120_000;

/**
 * Calls code of the app, which may never end.
 * @param signal aborts the call
 * @param abort of this call
 * @throws what it throws, the signal's reason, or an UploadError after two minutes
 */
export async function callApp(
  env: UploadsEnvironment,
  signal: AbortSignal,
  abort: AbortController,
  work: () => unknown,
): Promise<void> {
  const release = abortWith(signal, abort);
  const cancelTimer = env.after(MAX_CALL_MS, () => abort.abort(tooLong()));
  try {
    // In a promise of its own, so that what it throws at once is a rejection, too.
    await untilAborted(abort.signal, Promise.resolve().then(work));
  } finally {
    cancelTimer();
    release();
  }
}

/** It is shown of `onStored` only. */
function tooLong(): UploadError {
  const message = 'The app’s `onStored` has not ended for two minutes.';
  return new UploadError({ code: 'LINK_TIMEOUT', message, kind: 'transient' });
}
