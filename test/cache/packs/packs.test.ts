import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ManifestEntry, PackProgress } from '../../../plugin/protocol.ts';
import { bytesOf, openCache, type TestCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { MemorySource } from '../../helpers/memorySource.ts';
import { collect, entriesIn, inPieces } from '../../helpers/packs.ts';

const LONG_ACTOR = 'a'.repeat(64);

/** Images of several actors, one of them shared, with names of every length. */
async function filled(
  settings: Parameters<typeof openCache>[0] = {},
  names = ['a', 'b', 'c', 'd'],
): Promise<TestCache> {
  const opened = await openCache(settings);
  for (const name of names) await opened.cache.prefetch({ s3_url: `mem:${name}`, meta: { album: name } }, '0002');
  await opened.cache.prefetch({ s3_url: 'mem:a' }, '0001');
  await opened.cache.prefetch({ s3_url: 'mem:long' }, LONG_ACTOR);
  await opened.cache.prefetch({ s3_url: 'mem:odd' }, 'Ünlü & Co');
  return opened;
}

const exported = ({ cache }: TestCache, options: Parameters<TestCache['cache']['exportPack']>[0] = {}) =>
  collect(cache.exportPack(options));

async function entriesOf({ cache }: TestCache): Promise<Record<string, ManifestEntry>> {
  let text = '';
  for await (const chunk of await cache.manifest()) text += chunk;
  return (JSON.parse(text) as { entries: Record<string, ManifestEntry> }).entries;
}

describe('export', () => {
  it('I39: the same images make the same bytes, in whatever order they came, were used, pinned and confirmed', async () => {
    const one = await filled();
    const other = await filled({ now: () => 5_000_000 }, ['d', 'c', 'b', 'a']);
    await other.cache.readUrl('mem:b');
    await other.cache.pin({ actor_id: '0002' });
    await other.cache.prefetch({ s3_url: 'mem:c' }, '0002', { revalidate: true });
    const pack = await exported(one);
    expect(await exported(one)).toEqual(pack);
    expect(await exported(other)).toEqual(pack);
  });

  it('I39: a pack that was imported into another directory is exported byte for byte', async () => {
    const pack = await exported(await filled());
    const other = await openCache({ prefix: 'elsewhere/' });
    const answer = await other.cache.importPack(inPieces(pack));
    expect(answer).toMatchObject({ total: 6, imported: 6, refused: 0, absent: 0, problems: [] });
    expect(await exported(other)).toEqual(pack);
    const one = await exported(other, { actorId: '0001' });
    const third = await openCache();
    await third.cache.importPack(inPieces(one));
    expect(await exported(third)).toEqual(one);
  });

  it('I39: the bytes do not change with a version of the tar library', async () => {
    const pack = await exported(await filled());
    expect(createHash('sha256').update(pack).digest('hex')).toMatchInlineSnapshot(
      `"3faff7ada63289969614438a45f5b3a279c7c48cc8bbaa1b679b9b97d4bdd78d"`,
    );
  });

  it('has the manifest first, then the files under their own names, sorted, without times, owners and signatures', async () => {
    const opened = await filled();
    const [manifest, ...files] = entriesIn(await exported(opened));
    const entries = await entriesOf(opened);
    expect(manifest?.path).toBe('manifest.json');
    expect(files.map(({ path }) => `.image-cache/${path}`)).toEqual(
      Object.values(entries)
        .map((entry) => entry.local_path)
        .toSorted(),
    );
    expect(files.map(({ body }) => body)).toContainEqual(bytesOf('long'));
    const listed = JSON.parse(String(manifest?.body)) as { entries: Record<string, ManifestEntry> };
    expect(Object.keys(listed.entries).toSorted()).toEqual(Object.keys(entries).toSorted());
    expect(listed.entries['mem:a']).toEqual({
      ...entries['mem:a'],
      local_path: entries['mem:a']?.local_path.replace('.image-cache/', ''),
      actor_ids: ['0002', '0001'],
      cached_at: 0,
      validated_at: 0,
      last_used_at: 0,
      etag: '',
    });
    expect(String(manifest?.body)).not.toMatch(/pinned|placeholder|original/);
  });

  it('of one actor names no other, and files the images under it', async () => {
    const [manifest, ...files] = entriesIn(await exported(await filled(), { actorId: '0001' }));
    expect(files.map(({ path }) => path)).toEqual([expect.stringMatching(/^images\/0001\/0001_/)]);
    expect(String(manifest?.body)).not.toContain('0002');
  });

  it('of URLs has only these, and passes over what is not cached', async () => {
    const { cache } = await filled();
    const pack = await collect(cache.exportPack({ urls: ['mem:b', 'mem:b', 'mem:absent'] }));
    expect(
      entriesIn(pack)
        .slice(1)
        .map(({ body }) => body),
    ).toEqual([bytesOf('b')]);
    await expect(collect(cache.exportPack({ urls: ['https://evil.example/a.jpg'] }))).rejects.toMatchObject({
      code: 'HOST_NOT_ALLOWED',
    });
  });

  it('leaves out damaged and missing files, touches nothing, and tells how far it is', async () => {
    const opened = await filled();
    const before = await entriesOf(opened);
    const file = (name: string) => join(opened.dir, before[name]?.local_path.replace('.image-cache/', '') ?? '');
    await writeFile(file('mem:b'), bytesOf('other'));
    await rm(file('mem:c'));
    const told: PackProgress[] = [];
    const pack = await exported(opened, { onProgress: (progress) => told.push(progress) });
    expect(entriesIn(pack)).toHaveLength(5);
    expect(told.at(-1)).toEqual({ checked: 5, total: 5, size_bytes: 4 * 2000, left_out: 2 });
    expect(await entriesOf(opened)).toEqual(before);
    expect((await stat(file('mem:b'))).size).toBe(2000);
  });

  it('ends when it is aborted, and when nobody reads it', async () => {
    const { cache } = await filled();
    const control = new AbortController();
    const reading = collect(cache.exportPack({ signal: control.signal, onProgress: () => control.abort() }));
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
    for await (const chunk of cache.exportPack()) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});

describe('a pack that was unpacked by GNU tar', () => {
  const run = promisify(execFile);

  async function unpacked(dir: string): Promise<string> {
    const pack = join(await temporaryDirectory(), 'pack.tar');
    await writeFile(pack, await exported(await filled()));
    await mkdir(dir, { recursive: true });
    await run('tar', ['xf', pack, '-C', dir]);
    return dir;
  }

  it('I39: is a cache', async () => {
    const dir = await unpacked(join(await temporaryDirectory(), '.image-cache'));
    const { cache, source, warnings } = await openCache({ dir });
    expect((await cache.readUrl('mem:long')).body).toEqual(bytesOf('long'));
    expect((await cache.readUrl('mem:a')).tier).toBe('disk');
    expect(await cache.stats()).toMatchObject({ total_entries: 6 });
    expect(source.downloads).toBe(0);
    expect(warnings).toEqual([]);
  });

  it('I39: is a folder for fallbackDirs', async () => {
    const dir = await unpacked(join(await temporaryDirectory(), 'shared'));
    const { cache, source } = await openCache({ fallbackDirs: [dir] });
    expect((await cache.readUrl('mem:b')).body).toEqual(bytesOf('b'));
    expect((await cache.readUrl('mem:odd')).body).toEqual(bytesOf('odd'));
    expect(source.downloads).toBe(0);
  });
});

describe('import', () => {
  it('is free when it is repeated', async () => {
    const pack = await exported(await filled());
    const { cache, dir } = await openCache();
    await cache.importPack(inPieces(pack));
    const journal = () => readFile(join(dir, 'journal', '0000000001.log'));
    const before = await journal();
    expect(await cache.importPack(inPieces(pack))).toMatchObject({ imported: 0, known: 6, refused: 0 });
    expect(await journal()).toEqual(before);
  });

  it('asks S3 about an imported image without a condition, once', async () => {
    const pack = await exported(await filled());
    const { cache, source } = await openCache({ revalidateMs: 1000, now: () => 10_000_000 });
    const asked: (string | undefined)[] = [];
    const { download } = source;
    source.download = (ref, sink, signal, ...rest: unknown[]) => {
      asked.push(rest[0] as string | undefined);
      return download.call(source, ref, sink, signal);
    };
    await cache.importPack(inPieces(pack));
    expect(await cache.find('mem:a')).toMatchObject({
      validated_at: 0,
      cached_at: 10_000_000,
      last_used_at: 10_000_000,
    });
    expect((await cache.readUrl('mem:a', { revalidate: true })).outcome).toBe('REVALIDATED');
    expect(await cache.find('mem:a')).toMatchObject({ validated_at: 10_000_000, etag: '"a"' });
    await cache.readUrl('mem:a', { revalidate: true });
    expect(asked).toEqual([undefined, '"a"']);
  });

  it('tells the inspector where an image is from, and no time at which S3 was asked about it', async () => {
    const pack = await exported(await filled());
    const { cache } = await openCache({ now: () => 7_000_000 });
    await cache.importPack(inPieces(pack));
    const { story } = await cache.insight.entry('mem:a');
    expect(story).toEqual([{ at: 7_000_000, what: 'stored', text: 'Taken from a pack; S3 was never asked about it.' }]);
  });

  it('keeps what S3 has sent, and replaces what an earlier pack has said', async () => {
    const sourceOf = (version: string) => new MemorySource((name) => bytesOf(`${name} ${version}`));
    const first = await exported(await filled({ source: sourceOf('1') }));
    const second = await exported(await filled({ source: sourceOf('2') }));
    const { cache } = await openCache({ source: sourceOf('3') });
    await cache.prefetch({ s3_url: 'mem:a' }, '0009');
    expect(await cache.importPack(inPieces(first))).toMatchObject({
      imported: 5,
      refused: 1,
      problems: [{ code: 'PACK_CONFLICT', hint: expect.any(String) }],
    });
    expect(await cache.importPack(inPieces(second))).toMatchObject({ imported: 5, refused: 1 });
    expect((await cache.readUrl('mem:a')).body).toEqual(bytesOf('a 3'));
    expect((await cache.readUrl('mem:b')).body).toEqual(bytesOf('b 2'));
    expect((await cache.stats()).total_size_bytes).toBe(6 * 2000);
  });

  it('adds the actors of the pack to an image that is cached already', async () => {
    const pack = await exported(await filled());
    const { cache } = await openCache();
    await cache.prefetch({ s3_url: 'mem:a' }, '0009');
    expect(await cache.importPack(inPieces(pack))).toMatchObject({ imported: 5, known: 1 });
    expect((await cache.find('mem:a'))?.actor_ids).toEqual(['0009', '0002', '0001']);
  });

  it('stores an image again whose file is gone', async () => {
    const opened = await filled();
    const pack = await exported(opened);
    const { local_path } = (await opened.cache.find('mem:b')) ?? {};
    await rm(join(opened.dir, local_path?.replace('.image-cache/', '') ?? ''));
    expect(await opened.cache.importPack(inPieces(pack))).toMatchObject({ imported: 1, known: 5, refused: 0 });
  });

  it('ends when it is aborted, while nothing arrives, and when the cache is closed', async () => {
    const pack = await exported(await filled());
    const { cache } = await openCache();
    async function* stalled() {
      yield pack.subarray(0, pack.length / 2);
      await new Promise(() => undefined);
    }
    const control = new AbortController();
    const aborted = cache.importPack(stalled(), { signal: control.signal, onProgress: () => control.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    const closed = cache.importPack(stalled());
    closed.catch(() => undefined);
    await cache.close();
    await expect(closed).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
