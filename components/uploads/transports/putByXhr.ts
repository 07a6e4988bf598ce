import { UploadError } from '../uploadError.ts';

export interface PutRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Blob;
  readonly signal: AbortSignal;
  readonly withCredentials: boolean;
  /** Without progress or an answer for so long, in milliseconds, it is broken off. */
  readonly stallMs: number;
  onProgress(loaded: number): void;
}

export interface PutAnswer {
  readonly status: number;
  readonly text: string;
  /** `null` also for one that the server does not let the page read (CORS). */
  header(name: string): string | null;
}

/**
 * Sends a body by XMLHttpRequest: `fetch` tells nothing of the progress.
 * @throws UploadError `UNREACHABLE` when nothing answers, `STALLED`, or the reason of the signal
 */
export async function putByXhr(request: PutRequest): Promise<PutAnswer> {
  const { url, headers, body, signal, withCredentials, stallMs, onProgress } = request;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const cancel = (): void => {
      end();
      xhr.abort();
      reject(signal.reason as Error); // an AbortError
    };
    const stalled = (): void => {
      end();
      xhr.abort();
      reject(unreachable('STALLED', `Nothing has moved for ${stallMs / 1_000} seconds.`));
    };
    function heard(): void {
      clearTimeout(timer);
      timer = setTimeout(stalled, stallMs);
    }
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    }
    signal.addEventListener('abort', cancel);
    xhr.open('PUT', url);
    xhr.withCredentials = withCredentials;
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.addEventListener('progress', ({ loaded }) => {
      heard();
      onProgress(loaded);
    });
    xhr.addEventListener('load', () => {
      end();
      resolve({ status: xhr.status, text: xhr.responseText, header: (name) => xhr.getResponseHeader(name) });
    });
    xhr.addEventListener('error', () => {
      end();
      reject(unreachable('UNREACHABLE', 'Nothing has answered, or the connection was lost.'));
    });
    heard();
    xhr.send(body);
  });
}

function unreachable(code: string, message: string): UploadError {
  const hint = 'It is tried again by itself. Is the server running, and does it allow this page (CORS)?';
  return new UploadError({ code, message, hint, kind: 'unreachable' });
}
