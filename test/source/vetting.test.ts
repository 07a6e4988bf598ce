import net from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ResolvedBucket } from '../../plugin/options.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { systemClock } from '../../plugin/source/clock.ts';
import { createS3Source } from '../../plugin/source/index.ts';
import { isPublicAddress } from '../../plugin/source/publicAddress.ts';
import type { Resolve } from '../../plugin/source/vettedLookup.ts';
import { createHttpClient, type HttpRequest } from '../../plugin/source/httpClient.ts';
import { bucket, MemorySink, refusal, sourceOptions } from '../helpers/source.ts';

const never = new AbortController().signal;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const resolvingTo =
  (address: string): Resolve =>
  (_hostname, _options, callback) =>
    callback(null, [{ address, family: net.isIPv6(address) ? 6 : 4 }]);

/** The refusal of a request, and whether it came to a connection. None is made: Node's own lookup and connect are stood in for. */
async function ask(
  request: Partial<HttpRequest> & { hostname: string },
  buckets: ResolvedBucket[],
  { resolve = resolvingTo('127.0.0.1'), allowPrivateAddresses = [] as string[] } = {},
) {
  let isConnected = false;
  vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...given: unknown[]) {
    const [options] = given.flat() as [net.TcpSocketConnectOpts]; // as http and tls call it
    const { lookup, host = '' } = options;
    const connect = (error: Error | null) => {
      isConnected = error === null;
      this.destroy(error ?? Object.assign(new Error('kept from connecting'), { code: 'ENETUNREACH' }));
    };
    if (lookup === undefined || net.isIP(host) !== 0) process.nextTick(connect, null);
    else process.nextTick(() => lookup(host, { all: true }, connect));
    return this;
  });
  const httpClient = createHttpClient(sourceOptions(buckets, { allowPrivateAddresses }), systemClock, resolve);
  cleanups.push(() => httpClient.close());
  const complete = { protocol: 'https:', port: undefined, path: '/a.jpg', headers: {}, ...request } as const;
  const error = await refusal(httpClient.open(complete, never));
  return { error, isConnected };
}

describe('S16: an address in a URL is vetted like an address from DNS', () => {
  it.each(['127.0.0.1', '10.0.0.5', '169.254.169.254', '168.63.129.16', '::1', 'fd00:ec2::254', '::ffff:127.0.0.1'])(
    'https://%s is refused without a connection',
    async (hostname) => {
      const { error, isConnected } = await ask({ hostname }, [bucket('photos', { cdn: [hostname] })]);
      expect(error).toMatchObject({ code: 'HOST_NOT_ALLOWED', message: expect.stringContaining(hostname) });
      expect(error.hint).toContain(`allowPrivateAddresses: ['${hostname}']`);
      expect(isConnected).toBe(false);
    },
  );

  it.each(['127.0.0.1', '0x7f.1', '2130706433'])('also as the `cdn` of a bucket, written as %s', async (host) => {
    const connected = vi.spyOn(net.Socket.prototype, 'connect');
    const source = createS3Source(sourceOptions([bucket('photos', { cdn: ['127.0.0.1'] })]));
    cleanups.push(() => source.close());
    const download = source.download(source.identify(`https://${host}/a.jpg`), new MemorySink(), never);
    expect((await refusal(download)).code).toBe('HOST_NOT_ALLOWED');
    expect(connected).not.toHaveBeenCalled();
  });

  it('a connection to a public address is made', async () => {
    const { error, isConnected } = await ask({ hostname: '52.216.1.2' }, [bucket('photos', { cdn: ['52.216.1.2'] })]);
    expect(error.code).not.toBe('HOST_NOT_ALLOWED');
    expect(isConnected).toBe(true);
  });
});

describe('S16: the metadata services of clouds are private, also outside of the special ranges', () => {
  it.each([
    ['AWS, GCP, Azure, DigitalOcean, Hetzner, OpenStack', '169.254.169.254'],
    ['AWS containers', '169.254.170.2'],
    ['AWS over IPv6', 'fd00:ec2::254'],
    ['GCP over IPv6', 'fd20:ce::254'],
    ['Azure wire server', '168.63.129.16'],
    ['Azure wire server behind NAT64', '64:ff9b::a83f:8110'],
    ['Alibaba', '100.100.100.200'],
    ['Oracle', '192.0.0.192'],
    ['Tencent', '169.254.0.23'],
    ['Scaleway over IPv6', 'fd00:42::42'],
    ['OpenStack over IPv6', 'fe80::a9fe:a9fe'],
  ])('%s: %s', (_, address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['168.63.129.15', '168.63.129.17', '168.63.130.16'])('the neighbour %s is public', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );
});

describe('S16: the exemption of an endpoint holds for exactly its origin', () => {
  const minio = bucket('photos', { endpoint: new URL('http://minio.example:9000') });
  const local = bucket('photos', { endpoint: new URL('http://127.0.0.1:9000') });
  const plain = bucket('photos', { endpoint: new URL('https://s3.example') });
  const upper = bucket('My.Photos', { endpoint: new URL('http://minio.example:9000') });
  const v6 = bucket('photos', { endpoint: new URL('http://[::1]:9000') });

  it.each<[string, Partial<HttpRequest> & { hostname: string }, ResolvedBucket]>([
    ['its origin', { protocol: 'http:', hostname: 'minio.example', port: 9000 }, minio],
    ['a bucket before its host', { protocol: 'http:', hostname: 'photos.minio.example', port: 9000 }, minio],
    [
      'a bucket in upper case before its host',
      { protocol: 'http:', hostname: 'my.photos.minio.example', port: 9000 },
      upper,
    ],
    ['an address', { protocol: 'http:', hostname: '127.0.0.1', port: 9000 }, local],
    ['an address of IPv6', { protocol: 'http:', hostname: '::1', port: 9000 }, v6],
    ['the usual port, left out', { protocol: 'https:', hostname: 's3.example', port: undefined }, plain],
    ['the usual port, written out', { protocol: 'https:', hostname: 's3.example', port: 443 }, plain],
  ])('%s is not vetted', async (_, request, entry) => {
    const { error, isConnected } = await ask(request, [entry]);
    expect([error.code, isConnected]).toEqual(['UPSTREAM_UNREACHABLE', true]);
  });

  it.each<[string, Partial<HttpRequest> & { hostname: string }, ResolvedBucket]>([
    ['another port', { protocol: 'http:', hostname: 'minio.example', port: 9001 }, minio],
    ['the usual port', { protocol: 'http:', hostname: 'minio.example', port: undefined }, minio],
    ['another scheme', { protocol: 'https:', hostname: 'minio.example', port: 9000 }, minio],
    ['its name as a `cdn`', { protocol: 'https:', hostname: 'minio.example', port: undefined }, minio],
    ['a name below it that is no bucket', { protocol: 'http:', hostname: 'evil.minio.example', port: 9000 }, minio],
    ['a name below a bucket', { protocol: 'http:', hostname: 'a.photos.minio.example', port: 9000 }, minio],
    ['a name that ends like it', { protocol: 'http:', hostname: 'evilminio.example', port: 9000 }, minio],
    ['an address, at another port', { protocol: 'http:', hostname: '127.0.0.1', port: 6379 }, local],
    ['an address, over another scheme', { protocol: 'https:', hostname: '127.0.0.1', port: undefined }, local],
    ['an address of IPv6, at another port', { protocol: 'http:', hostname: '::1', port: 9001 }, v6],
  ])('%s is vetted', async (_, request, entry) => {
    const { error, isConnected } = await ask(request, [entry]);
    expect([error.code, isConnected]).toEqual(['HOST_NOT_ALLOWED', false]);
  });
});

describe('N10: names in `allowPrivateAddresses`', () => {
  const photos = bucket('photos', { cdn: ['img.example.com'] });
  const cdn = { hostname: 'img.example.com' };
  const aws = { hostname: 'photos.s3.eu-central-1.amazonaws.com' };

  it.each([cdn, aws])('%j is connected to if it is listed, and refused with the line to write if not', async (at) => {
    for (const address of ['198.18.3.4', '10.0.0.5', '64:ff9b:1::34d8:102', 'fd12::1']) {
      const resolve = resolvingTo(address);
      const refused = await ask(at, [photos], { resolve });
      expect(refused.error).toMatchObject({ code: 'HOST_NOT_ALLOWED' });
      expect(refused.error.hint).toContain(`allowPrivateAddresses: ['${at.hostname}']`);
      expect(refused.isConnected).toBe(false);
      const listed = await ask(at, [photos], { resolve, allowPrivateAddresses: [at.hostname] });
      expect([listed.error.code, listed.isConnected]).toEqual(['UPSTREAM_UNREACHABLE', true]);
    }
  });

  it('is exact: no subdomain, parent or similar name is exempt', async () => {
    for (const hostname of ['a.img.example.com', 'example.com', 'img.example.com.evil.example']) {
      const { error } = await ask({ hostname }, [photos], { allowPrivateAddresses: ['img.example.com'] });
      expect(error.code).toBe('HOST_NOT_ALLOWED');
    }
  });

  it.each([
    ['198.18.0.7', /VPN or proxy/],
    ['198.19.255.1', /VPN or proxy/],
    ['64:ff9b:1::34d8:102', /NAT64/],
    ['10.0.0.5', undefined],
  ])('%s: the hint names the usual cause', async (address, expected) => {
    const { error } = await ask(cdn, [photos], { resolve: resolvingTo(address) });
    if (expected === undefined) expect(error.hint).not.toMatch(/VPN|NAT64/);
    else expect(error.hint).toMatch(expected);
    expect(JSON.stringify(error.toItem())).not.toContain(address);
  });

  it('a private address from the profile of the SDK is reported with a hint', async () => {
    const { error } = await ask({ protocol: 'http:', hostname: 'localhost', port: 4566 }, [bucket('photos')]);
    expect(error.hint).toContain("endpoint: 'http://localhost:4566'");
    expect(error.hint).toContain('endpoint_url');
  });
});

describe('N10: the option `allowPrivateAddresses`', () => {
  const optionsWith = (allowPrivateAddresses: unknown) =>
    resolveOptions({ buckets: ['photos'], allowPrivateAddresses } as never);

  it('accepts host names in any case, and IPv4 addresses', () => {
    expect(optionsWith(['Img.Example.com', '10.0.0.5']).allowPrivateAddresses).toEqual(['img.example.com', '10.0.0.5']);
    expect(optionsWith(undefined).allowPrivateAddresses).toEqual([]);
  });

  it.each([
    ['https://img.example.com/x', "Write 'img.example.com'."],
    ['img.example.com:8443', "Write 'img.example.com'."],
    ['*.example.com', undefined],
    ['.example.com', undefined],
    ['10.0.0.0/8', "Write '10.0.0.0'."],
  ])('refuses %s', async (host, hint) => {
    const error = await refusal(() => optionsWith([host]));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('without scheme') });
    expect(error.hint).toBe(hint);
  });

  it('refuses a value that is not a list', async () => {
    expect((await refusal(() => optionsWith(true))).message).toContain('an array of host names');
  });
});

describe('S11: a name for which DNS never answers', () => {
  it('is resolved once, however many downloads wait for it, and again for later ones', async () => {
    const answers: (() => void)[] = [];
    const resolve: Resolve = (hostname, _options, callback) =>
      void answers.push(() => callback(Object.assign(new Error(hostname), { code: 'ENOTFOUND' }), []));
    const httpClient = createHttpClient(sourceOptions([bucket('photos')]), systemClock, resolve);
    cleanups.push(() => httpClient.close());
    const ask = (hostname: string) =>
      refusal(httpClient.open({ protocol: 'https:', hostname, port: undefined, path: '/', headers: {} }, never));
    const waiting = [...Array.from({ length: 16 }, () => ask('one.example.com')), ask('two.example.com')];
    await expect.poll(() => answers.length).toBe(2);
    for (const answer of answers.splice(0)) answer();
    const errors = await Promise.all(waiting);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['UPSTREAM_UNREACHABLE']));
    const later = ask('one.example.com');
    await expect.poll(() => answers.length).toBe(1);
    answers[0]?.();
    await later;
  });
});
