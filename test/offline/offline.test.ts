import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ExpressImageCacheOptions } from '../../plugin/express.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import type { CacheStats, ManifestEntry, PrefetchAnswer, Problem } from '../../plugin/protocol.ts';
import { createVariantMaker, inspectImage } from '../../plugin/images/index.ts';
import { openCache } from '../helpers/cache.ts';
import { MemorySource } from '../helpers/memorySource.ts';
import { photo } from '../helpers/pictures.ts';
import { runCommand } from '../helpers/commandLine.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { doctorFor } from '../helpers/doctor.ts';
import { jpeg } from '../helpers/images.ts';
import { type Api, type Bucket, imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';
import { jobId, pictureName, startUploads } from '../helpers/uploads.ts';

const SIZE = { width: 320, height: 200 };

/** A bucket with pictures of which the first are cached in a directory. The bucket counts what it is asked. */
async function recorded(count = 2) {
  const bucket = await startBucket();
  const names = Array.from({ length: count }, (_, index) => `${index}.jpg`);
  for (const [index, name] of [...names, 'missing.jpg', 'other.jpg'].entries()) {
    bucket.server.put('photos', name, await jpeg(index + 1, SIZE));
  }
  const cacheDir = join(await temporaryDirectory(), '.image-cache');
  const entries = await record(bucket, cacheDir, names);
  bucket.server.faults.offline = true;
  return { bucket, cacheDir, entries };
}

/** Has them downloaded into the directory. */
async function record(bucket: Bucket, cacheDir: string, names: readonly string[]): Promise<ManifestEntry[]> {
  const { images } = await startApi(bucket, { cacheDir });
  const entries: ManifestEntry[] = [];
  for (const name of names) {
    const result = await images.cache.prefetch({ s3_url: await bucket.presign(name) }, 'ann');
    if (result.status === 'downloaded') entries.push(result.entry);
  }
  await images.close();
  expect(entries).toHaveLength(names.length);
  return entries;
}

const problem = async (answer: Response) => [answer.status, ((await answer.json()) as Problem).code];

function startOffline(bucket: Bucket, options: Partial<ExpressImageCacheOptions> = {}): Promise<Api> {
  return startApi(bucket, { offline: true, ...options });
}

/** Lets a logger be listened to. */
function listener() {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return { lines, logger: { info: write, warn: write }, logLevel: 'info' as const };
}

describe('a server that is offline', () => {
  it('serves what is cached, and answers 504 OFFLINE_MISS with a hint for all else, without asking the bucket', async () => {
    const { bucket, cacheDir, entries } = await recorded();
    const api = await startOffline(bucket, { cacheDir });
    const before = bucket.server.stats.requests;
    const [entry] = entries;
    expect((await api.get(imagePath(entry?.local_path ?? ''))).status).toBe(200);
    expect((await api.get(imageUrl(await bucket.presign('1.jpg', 100)))).status).toBe(200);

    const missed = await api.get(imageUrl(await bucket.presign('missing.jpg')));
    expect([missed.status, await missed.json()]).toMatchObject([
      504,
      { code: 'OFFLINE_MISS', hint: expect.stringContaining('missed.txt') as string },
    ]);
    expect(bucket.server.stats.requests).toBe(before);
  });

  it('says so in one line when it starts, and names each missed image once at the end, without its signature', async () => {
    const { bucket, cacheDir } = await recorded();
    const { lines, ...logging } = listener();
    const api = await startOffline(bucket, { cacheDir, ...logging });
    expect(lines.filter((line) => line.includes('OFFLINE'))).toHaveLength(1);

    const url = `${bucket.option.endpoint}/photos/missing.jpg`;
    const prefetch = async (name: string, more: object = {}) =>
      (await (
        await api.post('/prefetch', { actor_id: 'bob', images: [{ s3_url: await bucket.presign(name) }], ...more })
      ).json()) as PrefetchAnswer;
    const failed = { results: [{ status: 'failed', error: { code: 'OFFLINE_MISS' } }] };
    expect(await prefetch('missing.jpg')).toMatchObject(failed);
    expect(await prefetch('missing.jpg', { revalidate: true })).toMatchObject(failed);
    expect(await prefetch('missing.jpg', { priority: 'visible' })).toMatchObject(failed);
    await api.get(imageUrl(await bucket.presign('missing.jpg', 50)));
    const variant = await api.get(`${imageUrl(await bucket.presign('missing.jpg'))}&w=64`);
    expect(await problem(variant)).toEqual([504, 'OFFLINE_MISS']);

    const stats = (await (await api.get('/stats')).json()) as CacheStats;
    expect(stats.offline).toEqual({ missed: 1, s3_urls: [url] });
    await api.images.close();
    const last = lines.at(-1) ?? '';
    expect(last).toContain(`1 image was not in the cache: ${url}`);
    expect(last).toContain('npx vite-plugin-image-cache warm');
    expect(last).not.toContain('X-Amz');
    expect((await readFile(join(cacheDir, 'missed.txt'), 'utf8')).split('\n').slice(1)).toEqual([`bob\t${url}`, '']);
  });

  it('has no statistics of it online', async () => {
    const bucket = await startBucket();
    const api = await startApi(bucket);
    expect(await (await api.get('/stats')).json()).not.toHaveProperty('offline');
  });

  it('writes the list before it ends, since it may be killed', async () => {
    const { bucket, cacheDir } = await recorded();
    const api = await startOffline(bucket, { cacheDir });
    await api.get(imageUrl(await bucket.presign('missing.jpg')));
    await vi.waitFor(async () => expect(await readFile(join(cacheDir, 'missed.txt'), 'utf8')).toContain('missing.jpg'));
  });

  it('is recorded by `warm`, which reads the list, and refuses to while it is offline itself', async () => {
    const { bucket, cacheDir } = await recorded();
    const api = await startOffline(bucket, { cacheDir });
    await api.get(imageUrl(await bucket.presign('missing.jpg')));
    await api.images.close();
    bucket.server.faults.offline = false;
    const cwd = await temporaryDirectory();
    const options = { buckets: [bucket.option], cacheDir, minFreeSpace: 0, offline: true };
    await writeFile(join(cwd, 'image-cache.config.mjs'), `export default ${JSON.stringify(options)};`);
    const list = join(cacheDir, 'missed.txt');
    const refused = await runCommand(['warm', list], { cwd });
    expect([refused.code, refused.said]).toEqual([2, expect.stringContaining('IMAGE_CACHE_OFFLINE=0')]);
    vi.stubEnv('IMAGE_CACHE_OFFLINE', '0');
    expect(await runCommand(['warm', list], { cwd })).toMatchObject({
      code: 0,
      out: '1 images: 1 downloaded, 0 cached before, 0 failed\n',
    });
    vi.unstubAllEnvs();
    const again = await startOffline(bucket, { cacheDir });
    expect((await again.get(imageUrl('s3://photos/missing.jpg'))).status).toBe(200);
  });

  it('makes variants of what is cached', async () => {
    const { bucket, cacheDir, entries } = await recorded();
    const api = await startOffline(bucket, { cacheDir });
    const answer = await api.get(`${imagePath(entries[0]?.local_path ?? '')}&w=64&format=webp`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/webp']);
  });

  it('serves what is stale as it is, also when it is to be revalidated', async () => {
    const { bucket, cacheDir } = await recorded();
    const api = await startOffline(bucket, { cacheDir, revalidate: 0.001 });
    const url = await bucket.presign('0.jpg');
    for (const headers of [{}, { 'Cache-Control': 'no-cache' }]) {
      const answer = await api.get(imageUrl(url), headers);
      expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'HIT']);
    }
    const prefetched = await api.post('/prefetch', { actor_id: 'ann', images: [{ s3_url: url }], revalidate: true });
    expect(await prefetched.json()).toMatchObject({
      results: [
        { status: 'cached', stale: { code: 'OFFLINE', hint: expect.stringContaining('IMAGE_CACHE_OFFLINE=0') } },
      ],
      failed: 0,
    });
    expect(await api.images.cache.stats()).toMatchObject({ offline: { missed: 0 } });
  });

  it.each<[string, Partial<ExpressImageCacheOptions>]>([
    ['maxSize', { maxSize: 3000 }],
    ['maxEntries', { maxEntries: 1 }],
    ['maxAge', { maxAge: 0.001 }],
    ['quotas', { quotas: { ann: 3000 } }],
  ])('evicts nothing, although %s asks for it', async (_, limits) => {
    const { bucket, cacheDir, entries } = await recorded(3);
    const api = await startOffline(bucket, { cacheDir, ...limits });
    for (const { local_path } of entries) {
      expect((await api.get(imagePath(local_path))).status).toBe(200);
      await api.get(`${imagePath(local_path)}&w=64`); // making a variant looks at the limits
    }
    expect((await api.images.cache.stats()).total_entries).toBe(3);
    await api.images.close();
    expect(await readdir(join(cacheDir, 'images/ann'))).toHaveLength(3);
  });

  it('refuses a copy that does not fit, where online another image would be evicted for it', async () => {
    const { bucket, cacheDir: fallback } = await recorded(1);
    bucket.server.faults.offline = false;
    const cacheDir = join(await temporaryDirectory(), '.image-cache');
    const [kept] = await record(bucket, cacheDir, ['other.jpg']);
    const { size_bytes = 0 } = kept ?? {};
    const limits = { cacheDir, fallbackDirs: [fallback], maxSize: size_bytes + 100, maxImageSize: size_bytes };
    const api = await startOffline(bucket, limits);
    const refused = await api.get(imageUrl(await bucket.presign('0.jpg')));
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { code: 'OFFLINE', detail: expect.stringContaining('`maxSize`') as string },
    ]);
    await api.images.close();
    expect(await readdir(join(cacheDir, 'images/ann'))).toHaveLength(1);

    const roomy = await startOffline(bucket, { cacheDir, fallbackDirs: [fallback] });
    expect((await roomy.get(imageUrl(await bucket.presign('0.jpg')))).status).toBe(200);
  });

  it('refuses to clear, to invalidate and to fetch again: 409 OFFLINE, and every file stays', async () => {
    const { bucket, cacheDir } = await recorded();
    const api = await startOffline(bucket, { cacheDir });
    const s3_url = await bucket.presign('0.jpg');
    const refused = [409, 'OFFLINE'];
    expect(await problem(await api.post('/clear-all'))).toEqual(refused);
    expect(await problem(await api.post('/clear/ann'))).toEqual(refused);
    expect(await problem(await api.post('/invalidate', { s3_url }))).toEqual(refused);
    await expect(api.images.cache.refetch(s3_url)).rejects.toMatchObject({ code: 'OFFLINE' });
    await expect(api.images.cache.insight.ask([s3_url], new AbortController().signal)).rejects.toMatchObject({
      code: 'OFFLINE',
    });
    expect(await readdir(join(cacheDir, 'images/ann'))).toHaveLength(2);
  });

  it('refuses `clear` of the command line, before anybody is asked', async () => {
    const { cacheDir } = await recorded();
    vi.stubEnv('IMAGE_CACHE_OFFLINE', '1');
    const { code, said } = await runCommand(['clear', '--dir', cacheDir], { cwd: cacheDir, reply: 'y' });
    vi.unstubAllEnvs();
    expect([code, said]).toEqual([2, expect.stringContaining('offline by choice')]);
    expect(said).not.toContain('[y/N]');
    expect(await readdir(join(cacheDir, 'images/ann'))).toHaveLength(2);
  });

  it('keeps a damaged file in quarantine, together with all that were put aside before', async () => {
    const { bucket, cacheDir, entries } = await recorded();
    const quarantine = join(cacheDir, 'quarantine');
    const aside = (n: number) => `${String(n).padStart(14, '0')}-journal-${String(n).padStart(10, '0')}.log`;
    await mkdir(quarantine, { recursive: true });
    for (let n = 1; n <= 50; n += 1) await writeFile(join(quarantine, aside(n)), 'put aside');
    const file = join(cacheDir, 'images/ann', entries[0]?.local_path.split('/').at(-1) ?? '');
    await writeFile(file, 'damaged');
    const api = await startOffline(bucket, { cacheDir });
    expect(await problem(await api.get(imageUrl(await bucket.presign('0.jpg'))))).toEqual([504, 'OFFLINE_MISS']);
    await api.post('/verify');
    expect(await readdir(quarantine)).toHaveLength(51);
  });

  it('does not replace originals by smaller ones, though it makes placeholders of them', async () => {
    const picture = await photo(320, 240).jpeg({ quality: 95 }).toBuffer();
    const settings = {
      maker: createVariantMaker(),
      placeholder: true,
      compress: true,
      idleMs: 0,
      inspect: inspectImage,
    };
    /** Reads the picture in a new cache, in front of an origin or without one, until all work of idle times is done. */
    async function stored(isOffline: boolean) {
      const dir = join(await temporaryDirectory(), '.image-cache');
      const recorder = await openCache({ dir, source: new MemorySource(() => picture) });
      await recorder.cache.readUrl('mem:a');
      await recorder.cache.close();
      const source = Object.assign(new MemorySource(() => picture), { isOffline });
      const { cache } = await openCache({ ...settings, dir, source });
      await cache.readUrl('mem:a');
      await vi.waitFor(async () => expect(await cache.find('mem:a')).toHaveProperty('placeholder'));
      return (await cache.stats()).compression.images;
    }
    expect([await stored(false), await stored(true)]).toEqual([1, 0]);
  });
});

describe('uploads while offline', () => {
  it('wait in the outbox, are told why, are no failures, and are sent after a start that is not offline', async () => {
    const bucket = await startBucket();
    const outboxDir = join(await temporaryDirectory(), '.image-outbox');
    const api = await startUploads(bucket, { offline: true, uploads: { outboxDir } });
    const picture = await jpeg(7);
    const job = jobId();
    const answer = await api.put(job, picture);
    expect([answer.status, await answer.json()]).toMatchObject([202, { state: 'accepted', attempts: 0 }]);
    expect(await (await api.call('GET', '/uploads')).json()).toMatchObject({
      jobs: [{ job_id: job, state: 'accepted' }],
      paused: { code: 'OFFLINE', transient: true },
    });
    expect((await api.get(`/i/${pictureName(picture)}`)).status).toBe(200);
    await api.call('POST', `/uploads/${job}/retry`);
    expect(bucket.server.stats.requests).toBe(0);
    await api.images.close();

    const online = await startUploads(bucket, { uploads: { outboxDir } });
    await vi.waitFor(async () => expect(await online.check(job, picture)).toMatchObject({ state: 'stored' }));
  });
});

describe('IMAGE_CACHE_OFFLINE', () => {
  const resolve = (value: string | undefined, offline?: boolean) =>
    resolveOptions(
      { buckets: ['photos'], ...(offline !== undefined && { offline }) },
      value === undefined ? {} : { IMAGE_CACHE_OFFLINE: value },
    ).offline;

  it('goes before the option, and must be 1 or 0', () => {
    expect([resolve('1'), resolve('true', false), resolve('0', true), resolve('false')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([resolve(undefined), resolve('', true), resolve(undefined, true)]).toEqual([false, true, true]);
    expect(() => resolve('yes')).toThrow("IMAGE_CACHE_OFFLINE is 'yes'");
  });
});

describe('the doctor, offline', () => {
  const options = { buckets: ['photos'], offline: true };

  it('says so, and asks no bucket', async () => {
    const { ok, checks, environment } = await doctorFor({ options }).examine();
    expect(ok).toBe(true);
    expect(checks.find(({ id }) => id === 'server.offline')).toMatchObject({ status: 'warn' });
    const asked = checks.filter(({ group }) => group === 'bucket');
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.every(({ status, detail }) => status === 'skip' && detail.includes('offline by choice'))).toBe(true);
    expect(environment).toContain('offline');
  });

  it('says of an image what can be said without S3', async () => {
    const { checks } = await doctorFor({ options }).examine('https://photos.s3.eu-central-1.amazonaws.com/a.jpg');
    const status = Object.fromEntries(checks.map(({ id, status: found }) => [id, found]));
    expect(status).toMatchObject({
      'server.offline': 'warn',
      'image.identity': 'ok',
      'image.cached': 'ok',
      'image.name': 'skip',
      'image.answer': 'skip',
    });
    expect(checks.find(({ id }) => id === 'image.cached')?.detail).toContain('OFFLINE_MISS');
  });
});
