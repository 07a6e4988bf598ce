import type { LookupAddress } from 'node:dns';
import { beforeEach, expect, vi } from 'vitest';
import { imageUrl } from '../helpers/stack.ts';
import { answer, errorXml } from '../helpers/rawUpstream.ts';
import type { TestServer } from './testServer.ts';
import { describeEveryMode, eachOf } from './everyMode.ts';
import { AMBIGUOUS, INTERNAL_HOSTS, LOOKALIKES, SCHEMES, hostileUrls } from './hostileUrls.ts';
import { watchOutbound } from './outbound.ts';
import { seededRandom } from './random.ts';

const dns = vi.hoisted(() => ({ asked: [] as string[], answers: [] as string[][] }));

/** The system's resolver, as the plugin has it; each question takes the next answer, and the last one stays. */
vi.mock('node:dns', async (importActual) => ({
  ...(await importActual<typeof import('node:dns')>()),
  lookup(hostname: string, _options: unknown, callback: (error: null, addresses: LookupAddress[]) => void) {
    const addresses = dns.answers[Math.min(dns.asked.length, dns.answers.length - 1)] ?? [];
    dns.asked.push(hostname);
    process.nextTick(
      callback,
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  },
}));

beforeEach(() => {
  dns.asked = [];
  dns.answers = [];
});

/** Runs `act` and says which addresses were about to be connected to, other than the two configured origins. */
async function attemptsDuring(server: TestServer, act: () => Promise<void>): Promise<string[]> {
  const configured = new Set([server.port, server.bucket.server.port, server.upstream.port]);
  const outbound = watchOutbound((port) => configured.has(port));
  try {
    await act();
    return outbound.attempts;
  } finally {
    outbound.stop();
  }
}

/** Asks for a URL in every way that could make the server fetch it, and expects the same refusal of each. */
async function expectRefused(server: TestServer, url: string, refusal: RegExp): Promise<void> {
  const image = await server.send('GET', `/image?url=${encodeURIComponent(url)}`);
  expect(`${image.status} ${image.text}`, url).toMatch(/^40[03] /);
  expect(image.text, url).toMatch(refusal);
  const result = await server.prefetch(url);
  expect(JSON.stringify(result), url).toMatch(refusal);
  const { status } = await server.send('GET', `/exists?url=${encodeURIComponent(url)}`);
  expect(status, url).toBeOneOf([200, 400]);
}

const LISTED = 'https://team-photos.s3.amazonaws.com/x.png';
/** A signed one goes out as it is, an unsigned one is signed with our credentials: two ways to the socket. */
const WAYS = [LISTED, `${LISTED}?X-Amz-Signature=CANARY1&X-Amz-Credential=CANARY3&X-Amz-Date=20260101T000000Z`];

describeEveryMode((add) => {
  const refused: [numbers: string, what: string, urls: readonly string[], refusal: RegExp][] = [
    [
      'T25',
      'a bucket that is not listed, or only looks like one',
      [
        ...LOOKALIKES.flatMap((host) => [`https://${host}/x.png`, `https://${host}/team-photos/x.png`]),
        'https://evil.example/team-photos.s3.amazonaws.com/x.png',
        'https://s3.amazonaws.com/unlisted/x.png',
        's3://unlisted/x.png',
      ],
      /"HOST_NOT_ALLOWED"/,
    ],
    [
      'T26',
      'an internal address in any spelling',
      INTERNAL_HOSTS.flatMap((host) => [`http://${host}/x.png`, `https://${host}/team-photos/x.png`]),
      /"HOST_NOT_ALLOWED"/,
    ],
    ['T27', 'a URL that two parsers could read differently', AMBIGUOUS, /"INVALID_URL"/],
    ['T28', 'another scheme, and plain http to S3', SCHEMES, /"INVALID_URL_SCHEME"/],
  ];
  for (const [numbers, what, urls, refusal] of refused) {
    add(numbers, `${what} is refused, and costs no question and no connection`, async (server) => {
      const attempts = await attemptsDuring(server, () => eachOf(urls, (url) => expectRefused(server, url, refusal)));
      expect({ attempts, asked: dns.asked }).toEqual({ attempts: [], asked: [] });
    });
  }

  add('T25, T26, T27, T28', 'nor does any mixture of them open a connection', async (server) => {
    const { connections } = server.upstream;
    const attempts = await attemptsDuring(server, () =>
      eachOf(hostileUrls(seededRandom(25), 400), (url) => {
        const aimed = url.replace('{server}', String(server.port)).replace('{bucket}', String(server.upstream.port));
        return expectRefused(server, aimed, /"(?:HOST_NOT_ALLOWED|INVALID_URL|INVALID_URL_SCHEME)"/);
      }),
    );
    expect({ attempts, asked: dns.asked }).toEqual({ attempts: [], asked: [] });
    expect(server.upstream.connections).toBe(connections);
  });

  add('T25', 'other spellings of a listed host are the listed host', async (server) => {
    dns.answers = [['127.0.0.1']];
    for (const url of ['https://TEAM-PHOTOS.S3.amazonaws.com/x.png', 'https://team-photos.s3.amazonaws.com./x.png']) {
      await attemptsDuring(server, () => expectRefused(server, url, /resolves to an address of a private network/));
    }
    expect(new Set(dns.asked)).toEqual(new Set(['team-photos.s3.us-east-1.amazonaws.com']));
  });

  add('T29', 'a listed name that leads into a private network, or partly, is not connected to', async (server) => {
    const attempts = await attemptsDuring(server, async () => {
      for (const addresses of SPECIAL) {
        dns.answers = [addresses];
        for (const url of WAYS) await expectRefused(server, url, /"HOST_NOT_ALLOWED"/);
      }
    });
    expect(attempts).toEqual([]);
    expect(dns.asked.length).toBeGreaterThanOrEqual(SPECIAL.length * WAYS.length);
  });

  add('T29, T31', 'a public address is connected to, and no other: the one that was looked at', async (server) => {
    for (const url of WAYS) {
      dns.asked = [];
      dns.answers = [['52.216.1.2'], ['127.0.0.1']];
      const attempts = await attemptsDuring(server, async () => {
        expect((await server.send('GET', imageUrl(url))).status).toBe(403);
      });
      // The first is connected to and does not answer; the second try asks anew, and what it hears is looked at, too.
      expect(attempts).toEqual(['52.216.1.2']);
      expect(dns.asked).toHaveLength(2);
    }
  });

  add('T30', 'a redirect is followed nowhere, not even within the bucket', async (server) => {
    const { origin } = server.upstream;
    const targets = [
      'http://169.254.169.254/latest/meta-data/',
      `${origin}/raw/other.png`,
      `${origin}/raw/x.png`,
      '//evil.example/',
    ];
    const attempts = await attemptsDuring(server, async () => {
      for (const status of [301, 302, 303, 307, 308]) {
        for (const Location of targets) {
          server.upstream.reply = answer(status, { Location });
          const before = server.upstream.requests.length;
          const result = await server.prefetch(`${origin}/raw/x.png?X-Amz-Signature=CANARY1`);
          expect(result, `${status} ${Location}`).toMatchObject({ error: { code: 'UPSTREAM_REDIRECT' } });
          expect(server.upstream.requests.length - before, `${status} ${Location}`).toBe(1);
        }
      }
      const endpoint = '<Endpoint>169.254.169.254</Endpoint>';
      server.upstream.reply = answer(301, {}, errorXml('PermanentRedirect', '', endpoint));
      expect(await server.prefetch('s3://raw/x.png')).toMatchObject({ error: { code: 'UPSTREAM_REDIRECT' } });
      server.upstream.reply = answer(200, { Location: 'http://169.254.169.254/' }, '<html>');
      expect(await server.prefetch('s3://raw/x.png')).toMatchObject({ error: { code: 'NOT_AN_IMAGE' } });
    });
    expect(attempts).toEqual([]);
  });
});

/** One of each of IANA's special-purpose ranges, and mixtures with a public address. */
const SPECIAL = [
  ['0.0.0.0'],
  ['10.0.0.1'],
  ['100.64.0.1'],
  ['127.0.0.1'],
  ['169.254.169.254'],
  ['172.16.0.1'],
  ['192.0.0.1'],
  ['192.0.2.1'],
  ['192.88.99.1'],
  ['192.168.1.1'],
  ['198.18.0.1'],
  ['198.51.100.1'],
  ['203.0.113.1'],
  ['224.0.0.1'],
  ['255.255.255.255'],
  ['::'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['::127.0.0.1'],
  ['64:ff9b::127.0.0.1'],
  ['64:ff9b:1::8.8.8.8'],
  ['2001:0:4136:e378::1'],
  ['2001:db8::1'],
  ['2002:7f00:1::'],
  ['2a00:1450::5efe:127.0.0.1'],
  ['fc00::1'],
  ['fd00:ec2::254'],
  ['fe80::1'],
  ['ff02::1'],
  ['52.216.1.2', '127.0.0.1'],
  ['2600:1f18::1', '::1', '52.216.1.2'],
];
