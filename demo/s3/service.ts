import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from './body.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { S3Error } from './errors.ts';
import type { FaultInjector } from './faults.ts';
import type { MultipartUploads } from './multipart.ts';
import type { ObjectStore } from './objectStore.ts';
import type { Reply } from './operations/operation.ts';
import { header, parseRequest, type S3Request } from './request.ts';
import { route, type Route } from './router.ts';
import { pause, reset, send, sendError, sendObject } from './send.ts';
import { authenticate, type Authorization, type Verifier } from './sigv4.ts';
import { countGet, countWrite, type Stats } from './stats.ts';

export interface ServiceParts {
  store: ObjectStore;
  uploads: MultipartUploads;
  verifier: Verifier;
  injector: FaultInjector;
  stats: Stats;
}

/** Answers S3 requests: parses, authenticates and routes them, and applies the faults. */
export class S3Service {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { stats, injector } = this.#parts;
    stats.requests += 1;
    if (injector.faults.offline) return reset(response);

    const requestId = randomBytes(8).toString('hex').toUpperCase();
    response.setHeader('x-amz-request-id', requestId);
    try {
      await this.#serve(parseRequest(incoming), response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else sendError(response, toS3Error(error), requestId);
    }
  }

  async #serve(request: S3Request, response: ServerResponse): Promise<void> {
    const origin = header(request, 'origin');
    const cors = this.#parts.store.find(request.bucket)?.cors ?? [];
    // A preflight has no signature (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
    if (request.method === 'OPTIONS') return send(response, preflight(request, origin, cors));
    for (const [name, value] of Object.entries(origin ? corsHeaders(cors, origin, request.method) : {})) {
      response.setHeader(name, value);
    }

    const authorization = authenticate(request, this.#parts.verifier);
    const target = route(request);
    if (target.name === 'GET object') return this.#serveGet(request, response, target, authorization);

    const { injector, stats } = this.#parts;
    const isPut = request.method === 'PUT' && request.key !== '';
    if (isPut || target.name === 'HEAD object') await pause(response, injector.latency(request.key));
    const refusal = isPut ? injector.putRefusal(request.key) : undefined;
    if (refusal !== undefined) throw refusal;
    const reply = await this.#run(request, target, authorization);
    if (target.name === 'PUT object') countWrite(stats, `${request.bucket}/${request.key}`);
    const lost = isPut && injector.losesResponse(request.key);
    if (lost) response.destroy();
    else if (injector.faults.offline) reset(response);
    else send(response, reply);
  }

  async #serveGet(
    request: S3Request,
    response: ServerResponse,
    target: Route,
    authorization: Authorization,
  ): Promise<void> {
    const { injector, stats } = this.#parts;
    const { bucket, key } = request;
    countGet(stats, `${bucket}/${key}`);
    await pause(response, injector.latency(key));
    const refusal = injector.refusal(key);
    if (refusal === 'hang') return;
    if (refusal !== undefined) throw refusal;

    const reply = await this.#run(request, target, authorization);
    if (injector.faults.offline) return reset(response);
    if (!Buffer.isBuffer(reply.body)) return send(response, reply);
    await sendObject(response, reply, reply.body, {
      fault: injector.body(key),
      throughput: () => injector.throughput(key),
      isOffline: () => injector.faults.offline,
      onSent: (bytes) => (stats.bytesSent += bytes),
    });
  }

  async #run(request: S3Request, { name, operation }: Route, authorization: Authorization): Promise<Reply> {
    const { store, uploads, verifier, injector } = this.#parts;
    return operation({
      request,
      store,
      uploads,
      region: verifier.region,
      readBody: (limit) => readBody(request, authorization, limit),
      etagFor: (etag) => (name === 'GET object' ? injector.etag(request.key, etag) : etag),
    });
  }
}

function preflight(
  request: S3Request,
  origin: string | undefined,
  cors: Parameters<typeof preflightHeaders>[0],
): Reply {
  const method = header(request, 'access-control-request-method');
  if (origin === undefined || method === undefined) {
    throw new S3Error('BadRequest', { message: 'Insufficient information. Origin request header needed.' });
  }
  const headers = header(request, 'access-control-request-headers') ?? '';
  return { status: 200, headers: preflightHeaders(cors, origin, method, headers) };
}

/** The cause of an unexpected error is part of the answer, because only developers use this server. */
function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  return new S3Error('InternalError', { fields: { Cause: error instanceof Error ? error.message : String(error) } });
}
