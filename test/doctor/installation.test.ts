import { mkdir, readdir, writeFile } from 'node:fs/promises';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createS3Server } from '../../demo/s3/index.ts';
import type { DoctorCheck } from '../../plugin/inspectorProtocol.ts';
import { certificate } from '../http/expressAppCertificate.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { doctorFor, findings, type Patient, resolving, startServer } from '../helpers/doctor.ts';
import { errorXml } from '../helpers/rawUpstream.ts';
import { fastClock } from '../helpers/source.ts';
import { type Bucket, startBucket } from '../helpers/stack.ts';

const CREDENTIALS = { accessKeyId: 'DEMOKEY', secretAccessKey: 'demosecret' };
const NOBODY = { name: 'photos', endpoint: 'http://127.0.0.1:9', credentials: CREDENTIALS };

/** All that is wrong, and the first finding of it. */
async function examine(patient: Patient): Promise<{ found: string[]; wrong: DoctorCheck | undefined }> {
  const { checks, ok } = await doctorFor(patient).examine();
  const wrong = checks.find(({ status }) => status === 'fail' || status === 'warn');
  expect(ok).toBe(!checks.some(({ status }) => status === 'fail'));
  return { found: findings(checks), wrong };
}

async function startFilledBucket(): Promise<Bucket> {
  const bucket = await startBucket();
  bucket.server.put('photos', 'secret-key.jpg', Buffer.from('x'));
  return bucket;
}

/** The environment of the AWS SDK, which reads it by itself. */
async function stubAws(config: string, env: Record<string, string> = {}): Promise<void> {
  const dir = await temporaryDirectory();
  await writeFile(join(dir, 'config'), config);
  const all = {
    AWS_CONFIG_FILE: join(dir, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(dir, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PROFILE: undefined,
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_REGION: undefined,
    ...env,
  };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

describe('I27: each fault is one finding, and the right one', () => {
  it('none: all is well', async () => {
    const bucket = await startFilledBucket();
    const { checks, ok } = await doctorFor({ options: { buckets: [bucket.option] } }).examine();
    expect(findings(checks)).toEqual([]);
    expect(ok).toBe(true);
    expect(checks.find(({ id }) => id === 'bucket.read')).toMatchObject({ status: 'ok', about: 'photos' });
  });

  it('DNS is dead', async () => {
    const buckets = [{ ...NOBODY, endpoint: 'http://minio.example:9000' }];
    const { found, wrong } = await examine({ options: { buckets }, probes: { resolve: resolving() } });
    expect(found).toEqual(['fail bucket.name']);
    expect(wrong?.hint).toContain('does not resolve');
  });

  it('DNS never answers', async () => {
    const buckets = [{ ...NOBODY, endpoint: 'http://minio.example:9000' }];
    const probes = { resolve: () => undefined, clock: fastClock(6) };
    expect((await examine({ options: { buckets }, probes })).found).toEqual(['fail bucket.name']);
  });

  it('a name of AWS leads into a private network', async () => {
    const probes = { resolve: resolving('photos.s3.eu-west-1.amazonaws.com') };
    const buckets = [{ name: 'photos', region: 'eu-west-1', credentials: CREDENTIALS }];
    const { found, wrong } = await examine({ options: { buckets }, probes });
    expect(found).toEqual(['fail bucket.name']);
    expect(wrong?.hint).toContain('allowPrivateAddresses');
  });

  it('nothing listens there', async () => {
    expect((await examine({ options: { buckets: [NOBODY] } })).found).toEqual(['fail bucket.connection']);
  });

  it('a black hole takes the packets', async () => {
    const connect = vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket) {
      return Object.assign(this, { connecting: true });
    });
    onTestFinished(() => connect.mockRestore());
    const { found, wrong } = await examine({ options: { buckets: [NOBODY] }, probes: { clock: fastClock(6) } });
    expect(found).toEqual(['fail bucket.connection']);
    expect(wrong?.hint).toContain('firewall');
  });

  it('a certificate is not trusted', async () => {
    const server = https.createServer(certificate, (_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`; // it listens on TCP
    const { found, wrong } = await examine({ options: { buckets: [{ ...NOBODY, endpoint }] } });
    expect(found).toEqual(['fail bucket.tls']);
    expect(wrong?.hint).toContain('NODE_EXTRA_CA_CERTS');
  });

  it('a server takes connections and says nothing, with TLS and without', async () => {
    const server = net.createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo; // it listens on TCP
    for (const [scheme, check] of [
      ['https', 'tls'],
      ['http', 'server'],
    ]) {
      const buckets = [{ ...NOBODY, endpoint: `${scheme}://127.0.0.1:${port}` }];
      const { found } = await examine({ options: { buckets }, probes: { clock: fastClock(6) } });
      expect(found).toEqual([`fail bucket.${check}`]);
    }
  });

  it('the login page of a network answers everything with 200', async () => {
    const endpoint = await startServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html').end('<!doctype html>Welcome to the hotel');
    });
    const { found, wrong } = await examine({ options: { buckets: [{ ...NOBODY, endpoint }] } });
    expect(found).toEqual(['fail bucket.server']);
    expect(wrong?.hint).toContain('login page');
  });

  it('a page of HTML with a refusal is one of S3 only if its listing is', async () => {
    for (const isS3 of [true, false]) {
      const endpoint = await startServer((request, response) => {
        const isHtml = request.method === 'HEAD' || !isS3;
        response.writeHead(403, { 'Content-Type': isHtml ? 'text/html' : 'application/xml' });
        response.end(isHtml ? '<!doctype html>Forbidden' : errorXml('AccessDenied'));
      });
      const { found } = await examine({ options: { buckets: [{ ...NOBODY, endpoint }] } });
      expect(found).toEqual(isS3 ? [] : ['fail bucket.server']);
    }
  });

  it('Azure is not asked in the protocol of S3, which it does not speak', async () => {
    const buckets = [{ name: 'photos', endpoint: 'https://acct.blob.core.windows.net' }];
    const { checks } = await doctorFor({ options: { buckets }, probes: { resolve: resolving() } }).examine();
    const ids = checks.filter(({ group }) => group === 'bucket').map(({ id }) => id);
    expect(ids).toEqual(['bucket.name', 'bucket.connection', 'bucket.tls', 'bucket.server', 'bucket.clock']);
  });

  it.each([
    ['ahead', 20],
    ['behind', -20],
  ])('the clock is 20 minutes %s: the software corrects it, so it is a warning', async (word, minutes) => {
    const now = () => Date.now() - minutes * 60_000;
    const server = await createS3Server({ buckets: ['photos'], now });
    onTestFinished(() => server.close());
    const options = { buckets: [{ ...NOBODY, endpoint: server.endpoint }] };
    // The Date of the embedded server is by the clock of the machine, so the doctor's clock is set.
    const probes = { now: () => Date.now() + minutes * 60_000 };
    const { found, wrong } = await examine({ options, probes });
    expect(found).toContain('warn bucket.clock');
    expect(wrong?.detail).toContain(word);
    expect(wrong?.detail).toMatch(/(?:20|19) minutes/);
  });

  it('an SSO session has expired', async () => {
    const bucket = await startFilledBucket();
    const sso =
      'sso_start_url = https://x.example\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = R';
    await stubAws(`[profile dev]\n${sso}\nregion = eu-west-1\n`, { AWS_PROFILE: 'dev' });
    const { credentials: _, ...option } = bucket.option;
    const probes = { env: { AWS_PROFILE: 'dev' } };
    const { found, wrong } = await examine({ options: { buckets: [option] }, probes });
    expect(found).toEqual(['fail bucket.credentials']);
    expect(wrong).toMatchObject({ fix: 'aws sso login --profile dev' });
  });

  it('there are no credentials: signed URLs still work, so it is a warning; uploads do not', async () => {
    const bucket = await startFilledBucket();
    await stubAws('');
    const { credentials: _, ...option } = bucket.option;
    expect((await examine({ options: { buckets: [option] } })).found).toEqual(['warn bucket.credentials']);
    const uploads = { buckets: [option], uploads: { bucket: 'photos' } };
    expect((await examine({ options: uploads })).found).toEqual(['fail bucket.credentials']);
    const explained = await doctorFor({ options: { buckets: [option] } }).examine('s3://photos/secret-key.jpg');
    expect(findings(explained.checks)).toEqual(['fail image.credentials']);
  });

  it('the profile has none', async () => {
    const bucket = await startFilledBucket();
    await stubAws('', { AWS_PROFILE: 'nobody' });
    const { credentials: _, ...option } = bucket.option;
    const { found } = await examine({ options: { buckets: [option] }, probes: { env: { AWS_PROFILE: 'nobody' } } });
    expect(found).toEqual(['fail bucket.credentials']);
  });

  it('the access key is unknown', async () => {
    const bucket = await startFilledBucket();
    const credentials = { accessKeyId: 'OTHER', secretAccessKey: 'x' };
    const { found } = await examine({ options: { buckets: [{ ...bucket.option, credentials }] } });
    expect(found).toEqual(['fail bucket.access']);
  });

  it('the region is another one', async () => {
    const server = await createS3Server({ buckets: ['photos'], region: 'eu-west-3' });
    onTestFinished(() => server.close());
    const buckets = [{ ...NOBODY, endpoint: server.endpoint, region: 'us-east-1' }];
    const { found, wrong } = await examine({ options: { buckets } });
    expect(found).toEqual(['fail bucket.region']);
    expect(wrong).toMatchObject({ fix: "region: 'eu-west-3'" });
  });

  it('there is no such bucket', async () => {
    const bucket = await startBucket();
    const { found } = await examine({ options: { buckets: [{ ...bucket.option, name: 'others' }] } });
    expect(found).toEqual(['fail bucket.exists']);
  });

  it('the key of KMS may not be used', async () => {
    const endpoint = await startServer((request, response) => {
      const isListing = request.url?.includes('list-type') === true;
      const listing = '<ListBucketResult><Contents><Key>a.jpg</Key></Contents></ListBucketResult>';
      response.writeHead(isListing ? 200 : 403, { 'Content-Type': 'application/xml' });
      response.end(isListing ? listing : errorXml('AccessDenied', 'not authorized to perform: kms:Decrypt'));
    });
    const { found, wrong } = await examine({ options: { buckets: [{ ...NOBODY, endpoint }] } });
    expect(found).toEqual(['fail bucket.read']);
    expect(wrong?.hint).toContain('kms:Decrypt');
  });

  it('the style of the address is the other one, whether or not that name resolves', async () => {
    const bucket = await startFilledBucket();
    const endpoint = `http://minio.example:${bucket.server.port}`;
    for (const names of [['minio.example'], ['minio.example', 'photos.minio.example']]) {
      const buckets = [{ ...bucket.option, endpoint, forcePathStyle: false }];
      const { found, wrong } = await examine({ options: { buckets }, probes: { resolve: resolving(...names) } });
      expect(found).toEqual([names.length === 1 ? 'fail bucket.name' : 'fail bucket.exists']);
      expect(wrong).toMatchObject({ fix: 'forcePathStyle: true' });
    }
  });

  const withBucket = async () => ({ options: { buckets: [(await startFilledBucket()).option] } });

  it('a proxy is set, and not used: a warning', async () => {
    const env = { HTTPS_PROXY: 'http://user:CANARY@proxy.example:3128' };
    const { found, wrong } = await examine({ ...(await withBucket()), probes: { env } });
    expect(found).toEqual(['warn server.proxy']);
    expect(JSON.stringify(wrong)).not.toContain('CANARY');
  });

  it('certificates are named that are not loaded: a warning', async () => {
    const access = (path: unknown) => (path === '/gone' ? Promise.reject(new Error('gone')) : Promise.resolve());
    for (const env of [{ NODE_EXTRA_CA_CERTS: '/gone' }, { AWS_CA_BUNDLE: '/ca.pem' }]) {
      expect((await examine({ ...(await withBucket()), probes: { env, access } })).found).toEqual([
        'warn server.certificates',
      ]);
    }
  });

  it('the disk is full', async () => {
    const statfs = async () => ({ type: 0xef53, bsize: 4096, blocks: 1e9, bavail: 10 });
    expect((await examine({ ...(await withBucket()), probes: { statfs } })).found).toEqual(['fail disk.space']);
  });

  it('the file system is read-only', async () => {
    const access = () => Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' }));
    const root = await temporaryDirectory();
    for (const isMade of [false, true]) {
      if (isMade) await mkdir(join(root, '.image-cache'), { mode: 0o700 });
      const { found, wrong } = await examine({ ...(await withBucket()), root, probes: { access } });
      expect(found).toEqual(['fail disk.writable']);
      expect(wrong?.detail).toContain('EROFS');
    }
  });

  it('the directory is used for something else', async () => {
    const root = await temporaryDirectory();
    await mkdir(join(root, '.image-cache'), { mode: 0o700 });
    await writeFile(join(root, '.image-cache', 'thesis.doc'), 'mine');
    expect((await examine({ ...(await withBucket()), root })).found).toEqual(['fail disk.directory']);
  });

  it('others may write into the directory', async () => {
    const root = await temporaryDirectory();
    await mkdir(join(root, '.image-cache'));
    const lstat = async () => ({ uid: process.geteuid?.() ?? 0, gid: 5000, mode: 0o40_777 });
    const { found, wrong } = await examine({
      ...(await withBucket()),
      root,
      probes: {
        lstat: (path) => (path.endsWith('CACHE_ID') ? Promise.reject(new Error('none')) : lstat()),
        userId: process.geteuid?.() ?? 0,
      },
    });
    expect(found).toEqual(['fail disk.private']);
    expect(wrong?.fix).toContain('chmod go-w');
  });

  it('the cache is full; it is in a folder of Dropbox, on a network drive, in a container: warnings', async () => {
    const cache = { totals: async () => ({ images: 9, bytes: 1.99e9 }) };
    expect((await examine({ ...(await withBucket()), cache })).found).toEqual(['warn disk.limits']);
    expect((await examine({ ...(await withBucket()), root: '/home/me/Dropbox/app' })).found).toEqual([
      'warn disk.place',
    ]);
    for (const type of [0x6969, 0x794c7630]) {
      const statfs = async () => ({ type, bsize: 4096, blocks: 1e9, bavail: 1e9 });
      expect((await examine({ ...(await withBucket()), probes: { statfs } })).found).toEqual(['warn disk.place']);
    }
  });

  it('sharp is missing, of another version, or without a format: warnings', async () => {
    for (const sharp of [
      undefined,
      { version: '0.33.1', formats: ['webp', 'avif'] },
      { version: '0.35.0', formats: ['webp'] },
    ]) {
      const probes = { findSharp: async () => sharp };
      expect((await examine({ ...(await withBucket()), probes })).found).toEqual(['warn images.sharp']);
    }
  });

  it('the plugin is there twice', async () => {
    const server = { kind: 'vite', vite: { version: '8.3.8', plugins: 2, allowedHosts: [] } } as const;
    expect((await examine({ ...(await withBucket()), server })).found).toEqual(['fail server.plugin']);
  });

  it('Node or Vite is too old, or the server answers to any name', async () => {
    const withVite = (version: string, allowedHosts: string[] | true = []) => ({
      server: { kind: 'vite', vite: { version, plugins: 1, allowedHosts } } as const,
    });
    const patients: [Partial<Patient>, string][] = [
      [{ probes: { nodeVersion: '20.18.1' } }, 'fail server.node'],
      [{ probes: { nodeVersion: '21.7.0' } }, 'fail server.node'],
      [withVite('8.0.15'), 'fail server.vite'],
      [withVite('4.5.0'), 'fail server.vite'],
      [withVite('8.1.0', true), 'warn server.hosts'],
    ];
    for (const [patient, finding] of patients) {
      expect((await examine({ ...(await withBucket()), ...patient })).found).toEqual([finding]);
    }
  });
});

it('I28: ends within ten seconds, whatever hangs', async () => {
  const endpoint = await startServer(() => undefined);
  const hanging = () => new Promise<never>(() => undefined);
  const clock = fastClock(6);
  const started = clock.now();
  const doctor = doctorFor({
    options: {
      buckets: [
        { ...NOBODY, endpoint },
        { name: 'other', endpoint, credentials: hanging },
      ],
    },
    cache: { totals: hanging, glance: hanging },
    probes: { clock, lstat: hanging, statfs: hanging, access: hanging, findSharp: hanging },
  });
  const { checks } = await doctor.examine();
  expect(checks.find(({ about, id }) => about === 'other' && id === 'bucket.credentials')?.status).toBe('fail');
  expect(clock.now() - started).toBeLessThan(12_000); // with what the machine itself takes, six times
  expect(checks.filter(({ status }) => status === 'ok').map(({ id }) => id)).toContain('server.node');
  expect(checks.filter(({ id }) => id.startsWith('bucket.read'))).toHaveLength(2);
});

it('I29: asks each bucket for its head, for one name and for one byte, and creates nothing', async () => {
  const asked: string[] = [];
  const endpoint = await startServer((request, response) => {
    asked.push(`${request.method} ${request.url?.replace(/X-Amz.*/, '')} ${request.headers.range ?? ''}`.trim());
    response.writeHead(200, { 'Content-Type': 'application/xml' });
    response.end('<ListBucketResult><Contents><Key>a.jpg</Key></Contents></ListBucketResult>');
  });
  const root = await temporaryDirectory();
  await doctorFor({ options: { buckets: [{ ...NOBODY, endpoint }] }, root }).examine();
  expect(asked.toSorted()).toEqual([
    'GET /photos/?list-type=2&prefix=&max-keys=1',
    'GET /photos/a.jpg?x-id=GetObject bytes=0-0',
    'HEAD /photos/',
  ]);
  expect(await readdir(root)).toEqual([]);
});

it('I30: fifty calls share one run, late ones hear what was found before, and other questions wait', async () => {
  const bucket = await startFilledBucket();
  bucket.server.faults.latencyMs = 300; // of the byte of the object, which comes last
  const doctor = doctorFor({ options: { buckets: [bucket.option] } });
  const early: string[] = [];
  const first = doctor.examine(undefined, ({ id }) => early.push(id));
  await expect.poll(() => early.length).toBeGreaterThan(3);
  const late: string[] = [];
  const others = Array.from({ length: 49 }, () => doctor.examine(undefined, ({ id }) => late.push(id)));
  const image = doctor.examine('s3://photos/secret-key.jpg');
  const answers = await Promise.all([first, ...others]);
  expect(new Set(answers).size).toBe(1);
  expect(late).toHaveLength(49 * early.length);
  expect(bucket.server.stats.requests).toBe(3);
  expect((await image).checks[0]?.id).toBe('image.identity');
  bucket.server.faults.latencyMs = 0;
  const many = Array.from({ length: 30 }, (_, n) => doctor.examine(`s3://photos/${n}.jpg`));
  const failed = (await Promise.allSettled(many)).filter(({ status }) => status === 'rejected');
  expect(failed).toHaveLength(10);
});

it('I31: the text for an issue names no key, account, bucket, object, actor, private host or path', async () => {
  const bucket = await startFilledBucket();
  const secrets = [
    'AKIDCANARY',
    'acc0ffee',
    'photos',
    'secret-key',
    '127.0.0.1',
    'minio.corp',
    'team/private',
    'guest-7',
  ];
  const doctor = doctorFor({
    root: '/home/person/app',
    options: {
      buckets: [
        bucket.option,
        {
          name: 'second',
          endpoint: 'https://acc0ffee.r2.cloudflarestorage.com',
          region: 'auto',
          prefix: 'team/private/',
        },
        {
          name: 'third',
          endpoint: 'http://minio.corp:9000',
          cdn: ['img.corp'],
          credentials: { accessKeyId: 'AKIDCANARY', secretAccessKey: 's' },
        },
      ],
      quotas: { 'guest-7': '1MB' },
      cacheDir: '/home/person/cache',
      allowedHosts: ['app.corp'],
    },
    probes: { resolve: resolving() },
  });
  const { environment } = await doctor.examine();
  for (const secret of [...secrets, 'corp', 'person', 'DEMOKEY']) expect(environment).not.toContain(secret);
  expect(environment).toContain('Cloudflare R2, auto, path style, with a prefix');
  expect(environment).toContain('fail: bucket.name (bucket 2), bucket.name (bucket 3)');
  expect(environment).toMatch(/^vite-plugin-image-cache \d+\.\d+\.\d+\nNode 24\.0\.0, linux/);
});
