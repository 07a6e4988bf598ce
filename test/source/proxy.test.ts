import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ResolvedOptions } from '../../plugin/options.ts';
import { createS3Source } from '../../plugin/source/index.ts';
import type { Resolve } from '../../plugin/source/vettedLookup.ts';
import { certificate } from '../http/expressAppCertificate.ts';
import { type ForwardProxy, startForwardProxy } from '../helpers/forwardProxy.ts';
import { bucket, fastClock, MemorySink, refusal, sourceOptions } from '../helpers/source.ts';

const never = new AbortController().signal;
/** Node 24.14 and 25.4 on; before that, only a process that is started with `NODE_USE_ENV_PROXY=1` has a proxy. */
const { setGlobalProxyFromEnv } = http as { setGlobalProxyFromEnv?: (env: Record<string, string>) => () => void };

interface StartOptions {
  env?: Record<string, string>;
  useProxy?: boolean;
  timeouts?: Partial<ResolvedOptions['timeouts']>;
  /** Of the clock that limits are measured by, next to a real one. Node itself has a real one. */
  speed?: number;
}

/** An origin of https that only the proxy finds, and the proxy as Node has it from the environment. */
async function start(handle: http.RequestListener, { env, useProxy = true, timeouts, speed = 20 }: StartOptions = {}) {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'); // the certificate is for localhost
  const requests: string[] = [];
  const listen = async (server: http.Server) => {
    server.on('request', (request) => requests.push(request.url ?? ''));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port; // it listens on TCP
  };
  const secure = await listen(https.createServer(certificate, handle));
  const plain = await listen(http.createServer(handle));
  const proxy = await startForwardProxy({
    'img.example.com:443': secure,
    'photos.s3.eu-west-3.amazonaws.com:443': secure,
    'minio.example:9000': plain,
  });
  const withUser = proxy.url.replace('//', '//user:CANARY@');
  const restore = useProxy
    ? setGlobalProxyFromEnv?.({ HTTPS_PROXY: withUser, HTTP_PROXY: withUser, ...env })
    : undefined;
  const buckets = [
    bucket('photos', { region: 'eu-west-3', cdn: ['img.example.com', '10.0.0.5'] }),
    bucket('local', { endpoint: new URL('http://minio.example:9000') }),
  ];
  const resolved: string[] = [];
  const resolve: Resolve = (hostname, _options, callback) => {
    resolved.push(hostname);
    callback(null, [{ address: '10.0.0.5', family: 4 }]);
  };
  const clock = fastClock(speed);
  const options = sourceOptions(buckets, {
    timeouts: { connect: 20_000, firstByte: 40_000, idle: 20_000, total: 200_000, ...timeouts },
  });
  const source = createS3Source(options, { clock, resolve });
  restore?.();
  onTestFinished(() => {
    source.close();
    vi.unstubAllEnvs();
  });
  const get = async (url: string, signal = never) => {
    const sink = new MemorySink();
    await source.download(source.identify(url), sink, signal);
    return sink.bytes.toString();
  };
  return { proxy, requests, resolved, get, clock };
}

const expectClosed = (proxy: ForwardProxy) => expect.poll(() => proxy.open).toBe(0);

describe.skipIf(setGlobalProxyFromEnv === undefined)('N9: the proxy that Node has from the environment', () => {
  it('is used for https with a tunnel, byte for byte, and no name is resolved here', async () => {
    const { proxy, requests, resolved, get } = await start((_request, response) => response.end('image'));
    expect(await get("https://img.example.com//a/../b%2Fc+d%2Be'(1)~%7e.jpg?X-Amz-Signature=a%2Bb&&z")).toBe('image');
    expect(await get('https://img.example.com/second.jpg')).toBe('image');
    expect(proxy.asked, 'the tunnel is used again').toEqual(['CONNECT img.example.com:443']);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('user:CANARY').toString('base64')}`]);
    expect(requests[0]).toBe("//a/../b%2Fc+d%2Be'(1)~%7e.jpg?X-Amz-Signature=a%2Bb&&z");
    expect(resolved).toEqual([]);
  });

  it('is used for bare URLs, and for an endpoint over http', async () => {
    const { proxy, requests, get } = await start((_request, response) => response.end('image'));
    expect(await get('s3://photos/a.jpg')).toBe('image');
    expect(await get('s3://local/b c.jpg')).toBe('image');
    expect(proxy.asked[0]).toBe('CONNECT photos.s3.eu-west-3.amazonaws.com:443');
    expect(proxy.asked[1]).toBe('GET http://minio.example:9000/local/b%20c.jpg?x-id=GetObject');
    expect(requests).toHaveLength(2);
  });

  it('is not used for hosts in NO_PROXY, which are vetted', async () => {
    const { proxy, resolved, get } = await start((_request, response) => response.end('image'), {
      env: { NO_PROXY: 'img.example.com' },
    });
    expect((await refusal(get('https://img.example.com/a.jpg'))).code).toBe('HOST_NOT_ALLOWED');
    expect(resolved).toEqual(['img.example.com']);
    expect(proxy.asked).toEqual([]);
  });

  it('is not used when Node has none', async () => {
    const { proxy, get } = await start((_request, response) => response.end('image'), { useProxy: false });
    expect((await refusal(get('https://img.example.com/a.jpg'))).code).toBe('HOST_NOT_ALLOWED');
    expect(proxy.asked).toEqual([]);
  });

  it('gets no request for a private address, or for a host that is not listed', async () => {
    const { proxy, get } = await start((_request, response) => response.end('image'));
    expect((await refusal(get('https://10.0.0.5/a.jpg'))).code).toBe('HOST_NOT_ALLOWED');
    expect((await refusal(get('https://elsewhere.example/a.jpg'))).code).toBe('HOST_NOT_ALLOWED');
    expect(proxy.asked).toEqual([]);
  });

  it('does not shorten the limit for the first byte to that for a connection', async () => {
    const slowly: http.RequestListener = (_request, response) => void setTimeout(() => response.end('image'), 2_500);
    const { get } = await start(slowly, { timeouts: { connect: 2_000 }, speed: 1 });
    expect(await get('https://img.example.com/a.jpg')).toBe('image');
  });

  it.each([
    [407, 'UPSTREAM_UNREACHABLE', /user name and password/],
    [403, 'UPSTREAM_UNREACHABLE', /NO_PROXY/],
    [502, 'UPSTREAM_UNREACHABLE', /proxy could not reach/],
  ])('is named, without its password, if it refuses with %i', async (status, code, hint) => {
    const { proxy, get } = await start((_request, response) => response.end('image'));
    proxy.behaviour = status;
    const error = await refusal(get('https://img.example.com/a.jpg'));
    expect(error.code).toBe(code);
    expect(error.message).toContain(`The proxy answered ${status}`);
    expect(error.hint).toMatch(hint);
    const cause = error.cause instanceof Error ? [error.cause.message, error.cause.stack] : [];
    expect([error.message, error.hint, error.stack, ...cause].join('\n')).not.toContain('CANARY');
    expect(proxy.asked).toHaveLength(status === 502 ? 3 : 1);
    await expectClosed(proxy);
  });

  it('is given up at the connect limit if it accepts and never answers', async () => {
    const { proxy, get } = await start((_request, response) => response.end('image'), { timeouts: { connect: 300 } });
    proxy.behaviour = 'hang';
    expect((await refusal(get('https://img.example.com/a.jpg'))).code).toBe('UPSTREAM_TIMEOUT');
    await expectClosed(proxy);
  });

  it('that never answers does not delay an abort', async () => {
    const { proxy, get } = await start((_request, response) => response.end('image'), {
      timeouts: { connect: 2_000 },
      speed: 1,
    });
    proxy.behaviour = 'hang';
    const leaving = new AbortController();
    const gone = refusal(get('https://img.example.com/a.jpg', leaving.signal));
    await expect.poll(() => proxy.asked.length).toBe(1);
    leaving.abort();
    expect((await gone).code).toBe('ABORTED');
    await expectClosed(proxy);
  });

  it('that cannot be reached is distinguished from an origin that cannot be reached', async () => {
    const { get } = await start((_request, response) => response.end('image'), {
      env: { HTTPS_PROXY: 'http://127.0.0.1:1' },
    });
    const error = await refusal(get('https://img.example.com/a.jpg'));
    expect(error.code).toBe('UPSTREAM_UNREACHABLE');
    expect(error.hint).toContain('HTTPS_PROXY');
  });
});
