import type { LookupAddress } from 'node:dns';
import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { createS3Source } from '../../plugin/source/index.ts';
import { isPublicAddress } from '../../plugin/source/publicAddress.ts';
import { type Resolve, vettedLookup } from '../../plugin/source/vettedLookup.ts';

describe('T29: addresses of special purpose are not public', () => {
  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '::8.8.8.8',
    'fe80::1',
    'fec0::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::1',
    '64:ff9b:1::8.8.8.8',
    '100::1',
    '2001::1',
    '2001:0:4136:e378::1',
    '2001:10::1',
    '2001:20::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2002:808:808::1',
    '2a00:1450::5efe:192.168.0.1',
    '2a00:1450::200:5efe:127.0.0.1',
    '3fff::1',
    '5f00::1',
    'fe80::1%eth0',
    '',
    'localhost',
    '1',
    '0x7f.1',
    '127.1',
    '017700000001',
  ])('%s', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '52.216.1.2',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '223.255.255.255',
    '2600:1f18::1',
    '2a00:1450:4001:81b::200e',
    '64:ff9b::8.8.8.8',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));
});

describe('T31: the socket connects to the addresses that were checked', () => {
  const answering = (...answers: string[][]): { resolve: Resolve; asked: () => number } => {
    let asked = 0;
    const resolve: Resolve = (_hostname, _options, callback) => {
      const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
      asked += 1;
      callback(
        null,
        addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };
    return { resolve, asked: () => asked };
  };
  const look = (resolve: Resolve, all: boolean) =>
    new Promise<unknown>((settle) => {
      vettedLookup(() => new ImageCacheError('HOST_NOT_ALLOWED', 'private'), resolve)(
        'b.s3.amazonaws.com',
        { all },
        (error, address) => settle(error ?? address),
      );
    });

  it('passes on public addresses, one or all', async () => {
    const { resolve } = answering(['52.216.1.2', '2600:1f18::1']);
    expect(await look(resolve, false)).toBe('52.216.1.2');
    expect(await look(resolve, true)).toEqual([
      { address: '52.216.1.2', family: 4 },
      { address: '2600:1f18::1', family: 6 },
    ]);
  });

  it.each([[['127.0.0.1']], [['52.216.1.2', '10.0.0.1']], [['::ffff:169.254.169.254']]])(
    'refuses %j',
    async (answer) => {
      const { resolve } = answering(answer);
      for (const all of [true, false]) expect(await look(resolve, all)).toMatchObject({ code: 'HOST_NOT_ALLOWED' });
    },
  );

  it('resolves again for each connection, so that a changed answer is checked, too', async () => {
    const { resolve, asked } = answering(['52.216.1.2'], ['127.0.0.1']);
    expect(await look(resolve, false)).toBe('52.216.1.2');
    expect(await look(resolve, false)).toMatchObject({ code: 'HOST_NOT_ALLOWED' });
    expect(asked()).toBe(2);
  });

  it('reports a name without an address', async () => {
    const { resolve } = answering([]);
    expect(await look(resolve, true)).toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('T31: the download itself', () => {
  const sink = { begin: () => undefined, write: async () => {}, reset: async () => {}, complete: async () => {} };
  const timeouts = { connect: 1000, firstByte: 1000, idle: 1000, total: 2000 };

  it('opens no connection to a listed name that resolves into a private network, signed or not', async () => {
    const connections: string[] = [];
    const trap = createServer((socket) => {
      connections.push(String(socket.remotePort));
      socket.destroy();
    }).listen(443, '127.0.0.1');
    trap.on('error', () => undefined); // without the right to listen there, nothing can answer either
    onTestFinished(() => void trap.close());
    const { buckets, allowPrivateAddresses } = resolveOptions({
      buckets: [{ name: 'photos', credentials: { accessKeyId: 'k', secretAccessKey: 's' }, region: 'us-east-1' }],
    });
    const source = createS3Source(
      {
        buckets,
        allowPrivateAddresses,
        timeouts,
        maxImageSize: 1000,
        concurrency: 2,
        maxConcurrency: 2,
        resolveKey: undefined,
      },
      { resolve: (_hostname, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]) },
    );
    onTestFinished(() => source.close());
    for (const url of ['https://photos.s3.amazonaws.com/a.jpg?X-Amz-Signature=1', 's3://photos/a.jpg']) {
      await expect(source.download(source.identify(url), sink, new AbortController().signal)).rejects.toMatchObject({
        code: 'HOST_NOT_ALLOWED',
      });
    }
    expect(connections).toEqual([]);
  });

  it('does not vet a configured endpoint', async () => {
    const server = http.createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const { buckets, allowPrivateAddresses } = resolveOptions({
      buckets: [{ name: 'photos', endpoint: `http://localhost:${port}` }],
    });
    const source = createS3Source({
      buckets,
      allowPrivateAddresses,
      timeouts,
      maxImageSize: 1000,
      concurrency: 2,
      maxConcurrency: 2,
      resolveKey: undefined,
    });
    onTestFinished(() => source.close());
    const object = source.identify(`http://localhost:${port}/photos/a.jpg?X-Amz-Signature=1`);
    await expect(source.download(object, sink, new AbortController().signal)).resolves.toBeDefined();
  });
});
