import type { ManifestEntry, PrefetchLine, PrefetchRequest, PrefetchResult } from '../../plugin/protocol.ts';
import { ImageCacheRequestError, request } from './api.ts';
import { readNdjson } from './ndjson.ts';

export interface PrefetchCall {
  signal: AbortSignal;
  /** Called when the server has begun to answer. */
  onOpen?(): void;
  /** Called when an image is done; `index` is its position in the request. */
  onResult(index: number, result: PrefetchResult): void;
}

/**
 * Lets the server fetch images, and calls `onResult` when each of them is done.
 * @throws ImageCacheRequestError, also when the answer ends before its last line, or the AbortError of the signal
 */
export async function sendPrefetch(
  baseUrl: string | undefined,
  body: PrefetchRequest,
  { signal, onOpen, onResult }: PrefetchCall,
): Promise<void> {
  const headers = { 'content-type': 'application/json', accept: 'application/x-ndjson' };
  const init = { method: 'POST', headers, body: JSON.stringify(body), signal };
  const response = await request(baseUrl, '/prefetch', init);
  onOpen?.();
  const entries = new Map<number, ManifestEntry>();
  try {
    for await (const each of response.body ? readNdjson(response.body) : []) {
      // The shape of a line is the wire contract of protocol.ts.
      const line = each as PrefetchLine;
      if ('done' in line) return;
      if ('entry' in line) entries.set(line.index, line.entry);
      if (!('same_as' in line)) onResult(line.index, line);
      else {
        const entry = entries.get(line.same_as);
        if (entry) onResult(line.index, { ...line, entry });
      }
    }
  } catch (error) {
    // Otherwise the connection was lost in the middle of the answer, perhaps in the middle of a line.
    if (signal.aborted) throw error;
  }
  throw new ImageCacheRequestError({ code: 'UNREACHABLE', status: 0, detail: 'The answer ended early.' });
}
