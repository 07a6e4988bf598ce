import type {
  CacheStats,
  ClearAnswer,
  ErrorCode,
  LookupAnswer,
  LookupRequest,
  PrefetchImage,
  PrefetchLine,
  PrefetchRequest,
  PrefetchResult,
  Problem,
} from '../../plugin/protocol.ts';
import { imageKey } from '../client/imageKey.ts';
import type { FakeImage, FakeImages } from './fakeImages.ts';

/** Answers as a server with these images would. */
export async function answerAs(images: FakeImages, target: string, init: RequestInit | undefined): Promise<Response> {
  const { pathname, searchParams } = new URL(target, 'http://fake');
  // Only this package's own client sends requests here, so their shapes are known.
  const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined;
  const url = searchParams.get('url') ?? decodeURIComponent(searchParams.get('path')?.split('/').at(-1) ?? '');
  switch (pathname) {
    case '/lookup': {
      const { urls } = body as LookupRequest;
      const find = (each: string) => (images.get(each).state === 'cached' ? images.entryOf(each) : null);
      return Response.json({
        entries: Object.fromEntries(urls.map((each) => [each, find(each)])),
      } satisfies LookupAnswer);
    }
    case '/image': {
      const image = await images.settled(url);
      if (image.state !== 'cached') return problem(codeOf(image));
      return new Response(PICTURE, { headers: { 'content-type': 'image/svg+xml' } });
    }
    case '/exists':
      return Response.json({ exists: images.get(url).state === 'cached' });
    case '/stats':
      return Response.json(statsOf(images.cached().map((each) => images.entryOf(each))));
    case '/prefetch':
      return prefetch(images, body as PrefetchRequest);
    case '/invalidate': {
      const { s3_url } = body as PrefetchImage;
      const wasCached = images.get(s3_url).state === 'cached';
      if (wasCached) images.set(s3_url, 'loading');
      return Response.json({ invalidated: wasCached ? 1 : 0 });
    }
    case '/clear-all':
      return Response.json(clear(images, () => true));
    default: {
      const [, actorId] = /^\/clear\/(.+)$/.exec(pathname) ?? [];
      if (actorId === undefined) return problem('NOT_FOUND');
      return Response.json(clear(images, (id) => id === decodeURIComponent(actorId)));
    }
  }
}

function prefetch(images: FakeImages, { actor_id, images: asked }: PrefetchRequest): Response {
  const counts = { actor_id, total: asked.length, cached: 0, downloaded: 0, failed: 0 };
  const text = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(lines) {
      const send = (line: PrefetchLine): void => lines.enqueue(text.encode(`${JSON.stringify(line)}\n`));
      const settle = async ({ s3_url }: PrefetchImage, index: number): Promise<void> => {
        const result = await prefetchOne(images, s3_url);
        counts[result.status] += 1;
        send({ index, ...result });
      };
      await Promise.all(asked.map(settle));
      send({ done: true, ...counts });
      lines.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
}

async function prefetchOne(images: FakeImages, url: string): Promise<PrefetchResult> {
  const before = images.get(url).state;
  const image = await images.settled(url);
  const s3_url = imageKey(url);
  if (image.state === 'cached') {
    return { s3_url, status: before === 'cached' ? 'cached' : 'downloaded', entry: images.entryOf(url) };
  }
  return { s3_url, status: 'failed', error: { code: codeOf(image), detail: DETAIL } };
}

function clear(images: FakeImages, isMeant: (actorId: string) => boolean): ClearAnswer {
  const gone = images.cached().filter((url) => isMeant(images.entryOf(url).actor_id));
  for (const url of gone) images.set(url, 'loading');
  return { cleared: gone.length, freed_bytes: gone.length * 1_000, kept: 0 };
}

const DETAIL = 'A fake image that fails.';

/** A grey rectangle; browsers that load images show it. */
export const PICTURE = `<svg xmlns='http://www.w3.org/2000/svg' width='640' height='480'><rect width='640' height='480' fill='#bbb'/></svg>`;

function codeOf({ state, code }: FakeImage): ErrorCode {
  return code ?? (state === 'missing' ? 'UPSTREAM_NOT_FOUND' : 'UPSTREAM_FORBIDDEN');
}

function problem(code: ErrorCode): Response {
  const status = code.endsWith('NOT_FOUND') ? 404 : 403;
  const body: Problem = { type: 'about:blank', status, title: 'Fake', detail: DETAIL, code };
  return Response.json(body, { status, headers: { 'content-type': 'application/problem+json' } });
}

function statsOf(entries: readonly { size_bytes: number; actor_id: string }[]): CacheStats {
  const bytes = entries.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  const actors: CacheStats['actors'] = {};
  for (const { actor_id, size_bytes } of entries) {
    const { entries: count, size_bytes: size } = actors[actor_id] ?? { entries: 0, size_bytes: 0 };
    actors[actor_id] = { entries: count + 1, size_bytes: size + size_bytes };
  }
  const none = { loaded: 0, bytes: 0, useful_bytes: 0, wasted_bytes: 0 };
  return {
    cache_id: 'fake',
    total_entries: entries.length,
    total_size_bytes: bytes,
    total_size_mb: Math.round(bytes / 10_000) / 100,
    actors,
    unclaimed: { files: 0, size_bytes: 0 },
    variants: { count: 0, size_bytes: 0, made: 0, hits: 0, failed: 0 },
    compression: { images: 0, original_bytes: 0, stored_bytes: 0, saved_bytes: 0 },
    memory: { entries: 0, size_bytes: 0, max_bytes: 0 },
    hits: { memory: 0, disk: 0 },
    misses: 0,
    hit_ratio: 0,
    bytes_saved: 0,
    downloads: { active: 0, queued: 0, completed: 0, failed: 0, bytes: 0 },
    revalidations: { unchanged: 0, changed: 0, failed: 0 },
    preloading: none,
    prefetching: none,
  };
}
