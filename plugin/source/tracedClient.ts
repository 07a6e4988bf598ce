import { lookup } from 'node:dns';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { ResolvedOptions } from '../options.ts';
import { ImageCacheError } from '../errors.ts';
import { withResolvers } from '../withResolvers.ts';
import type { HttpRequest } from './httpClient.ts';
import { networkError } from './networkError.ts';
import { nodeProxy } from './nodeProxy.ts';
import type { Resolve } from './vettedLookup.ts';
import { createVetting } from './vetting.ts';

/** How far a request has come: its name is resolved, its server has accepted a connection, the connection is encrypted. */
export type ConnectionStep = 'name' | 'connection' | 'tls';

/** A request whose steps can be watched. */
export interface TracedRequest {
  readonly hostname: string;
  /** The request goes to a proxy, which resolves the name and connects by itself; the steps then end together. */
  readonly viaProxy: boolean;
  /** Resolves when the step is done. @throws ImageCacheError if the request failed before that */
  reached(step: ConnectionStep): Promise<void>;
  /** The head of the answer. @throws ImageCacheError */
  readonly response: Promise<IncomingMessage>;
}

/** Sends each request over a connection of its own, by the same rules as downloads: vetted addresses, and the proxy of Node. */
export interface TracedClient {
  /** There is no limit of time. The signal ends the request. */
  open(request: HttpRequest, signal: AbortSignal): TracedRequest;
}

/** @param resolve for tests */
export function createTracedClient(
  options: Pick<ResolvedOptions, 'buckets' | 'allowPrivateAddresses'>,
  resolve: Resolve = lookup,
): TracedClient {
  const vet = createVetting(options, resolve);
  return {
    open(request, signal) {
      const proxy = nodeProxy(request.protocol === 'https:' ? https.globalAgent : http.globalAgent);
      return trace(request, signal, vet, proxy);
    },
  };
}

function trace(
  request: HttpRequest,
  signal: AbortSignal,
  vet: (request: HttpRequest) => LookupFunction,
  proxy: { proxyEnv: object } | undefined,
): TracedRequest {
  const secure = request.protocol === 'https:';
  const steps = { name: withResolvers<void>(), connection: withResolvers<void>(), tls: withResolvers<void>() };
  for (const { promise } of Object.values(steps)) promise.catch(() => undefined); // whoever is interested awaits it
  const fail = (error: Error) => {
    const failure = networkError(error, request);
    for (const step of Object.values(steps)) step.reject(failure);
    return failure;
  };
  const allDone = () => {
    for (const step of Object.values(steps)) step.resolve();
  };

  const response = new Promise<IncomingMessage>((resolve, reject) => {
    try {
      signal.throwIfAborted();
      const lookupOf = vet(request);
      if (isIP(request.hostname) !== 0) steps.name.resolve();
      const { body: _, ...head } = request;
      const sent = (secure ? https : http).request({
        ...head,
        agent: new (secure ? https : http).Agent({ keepAlive: false, ...proxy }),
        lookup: watched(lookupOf, () => steps.name.resolve()),
        headers: { ...request.headers, 'accept-encoding': 'identity' },
        signal,
      });
      sent.on('socket', (socket) => {
        if (proxy !== undefined && !socket.connecting) allDone(); // a tunnel is connected already
        socket.once('connect', () => {
          steps.name.resolve();
          steps.connection.resolve();
          if (!secure) steps.tls.resolve();
        });
        socket.once('secureConnect', allDone);
      });
      sent.on('response', (answer) => {
        allDone();
        answer.on('error', () => {});
        resolve(answer);
      });
      sent.on('error', (error) => reject(fail(signal.aborted ? cancelled() : error)));
      sent.on('upgrade', (_answer, socket) => {
        socket.destroy();
        reject(fail(new ImageCacheError('UPSTREAM_ERROR', `${request.hostname} answered 101.`)));
      });
      sent.end();
    } catch (error) {
      reject(fail(error instanceof Error ? error : new Error(String(error))));
    }
  });
  response.catch(() => undefined); // whoever is interested awaits it

  return {
    hostname: request.hostname,
    viaProxy: proxy !== undefined,
    reached: (step) => steps[step].promise,
    response,
  };
}

/** Tells when a name was resolved. */
function watched(resolve: LookupFunction, done: () => void): LookupFunction {
  return (hostname, options, callback) =>
    resolve(hostname, options, (error, address, family) => {
      if (error === null) done();
      callback(error, address, family);
    });
}

function cancelled(): ImageCacheError {
  return new ImageCacheError('ABORTED', 'The request was cancelled.');
}
