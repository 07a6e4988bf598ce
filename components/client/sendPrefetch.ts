import type { ManifestEntry, PrefetchLine, PrefetchRequest, PrefetchResult } from '../../plugin/protocol.ts';
import { ImageCacheRequestError, jsonBody, request } from './api.ts';
import { readNdjson } from './ndjson.ts';

export interface PrefetchCall {
  signal: AbortSignal;
  /** Called when the server has begun to answer. */
  onOpen?(): void;
  /** Called as each image settles; `index` is its place in the request. */
  onResult(index: number, result: PrefetchResult): void;
}

/**
 * Has the server fetch images and hears of each as it settles.
 * @throws ImageCacheRequestError, also when the answer ends before its last line, or the AbortError of the signal
 */
export async function sendPrefetch(
  mount: string | undefined,
  body: PrefetchRequest,
  { signal, onOpen, onResult }: PrefetchCall,
): Promise<void> {
  const { headers, ...init } = jsonBody(body);
  const response = await request(mount, '/prefetch', {
    ...init,
    headers: { ...headers, accept: 'application/x-ndjson' },
    method: 'POST',
    signal,
  });
  onOpen?.();
  if (response.body && (await readResults(response.body, signal, onResult))) return;
  throw new ImageCacheRequestError({
    code: 'UNREACHABLE',
    status: 0,
    detail: 'The answer ended early.',
  });
}

/** @returns whether the last line came */
async function readResults(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onResult: PrefetchCall['onResult'],
): Promise<boolean> {
  const entries = new Map<number, ManifestEntry>();
  try {
    for await (const each of readNdjson(body)) {
      // The shape of a line is the wire contract of protocol.ts.
      const line = each as PrefetchLine;
      if ('done' in line) return true;
      if ('entry' in line) entries.set(line.index, line.entry);
      if (!('same_as' in line)) onResult(line.index, line);
      else {
        const entry = entries.get(line.same_as);
        if (entry) onResult(line.index, { ...line, entry });
      }
    }
  } catch (error) {
    // A connection lost in mid-answer, or a line cut in two by it.
    if (signal.aborted) throw error;
  }
  return false;
}
