import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { TLSSocket } from 'node:tls';
import type { ResolvedOptions } from '../options.ts';
import { ImageCacheError } from '../errors.ts';
import type { Clock } from './clock.ts';
import { networkError } from './networkError.ts';
import { nodeProxy } from './nodeProxy.ts';
import type { Mark } from '../timeline.ts';
import type { Resolve } from './vettedLookup.ts';
import { createVetting } from './vetting.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** A complete request. It is sent exactly as it is here. */
export interface HttpRequest {
  /** @default 'GET' */
  readonly method?: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number | undefined;
  /** Path and query, byte for byte. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body of a PUT. The headers contain its length. */
  readonly body?: Uint8Array;
}

/** Sends requests and returns answers with an unread body. It follows no redirects and decodes nothing. */
export interface HttpClient {
  /**
   * Resolves with the head of the answer, whatever its status. The caller must destroy it or read it to its end.
   * @param mark called when the request has a connection, and when the answer begins
   * @throws ImageCacheError HOST_NOT_ALLOWED, UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_ERROR, or the signal's reason
   */
  open(request: HttpRequest, signal: AbortSignal, mark?: Mark): Promise<IncomingMessage>;
  /** Closes every socket, also those in use. */
  close(): void;
}

/** Creates the client that sends all requests, signed and unsigned, so that they share one set of limits and of sockets. */
export function createHttpClient(
  options: Pick<ResolvedOptions, 'buckets' | 'allowPrivateAddresses' | 'concurrency' | 'maxConcurrency' | 'timeouts'>,
  clock: Clock,
  resolve?: Resolve,
): HttpClient {
  // Images on screen have slots of their own (see `cache/queue/taskQueue.ts`).
  const maxSockets = options.concurrency + options.maxConcurrency;
  const agentOptions = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets };
  const proxies = { 'http:': nodeProxy(http.globalAgent), 'https:': nodeProxy(https.globalAgent) };
  const agents = {
    'http:': new http.Agent({ ...agentOptions, ...proxies['http:'] }),
    'https:': new https.Agent({ ...agentOptions, ...proxies['https:'] }),
  };

  const vet = createVetting(options, resolve);

  return {
    open: async (request, signal, mark = () => undefined) => {
      const route: Route = { agent: agents[request.protocol], lookup: vet(request) };
      // Without this limit, Node waits for a tunnel for ever, and keeps its socket.
      if (proxies[request.protocol] !== undefined) route.timeout = options.timeouts.connect;
      return await open(request, route, { timeouts: options.timeouts, clock, mark }, signal);
    },
    close: () => {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

/** A body is sent in parts of this size, so that its progress can be watched. */
const CHUNK_BYTES = 64 << 10;

type Route = Pick<http.RequestOptions, 'agent' | 'lookup' | 'timeout'>;

function open(
  request: HttpRequest,
  route: Route,
  { timeouts, clock, mark }: { timeouts: ResolvedOptions['timeouts']; clock: Clock; mark: Mark },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const secure = request.protocol === 'https:';
    const { body = new Uint8Array(), ...head } = request;
    const sent = (secure ? https : http).request({
      ...head,
      ...route,
      // A coded body cannot be recognised by its bytes, and has another length. S3 sends one only if the object was stored so.
      headers: { ...request.headers, 'accept-encoding': 'identity' },
    });

    const cancel = () => giveUp(asError(signal.reason));
    signal.addEventListener('abort', cancel, { once: true });
    let watchdog: Watchdog | undefined;
    const watch = (limitMs: number, doing: string) => {
      watchdog?.stop();
      watchdog = startWatchdog(clock, limitMs, () => giveUp(timeout(request, doing, limitMs)));
    };
    let isSettled = false;
    const settle = () => {
      isSettled = true;
      watchdog?.stop();
      signal.removeEventListener('abort', cancel);
    };

    // While a tunnel through a proxy is being made, the request has no socket yet.
    if (route.timeout !== undefined) watch(timeouts.connect, 'accept a connection');
    sent.on('socket', (socket) => {
      const awaitAnswer = () => {
        mark('connect');
        watch(timeouts.firstByte, 'answer');
      };
      // A socket from the pool, or a tunnel, is already connected and emits no event.
      const isConnected = secure ? socket instanceof TLSSocket && !isHandshaking(socket) : !socket.connecting;
      if (sent.reusedSocket || isConnected) return awaitAnswer();
      watch(timeouts.connect, 'accept a connection');
      socket.once(secure ? 'secureConnect' : 'connect', awaitAnswer);
    });
    sent.on('response', (response) => {
      settle();
      mark('first-byte');
      // Without a listener, a reset while the body is not being read would end the process (T37). A reader also gets the error.
      response.on('error', () => {});
      resolve(response);
    });
    const fail = (error: Error) => {
      if (isSettled) return;
      settle();
      reject(networkError(error, request));
    };
    // A request that has no socket yet emits no event when it is destroyed.
    const giveUp = (error: Error) => {
      sent.destroy(error);
      fail(error);
    };
    // This listener is never removed: bytes after the end of an answer cause an error long after the promise has settled.
    sent.on('error', fail);
    sent.on('upgrade', (_, socket) => {
      socket.destroy();
      const hint = 'Check that the endpoint of the bucket is an S3 server.';
      fail(new ImageCacheError('UPSTREAM_ERROR', `${request.hostname} answered 101.`, { hint }));
    });
    // Node destroys some requests without an error. Without this, the wait would then never end.
    sent.on('close', () => isSettled || fail(new Error('The connection was closed.')));
    void sendBody(sent, body, () => watchdog?.touch());
  });
}

/** Sends a body. Its errors are emitted by the request. @param touch called after every part that was sent */
async function sendBody(sent: http.ClientRequest, body: Uint8Array, touch: () => void): Promise<void> {
  for (let at = 0; at < body.length && !sent.destroyed; at += CHUNK_BYTES) {
    await new Promise<void>((done) => sent.write(body.subarray(at, at + CHUNK_BYTES), () => done()));
    touch();
  }
  sent.end();
}

function timeout(request: HttpRequest, doing: string, limitMs: number): ImageCacheError {
  return new ImageCacheError('UPSTREAM_TIMEOUT', `${request.hostname} did not ${doing} within ${limitMs} ms.`, {
    hint: 'The options `timeouts.connect` and `timeouts.firstByte` set the limits.',
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new ImageCacheError('ABORTED', 'The download was cancelled.');
}

/** Reads a property that the types do not have. If it is missing, the socket counts as not connected yet. */
function isHandshaking(socket: TLSSocket): boolean {
  return !('secureConnecting' in socket) || socket.secureConnecting === true;
}
