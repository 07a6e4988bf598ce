import { afterEach, expect, test, vi } from 'vitest';
import { sendPrefetch } from '../../../components/client/sendPrefetch.ts';
import type { PrefetchResult } from '../../../plugin/protocol.ts';

afterEach(() => vi.unstubAllGlobals());

test('an image that the request names more than once has the entry that was told with another of them', async () => {
  const lines = [
    { index: 1, s3_url: 's3://b/a', status: 'downloaded', entry: { s3_url: 's3://b/a', size_bytes: 7 } },
    { index: 0, s3_url: 's3://b/a', status: 'downloaded', same_as: 1 },
    { index: 2, s3_url: 's3://b/c', status: 'failed', error: { code: 'UPSTREAM_NOT_FOUND', detail: 'gone' } },
    { done: true, actor_id: '1', total: 3, cached: 0, downloaded: 2, failed: 1 },
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(text)));
  const results: [number, PrefetchResult][] = [];
  const images = ['a?1', 'a?2', 'c'].map((key) => ({ s3_url: `s3://b/${key}` }));
  await sendPrefetch(
    '/api/cache',
    { actor_id: '1', images },
    { signal: new AbortController().signal, onResult: (index, result) => results.push([index, result]) },
  );
  expect(results.map(([index, result]) => [index, 'entry' in result && result.entry.size_bytes])).toEqual([
    [1, 7],
    [0, 7],
    [2, false],
  ]);
});
