import { abortWith } from '../abortWith.ts';
import type { UploadsEnvironment } from '../environment.ts';
import type { Accepted, SendContext, Stored, TransportJob, UploadTransport } from '../transport.ts';
import { UploadError } from '../uploadError.ts';
import { untilAborted } from './untilAborted.ts';

/** A transport that neither makes progress nor ends for so long is broken off. */
const MAX_SILENCE_MS = 600_000;

export interface Delivery extends SendContext {
  readonly job: TransportJob;
  /** `undefined` when the browser has it no more, and a server may. */
  readonly body: Blob | undefined;
  /** A server has had the bytes, and may try again by itself. */
  readonly isOnServer: boolean;
  /** The bucket has it, and there are no bytes to be sent. */
  readonly isCopy: boolean;
}

/**
 * One try to bring one picture to the other side.
 * @throws whatever the transport throws, or an UploadError when nothing was heard of it for ten minutes
 */
export async function deliver(
  transport: UploadTransport,
  { job, body, isOnServer, isCopy, signal, onProgress }: Delivery,
  env: UploadsEnvironment,
): Promise<Stored | Accepted> {
  const abort = new AbortController();
  const release = abortWith(signal, abort);
  let cancelWatch = (): void => {};
  let giveUp = (_error: UploadError): void => {};
  const silence = new Promise<never>((_, reject) => (giveUp = reject));

  function heard(): void {
    cancelWatch();
    cancelWatch = env.after(MAX_SILENCE_MS, () => {
      giveUp(new UploadError({ code: 'TIMEOUT', message: 'Nothing was heard for ten minutes.', kind: 'unreachable' }));
      abort.abort();
    });
  }

  async function send(): Promise<Stored | Accepted> {
    // Without `add`, what uses a picture is kept by the app alone.
    if (isCopy) return (await transport.add?.(job, { signal: abort.signal })) ?? { state: 'stored' };
    if (isOnServer && transport.retry) {
      const answer = await transport.retry(job, { signal: abort.signal });
      if (answer.state !== 'needed') return answer;
    }
    if (!body)
      throw new UploadError({ code: 'BYTES_GONE', message: 'Neither the browser nor the server has the picture.' });
    return transport.send(job, body, {
      signal: abort.signal,
      onProgress(loaded) {
        heard();
        onProgress(loaded);
      },
    });
  }

  try {
    heard();
    return await untilAborted(signal, Promise.race([send(), silence]));
  } finally {
    cancelWatch();
    release();
  }
}
