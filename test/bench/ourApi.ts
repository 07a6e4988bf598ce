import type { ManifestEntry, PrefetchCounts, PrefetchLine } from '../../plugin/protocol.ts';

/** Prefetches so many objects, and hears of each as it settles. @throws Error when one of them failed */
export async function prefetch(
  base: string,
  urls: readonly string[],
  { signal = null, onLine }: { signal?: AbortSignal | null; onLine?: (line: PrefetchLine) => void } = {},
): Promise<PrefetchCounts> {
  const response = await fetch(`${base}/prefetch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/x-ndjson' },
    body: JSON.stringify({ actor_id: 'bench', images: urls.map((s3_url) => ({ s3_url })) }),
    signal,
  });
  let rest = '';
  let counts: PrefetchCounts | undefined;
  for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      const line = JSON.parse(text) as PrefetchLine; // the wire contract
      if ('done' in line) counts = line;
      onLine?.(line);
    }
  }
  if (counts === undefined || counts.failed > 0) throw new Error(`not every image came: ${JSON.stringify(counts)}`);
  return counts;
}

/** The entry of an image that is cached. */
export async function lookup(base: string, url: string): Promise<ManifestEntry> {
  const response = await fetch(`${base}/lookup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ urls: [url] }),
  });
  const { entries } = (await response.json()) as { entries: Record<string, ManifestEntry | null> }; // the wire contract
  const entry = entries[url];
  if (!entry) throw new Error(`${url} is not cached`);
  return entry;
}

export const readThrough = (base: string, url: string): string => `${base}/image?url=${encodeURIComponent(url)}`;

/** Gets all of an image. @returns how many milliseconds that took, to the first byte and to the last */
export async function timedGet(url: string): Promise<{ firstMs: number; lastMs: number }> {
  const started = performance.now();
  const response = await fetch(url);
  let firstMs: number | undefined;
  for await (const _ of response.body ?? []) firstMs ??= performance.now() - started;
  if (response.status !== 200 || firstMs === undefined) throw new Error(`${url} was answered with ${response.status}`);
  return { firstMs, lastMs: performance.now() - started };
}
