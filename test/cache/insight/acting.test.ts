import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckProgress } from '../../../plugin/inspectorProtocol.ts';
import { DryCheck } from '../../../plugin/cache/insight/dryCheck.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';
import type { ManifestEntry } from '../../../plugin/protocol.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';

/** An origin whose bytes and answers a test chooses. */
async function withOrigin(settings: Parameters<typeof openCache>[0] = {}) {
  const state = {
    bytes: bytesOf('first'),
    refusal: undefined as ImageCacheError | undefined,
    etags: new Map<string, string>(),
  };
  class Origin extends MemorySource {
    /** The ETags that requests have named. */
    readonly conditions: (string | undefined)[] = [];

    override async download(...args: Parameters<MemorySource['download']>) {
      const [ref, , , known] = args as unknown as [{ filename: string }, unknown, unknown, string | undefined];
      this.conditions.push(known);
      if (state.refusal !== undefined) throw state.refusal;
      if (known !== undefined && known === this.etagOf(ref.filename)) {
        return { etag: known, contentType: 'image/png', notModified: true as const };
      }
      return super.download(...args);
    }

    protected override etagOf(name: string): string {
      return state.etags.get(name) ?? super.etagOf(name);
    }
  }
  const source = new Origin(() => state.bytes);
  const opened = await openCache({ source, memoryMaxSize: 0, ...settings });
  const fileOf = ({ local_path }: ManifestEntry) => join(opened.dir, local_path.replace('.image-cache/', ''));
  return { ...opened, source, state, fileOf };
}

describe('fetch again', () => {
  it('asks for the whole object whatever its ETag says, and keeps a copy with the same bytes', async () => {
    const { cache, source } = await withOrigin();
    const { entry } = await cache.readUrl('mem:a');
    expect(await cache.refetch('mem:a')).toMatchObject({
      status: 'unchanged',
      entry: { local_path: entry.local_path },
    });
    expect(source.conditions).toEqual([undefined, undefined]);
  });

  it('replaces a copy with other bytes, and stores an image that is not cached', async () => {
    const { cache, state, fileOf } = await withOrigin();
    expect(await cache.refetch('mem:a')).toMatchObject({ status: 'stored' });
    state.bytes = bytesOf('second');
    const { status, entry } = await cache.refetch('mem:a');
    expect(status).toBe('replaced');
    expect(await readFile(fileOf(entry))).toEqual(bytesOf('second'));
    expect((await cache.stats()).total_entries).toBe(1);
  });

  it.each(['damaged', 'missing'])(
    'mends a copy whose file is %s, although the bytes in S3 are the same',
    async (fault) => {
      const { cache, fileOf } = await withOrigin();
      const { entry } = await cache.readUrl('mem:a');
      await (fault === 'missing' ? rm(fileOf(entry)) : writeFile(fileOf(entry), 'other bytes'));
      const answer = await cache.refetch('mem:a');
      expect(answer.status).toBe('replaced');
      expect(await readFile(fileOf(answer.entry))).toEqual(bytesOf('first'));
    },
  );

  it('I22: with an expired or absent signature the cached image stays as it is', async () => {
    const { cache, state, fileOf } = await withOrigin();
    const { entry } = await cache.readUrl('mem:a');
    state.refusal = new ImageCacheError('UPSTREAM_EXPIRED', 'The signature of the URL has expired.');
    await expect(cache.refetch('mem:a')).rejects.toMatchObject({ code: 'UPSTREAM_EXPIRED' });
    expect(await readFile(fileOf(entry))).toEqual(bytesOf('first'));
    expect((await cache.readUrl('mem:a')).tier).toBe('disk');
  });

  it.each([
    ['cleared', async (other: Awaited<ReturnType<typeof openCache>>) => other.cache.clear()],
    ['invalidated', async (other: Awaited<ReturnType<typeof openCache>>) => other.cache.invalidate('mem:a')],
  ])(
    'I23: an image that another process has %s meanwhile does not come back by it as another one',
    async (_, remove) => {
      const { cache, source, dir } = await withOrigin();
      await cache.readUrl('mem:a');
      const other = await openCache({ dir });
      source.delay = async () => {
        source.delay = () => Promise.resolve();
        await remove(other);
      };
      expect(await cache.refetch('mem:a')).toMatchObject({ status: 'stored' });
      expect((await cache.lookup(['mem:a']))[0]).toBeDefined();
    },
  );
});

describe('ask the bucket', () => {
  it('whether it has an object, has another one by now, or has none; nothing is stored or removed', async () => {
    const { cache, state } = await withOrigin();
    await cache.readUrl('mem:same');
    await cache.readUrl('mem:other');
    state.etags.set('other', '"2"');
    const { objects } = await cache.insight.ask(
      ['mem:same', 'mem:other', 'mem:unknown', 'x:y?X-Amz-Signature=1'],
      NEVER,
    );
    expect(objects).toEqual([
      { s3_url: 'mem:same', state: 'present' },
      { s3_url: 'mem:other', state: 'changed' },
      { s3_url: 'mem:unknown', state: 'present' },
      { s3_url: 'x:y', state: 'failed', detail: 'not of this origin' },
    ]);
    expect((await cache.stats()).total_entries).toBe(2);
    state.refusal = new ImageCacheError('UPSTREAM_NOT_FOUND', 'gone');
    expect((await cache.insight.ask(['mem:same'], NEVER)).objects).toEqual([{ s3_url: 'mem:same', state: 'absent' }]);
    const { places, entry } = await cache.insight.entry('mem:same');
    expect([places.at(-1), entry?.filename]).toEqual([{ place: 'bucket', state: 'absent' }, 'same']);
  });
});

describe('check without mending', () => {
  it('names what is missing, damaged, unclaimed, a stray and in quarantine, and leaves all of it', async () => {
    const { cache, dir, fileOf, state } = await withOrigin();
    const entries: ManifestEntry[] = [];
    for (const name of ['whole', 'missing', 'damaged', 'loose', 'put-aside']) {
      state.bytes = bytesOf(name);
      entries.push((await cache.readUrl(`mem:${name}`)).entry);
    }
    const [, missing, damaged, loose, aside] = entries as [
      ManifestEntry,
      ManifestEntry,
      ManifestEntry,
      ManifestEntry,
      ManifestEntry,
    ];
    const looseBytes = await readFile(fileOf(loose));
    await cache.invalidate('mem:loose');
    await writeFile(fileOf(loose), looseBytes);
    await writeFile(fileOf(loose).replace(/_[0-9a-f]{32}\./, `_${'0'.repeat(32)}.`), 'not what its name says');
    await writeFile(fileOf(aside), 'x');
    await expect(cache.readPath(aside.local_path)).rejects.toMatchObject({ code: 'CACHE_CORRUPT' });
    await rm(fileOf(missing));
    await writeFile(fileOf(damaged), 'y'.repeat(2000));
    const before = [await readdir(join(dir, 'images/default')), await cache.stats()] as const;

    const progress: CheckProgress[] = [];
    const { problems, problem_count, checked } = await cache.insight.check(NEVER, (each) => progress.push(each));
    expect(problems.map(({ kind }) => kind).toSorted()).toEqual([
      'damaged',
      'missing',
      'quarantined',
      'stray',
      'unclaimed',
    ]);
    expect(problems.find(({ kind }) => kind === 'missing')).toMatchObject({
      path: missing.local_path,
      s3_url: 'mem:missing',
    });
    expect([problem_count, checked, progress.at(-1)]).toEqual([5, 5, { checked: 5, total: 5 }]);

    expect(await readdir(join(dir, 'images/default'))).toEqual(before[0]);
    expect((await cache.stats()).total_entries).toBe(before[1].total_entries);
  });

  it('a file that is stored or removed while it checks is no problem', async () => {
    const { cache, dir } = await withOrigin();
    const { entry } = await cache.readUrl('mem:stored');
    const stored = entry.local_path.replace('.image-cache/', '');
    const unclaimed = { paths: () => [stored, stored.replace('.png', '.jpg')].values() }; // as a scan before has found them
    const discovery = { look: () => Promise.resolve(), unclaimed };
    const check = new DryCheck({ dir, prefix: '.image-cache/', discovery, isBusy: () => false });
    const { checked, problems } = await check.check(await cache.insight.index(), NEVER, () => undefined);
    expect([checked, problems]).toEqual([3, []]);
  });

  it('ends when the one who asked has left', async () => {
    const { cache } = await withOrigin();
    await cache.readUrl('mem:a');
    await expect(cache.insight.check(AbortSignal.abort(), () => undefined)).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

const NEVER = new AbortController().signal;
