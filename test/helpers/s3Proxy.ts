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
  /** Each request that came: `PUT /photos/a.jpg`. */
  readonly seen: string[];
  /** Decides what happens to a request; `undefined`: it is the store's. `'reset'`: its connection is cut. `'hang'`: nothing. */
  answer: (request: IncomingMessage) => ProxyAnswer | 'reset' | 'hang' | undefined;
  /** Changes the headers of what the store has answered. */
  rewrite: (headers: OutgoingHttpHeaders, request: IncomingMessage) => OutgoingHttpHeaders;
  /** Changes the headers of what is asked; the signature covers some of them. */
  strip: (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders;
  close: () => Promise<void>;
}

/** S3's way to say no. */
export function s3Refusal(status: number, code: string, headers: OutgoingHttpHeaders = {}): ProxyAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/xml', ...headers },
    body: `<Error><Code>${code}</Code></Error>`,
  };
}

/** Without what a test has set to `undefined`. */
function defined(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

/** A store in front of the strict one, which answers as other stores do, and as this one does when it is ill. */
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
