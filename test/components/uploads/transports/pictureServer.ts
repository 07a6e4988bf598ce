import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to the next request that writes: it is answered so, or stored and its connection cut. */
type Fault = 'cut after storing' | 'cut' | 'never answered' | { status: number; retryAfter?: string; code?: string };

export interface PictureServer {
  readonly origin: string;
  readonly objects: Map<string, { bytes: Buffer; writes: number }>;
  readonly faults: Fault[];
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers']; body?: unknown }[];
  /** A store without checksums, without `If-None-Match`, or whose signer may not list it. */
  readonly store: { showsChecksum: boolean; takesConditions: boolean; hidesMissing: boolean };
  /** `accepted`: the server of this package has the bytes, and the bucket has not. */
  uploads: 'stored' | 'accepted' | 'blocked';
  /** The uploads by which any entity has any picture. */
  found: string[];
  close(): Promise<void>;
}

const ALLOW = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': '*',
  'access-control-allow-headers': '*',
  'access-control-expose-headers': '*',
};

/**
 * Speaks, over real HTTP, the three ways by which pictures come to a bucket: `/api/cache` is this package's server, `/bucket` a strict S3,
 * `/own` an app's own API.
 */
export async function startPictureServer(): Promise<PictureServer> {
  const jobs = new Map<string, string>();
  const server = createServer((request, response) => {
    void answer(request, response);
  });

  function keep(key: string, bytes: Buffer): void {
    const known = self.objects.get(key);
    self.objects.set(key, { bytes, writes: (known?.writes ?? 0) + 1 });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const path = url.replace(/\?.*$/, '');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // without an encoding they are buffers
    const bytes = Buffer.concat(chunks);
    if (method === 'OPTIONS') return void response.writeHead(204, ALLOW).end();
    const isJson = headers['content-type'] === 'application/json';
    self.requests.push({ method, path, headers, ...(isJson && { body: JSON.parse(bytes.toString()) as unknown }) });
    const fault = method === 'PUT' ? self.faults.shift() : undefined;
    if (fault === 'cut') return void request.socket.destroy();
    if (fault === 'never answered') return;
    if (typeof fault === 'object') return refuse(response, fault, path.startsWith('/api/'));
    if (fault === 'cut after storing') {
      route(method, path, bytes, headers, new ServerResponse(request));
      return void request.socket.destroy();
    }
    const status = route(method, path, bytes, headers, response);
    if (status !== undefined) response.writeHead(status, ALLOW).end();
  }

  function refuse(
    response: ServerResponse,
    { status, retryAfter, code }: Exclude<Fault, string>,
    isOurs: boolean,
  ): void {
    const problem = JSON.stringify({
      status,
      code: code ?? 'INTERNAL',
      detail: 'Refused.',
      title: '',
      type: 'about:blank',
    });
    response
      .writeHead(status, {
        ...ALLOW,
        ...(isOurs && { 'content-type': 'application/problem+json' }),
        ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
      })
      .end(isOurs ? problem : '');
  }

  /** @returns the status of an answer without a body; `undefined` when it has been sent */
  function route(
    method: string,
    path: string,
    bytes: Buffer,
    headers: IncomingMessage['headers'],
    response: ServerResponse,
  ): number | undefined {
    const key = path.split('/').slice(2).join('/');
    if (path.startsWith('/own/')) {
      keep(key, bytes);
      return 204;
    }
    if (path.startsWith('/bucket/')) return bucket(method, key, bytes, headers, response);
    return uploads(method, path.replace('/api/cache/uploads/', ''), bytes, headers, response);
  }

  function bucket(
    method: string,
    key: string,
    bytes: Buffer,
    headers: IncomingMessage['headers'],
    response: ServerResponse,
  ): number | undefined {
    const known = self.objects.get(key);
    if (method !== 'PUT') {
      if (!known) return self.store.hidesMissing ? 403 : 404;
      const checksum = self.store.showsChecksum && { 'x-amz-checksum-sha256': base64Of(known.bytes) };
      response.writeHead(200, { ...ALLOW, ...checksum }).end(method === 'GET' ? known.bytes : undefined);
      return undefined;
    }
    if (headers['if-none-match'] !== undefined && !self.store.takesConditions) return 501;
    if (headers['if-none-match'] === '*' && known) return 412;
    if (headers['x-amz-checksum-sha256'] !== base64Of(bytes)) return 400;
    keep(key, bytes);
    response.writeHead(200, {
      ...ALLOW,
      ...(self.store.showsChecksum && { 'x-amz-checksum-sha256': base64Of(bytes) }),
    });
    response.end();
    return undefined;
  }

  function uploads(
    method: string,
    rest: string,
    bytes: Buffer,
    headers: IncomingMessage['headers'],
    response: ServerResponse,
  ): number | undefined {
    const send = (status: number, body: unknown): undefined => {
      const type = status >= 400 ? 'application/problem+json' : 'application/json';
      response.writeHead(status, { ...ALLOW, 'content-type': type }).end(JSON.stringify(body));
    };
    if (headers['image-cache-project'] === undefined)
      return send(400, { code: 'PROJECT_MISSING', detail: 'No project.' });
    if (headers['image-cache-project'] === 'other')
      return send(409, { code: 'OTHER_PROJECT', detail: 'Another project.' });
    if (rest === 'health') return send(200, { ok: true, project: 'shop' });
    const stateOf = (jobId: string): Record<string, unknown> => ({
      job_id: jobId,
      state: jobs.has(jobId) ? self.uploads : 'needed',
      ...(jobs.has(jobId) && { s3_url: `https://b/${jobs.get(jobId)}` }),
      ...(self.uploads === 'blocked' && {
        error: { code: 'UPSTREAM_FORBIDDEN', detail: 'No.', hint: 'Set credentials.' },
      }),
    });
    if (rest === 'check') {
      const asked = JSON.parse(bytes.toString()) as { jobs: { job_id: string }[] };
      return send(200, { jobs: asked.jobs.map(({ job_id }) => stateOf(job_id)) });
    }
    if (rest === 'find') return send(200, { job_ids: self.found, is_complete: true });
    if (rest === 'remove') {
      const { images } = JSON.parse(bytes.toString()) as { images: { name: string }[] };
      return send(200, { images: images.map(({ name }) => ({ name, state: 'dropped', due_at: 1 })) });
    }
    const [jobId = '', action] = rest.split('/');
    if (method !== 'PUT' && !jobs.has(jobId)) return send(404, { code: 'UPLOAD_UNKNOWN', detail: 'Unknown.' });
    if (action === 'retry') return send(200, stateOf(jobId));
    if (method === 'DELETE') {
      jobs.delete(jobId);
      return send(200, { job_id: jobId, state: 'canceled' });
    }
    if (headers['content-digest'] !== `sha-256=:${base64Of(bytes)}:`)
      return send(400, { code: 'UPLOAD_DIGEST', detail: 'No.' });
    const key = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    if (!jobs.has(jobId)) keep(key, bytes);
    jobs.set(jobId, key);
    return send(self.uploads === 'stored' ? 201 : 202, stateOf(jobId));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const self: PictureServer = {
    origin: `http://127.0.0.1:${port}`,
    objects: new Map(),
    faults: [],
    requests: [],
    store: { showsChecksum: true, takesConditions: true, hidesMissing: false },
    uploads: 'stored',
    found: [],
    async close() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return self;
}

function base64Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64');
}
