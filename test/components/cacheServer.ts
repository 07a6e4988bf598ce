import { once } from 'node:events';
import { configure } from '@testing-library/react';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  CacheEvent,
  CacheStats,
  LookupAnswer,
  LookupRequest,
  ManifestEntry,
  PrefetchLine,
  PrefetchRequest,
  Problem,
} from '../../plugin/protocol.ts';
import { type CacheClient, createCacheClient } from '../../components/client/cacheClient.ts';
import { imageKey } from '../../components/client/imageKey.ts';

// What is loaded when it is needed takes its time on a busy machine.
configure({ asyncUtilTimeout: 5_000 });

export const BUCKET = 'https://photos.s3.amazonaws.com';

/** A presigned URL of one object; every signature is another. */
export function presign(key: string, signature = 'one'): string {
  return `${BUCKET}/${key}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60&X-Amz-Signature=${signature}`;
}

export function entryOf(key: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  return {
    s3_url: `${BUCKET}/${key}`,
    local_path: `.image-cache/images/0001/${key}`,
    cached_at: 1,
    size_bytes: 1_000,
    actor_id: '0001',
    filename: key,
    etag: '"e"',
    sha256: 'ab',
    content_type: 'image/jpeg',
    width: 640,
    height: 480,
    last_used_at: 1,
    ...more,
  };
}

export interface CacheServer {
  /** Where the API is mounted. */
  base: string;
  /** What is cached, by canonical URL. */
  cached: Map<string, ManifestEntry>;
  /** `method path` of each request, in order. */
  calls: string[];
  lookups: LookupRequest[];
  prefetched: PrefetchRequest[];
  client: CacheClient;
  /** What `GET /image` answers, and why each image of a prefetch fails. @default 404 `NOT_FOUND`; none does */
  problem: Omit<Problem, 'type' | 'title'> | undefined;
  /** What Vite's socket does in dev, at once. */
  emit(event: CacheEvent): void;
  close(): Promise<void>;
}

/** A server that speaks the protocol over real HTTP, and is strict about what it is asked. */
export async function startCacheServer(): Promise<CacheServer> {
  const cached = new Map<string, ManifestEntry>();
  const calls: string[] = [];
  const lookups: LookupRequest[] = [];
  const prefetched: PrefetchRequest[] = [];
  const answers: Pick<CacheServer, 'problem'> = { problem: undefined };

  const routes: Record<string, (body: string) => unknown> = {
    'POST /lookup': (body) => {
      // The test's own client sent it.
      const request = JSON.parse(body) as LookupRequest;
      lookups.push(request);
      const entries = Object.fromEntries(request.urls.map((url) => [url, cached.get(imageKey(url)) ?? null]));
      return { entries } satisfies LookupAnswer;
    },
    'GET /stats': () => ({ total_entries: cached.size, total_size_mb: 1.5 }) satisfies Partial<CacheStats>,
    'GET /exists': () => ({ exists: cached.size > 0 }),
    'POST /invalidate': () => ({ invalidated: 1 }),
    'POST /clear/0001': () => ({ cleared: cached.size, freed_bytes: 0, kept: 0 }),
    'POST /clear-all': () => ({ cleared: cached.size, freed_bytes: 0, kept: 0 }),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const call = `${request.method} ${pathname.replace('/api/cache', '')}`;
    calls.push(call);
    const body = (await request.toArray()).join('');
    if (body !== '' && request.headers['content-type'] !== 'application/json') {
      return refuse(response, { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', detail: 'Not JSON.' });
    }
    if (call === 'POST /prefetch') {
      // The test's own client sent it.
      const asked = JSON.parse(body) as PrefetchRequest;
      prefetched.push(asked);
      return prefetch(asked, response);
    }
    if (call === 'GET /image' && answers.problem) return refuse(response, answers.problem);
    const route = routes[call];
    if (!route) return refuse(response, { status: 404, code: 'NOT_FOUND', detail: `No ${call}.`, hint: 'Look again.' });
    response.setHeader('content-type', 'application/json').end(JSON.stringify(route(body)));
  }

  function prefetch({ actor_id, images }: PrefetchRequest, response: ServerResponse): void {
    response.setHeader('content-type', 'application/x-ndjson');
    const write = (line: PrefetchLine): void => void response.write(`${JSON.stringify(line)}\n`);
    images.forEach(({ s3_url }, index) => {
      const key = new URL(s3_url).pathname.slice(1);
      const canonical = imageKey(s3_url);
      if (answers.problem) {
        const { code, detail, hint } = answers.problem;
        const error = { code, detail, ...(hint !== undefined && { hint }) };
        return write({ index, s3_url: canonical, status: 'failed', error });
      }
      if (key.startsWith('missing')) {
        const error = { code: 'UPSTREAM_NOT_FOUND', detail: 'No such key.', hint: 'Was it deleted?' } as const;
        return write({ index, s3_url: canonical, status: 'failed', error });
      }
      const status = cached.has(canonical) ? 'cached' : 'downloaded';
      const entry = entryOf(key, { actor_id });
      cached.set(canonical, entry);
      write({ index, s3_url: canonical, status, entry });
    });
    write({ done: true, actor_id, total: images.length, cached: 0, downloaded: 0, failed: 0 });
    response.end();
  }

  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}/api/cache`;
  const client = createCacheClient({ baseUrl: () => base });
  return Object.assign(answers, {
    base,
    cached,
    calls,
    lookups,
    prefetched,
    client,
    emit: (event: CacheEvent) => client.take(event),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

function refuse(response: ServerResponse, problem: Omit<Problem, 'type' | 'title'>): void {
  response.statusCode = problem.status;
  response.setHeader('content-type', 'application/problem+json').end(JSON.stringify(problem));
}
