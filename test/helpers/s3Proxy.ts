import { type IncomingMessage, type OutgoingHttpHeaders, createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { S3Server } from '../../demo/s3/index.ts';

/** An answer in place of that of the store. */
export interface ProxyAnswer {
  status: number;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

export interface S3Proxy {
  endpoint: string;
  /** All requests so far, e.g. `PUT /photos/a.jpg`. */
  readonly seen: string[];
  /** Decides about a request. `undefined`: the store answers. `'reset'`: the connection is cut. `'hang'`: there is no answer. */
  answer: (request: IncomingMessage) => ProxyAnswer | 'reset' | 'hang' | undefined;
  /** Changes the headers of an answer of the store. */
  rewrite: (headers: OutgoingHttpHeaders, request: IncomingMessage) => OutgoingHttpHeaders;
  /** Changes the headers of a request. The signature covers some of them. */
  strip: (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders;
  close: () => Promise<void>;
}

/** A refusal as S3 sends it. */
export function s3Refusal(status: number, code: string, headers: OutgoingHttpHeaders = {}): ProxyAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/xml', ...headers },
    body: `<Error><Code>${code}</Code></Error>`,
  };
}

/** The headers that a test has not set to `undefined`. */
function defined(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

/** A proxy in front of the strict store. It can answer like other stores, and like a store that is faulty. */
export async function startS3Proxy(server: S3Server): Promise<S3Proxy> {
  const proxy = await openS3Proxy(server);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** A proxy for more than one test. The caller has to close it. */
export async function openS3Proxy(server: S3Server): Promise<S3Proxy> {
  const proxy: S3Proxy = {
    endpoint: '',
    seen: [],
    answer: () => undefined,
    rewrite: (headers) => headers,
    strip: (headers) => headers,
    close: () => Promise.resolve(),
  };
  const http = createServer((request, response) => {
    const { method = '', url = '' } = request;
    proxy.seen.push(`${method} ${url.replace(/\?.*/, '')}`);
    const answer = proxy.answer(request);
    if (answer === 'reset') {
      response.destroy();
      return;
    }
    if (answer === 'hang') return;
    if (answer !== undefined) {
      request.resume();
      response.writeHead(answer.status, { Date: new Date().toUTCString(), ...answer.headers });
      response.end(method === 'HEAD' ? undefined : answer.body);
      return;
    }
    const onward = send(
      server.endpoint,
      { method, path: url, headers: proxy.strip({ ...request.headers }) },
      (answered) => {
        response.writeHead(answered.statusCode ?? 0, defined(proxy.rewrite({ ...answered.headers }, request)));
        answered.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  proxy.close = async () => {
    http.closeAllConnections();
    http.close();
  };
  proxy.endpoint = `http://127.0.0.1:${(http.address() as AddressInfo).port}`; // it listens on TCP
  return proxy;
}
