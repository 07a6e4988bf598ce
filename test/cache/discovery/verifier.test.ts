import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imagePath, sha256 } from '../../../plugin/cache/files/layout.ts';
import { temporaryPath } from '../../../plugin/cache/files/temporary.ts';
import type { VerifyProgress } from '../../../plugin/protocol.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { refusal } from '../../helpers/source.ts';

const pathOf = (name: string, actorId = '0001') =>
  imagePath({ actorId, key: `mem:${name}`, sha256: sha256(bytesOf(name)), extension: 'png' });

/** A cache that holds these images of actor 0001, two minutes later. */
async function holding(...names: string[]) {
  let offset = 0;
  const opened = await openCache({ memoryMaxSize: 0, now: () => Date.now() + offset });
  for (const name of names) await opened.cache.prefetch({ s3_url: `mem:${name}` }, '0001');
  offset = 120_000;
  return { ...opened, fileOf: (name: string, actorId?: string) => join(opened.dir, pathOf(name, actorId)) };
}

const NOTHING = { damaged: 0, missing: 0, repaired: 0, dropped: 0, quarantined: 0, cleaned: 0 };

describe('verify', () => {
  it('finds nothing wrong with an intact cache, and reports what it checked', async () => {
    const { cache } = await holding('a', 'b', 'c');
    const report = await cache.verify();
    expect(report).toMatchObject({ ...NOTHING, entries: 3, unclaimed: 0 });
    expect(report.steps.map(({ step }) => step)).toEqual(['scan', 'rehash', 'repair', 'drop', 'clean']);
    expect(report.steps[1]).toMatchObject({ checked: 3, healed: 0 });
    expect(report.steps.reduce((sum, { took_ms }) => sum + took_ms, 0)).toBeLessThanOrEqual(report.took_ms + 5);
    expect(report.started_at).toBeGreaterThan(Date.now());
  });

  it('T54: finds a bit flip that a size and a time do not show, and the image is fetched again', async () => {
    const { cache, dir, fileOf, source } = await holding('a', 'b', 'c');
    await cache.readUrl('mem:a');
    await writeFile(fileOf('a'), bytesOf('other'));
    await rm(fileOf('b'));
    expect(await cache.verify()).toMatchObject({ ...NOTHING, entries: 1, damaged: 1, missing: 1, dropped: 2 });
    expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
    for (const name of ['a', 'b', 'c'])
      expect((await cache.readUrl(`mem:${name}`)).body.equals(bytesOf(name))).toBe(true);
    expect(source.downloads).toBe(5);
    expect(await cache.verify()).toMatchObject({ ...NOTHING, entries: 3 });
  });

  it('repairs an entry whose file was moved to another folder', async () => {
    const { cache, dir, fileOf, source } = await holding('a', 'b');
    await mkdir(join(dir, 'images', '0002'));
    await rename(fileOf('a'), fileOf('a', '0002'));
    expect(await cache.verify()).toMatchObject({ ...NOTHING, entries: 2, missing: 1, repaired: 1 });
    const { entry, tier } = await cache.readUrl('mem:a');
    expect(tier).toBe('disk');
    expect(entry).toMatchObject({ local_path: `.image-cache/${pathOf('a', '0002')}`, etag: '"a"', actor_id: '0001' });
    expect(source.downloads).toBe(2);
  });

  it('T53, S1: keeps whole files without an entry, puts aside those that are cut, and leaves what has no name of ours', async () => {
    const { cache, dir, fileOf } = await holding('a');
    await writeFile(fileOf('whole'), bytesOf('whole'));
    await writeFile(fileOf('cut'), bytesOf('cut').subarray(1));
    await writeFile(join(dir, 'images', '0001', 'notes.txt'), 'x');
    const report = await cache.verify();
    expect(report).toMatchObject({ ...NOTHING, entries: 1, unclaimed: 1, quarantined: 1 });
    expect(report.steps[3]).toMatchObject({ step: 'drop', checked: 2, healed: 1 });
    expect(await readdir(join(dir, 'images', '0001'))).toHaveLength(3);
    expect((await cache.readUrl('mem:whole')).tier).toBe('disk');
  });

  it('leaves files alone that may still be written to', async () => {
    const { cache, dir } = await openCache();
    await cache.readUrl('mem:a');
    await writeFile(join(dir, 'images', 'default', 'copying.tmp'), 'x');
    await writeFile(join(dir, pathOf('cut', 'default')), 'x');
    expect(await cache.verify()).toMatchObject({ ...NOTHING, unclaimed: 1 });
  });

  it('T62: removes half-written files of processes that have ended', async () => {
    const { cache, dir } = await holding('a');
    const file = temporaryPath(dir).replace(`-${process.pid}-`, '-4194304-'); // above every process id
    await writeFile(file, 'x');
    expect(await cache.verify()).toMatchObject({ ...NOTHING, cleaned: 1 });
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it('reports its progress, and runs once for all callers', async () => {
    const { cache } = await holding('a', 'b', 'c');
    const progress: VerifyProgress[] = [];
    const [one, two] = await Promise.all([
      cache.verify({ onProgress: (line) => progress.push(line) }),
      cache.verify({ onProgress: (line) => progress.push(line) }),
    ]);
    expect(one).toBe(two);
    expect(progress).toContainEqual({ step: 'rehash', checked: 3, total: 3 });
  });

  it('is aborted when all callers have left, and works the next time', async () => {
    const { cache } = await holding(...Array.from({ length: 50 }, (_, n) => `n${n}`));
    const left = new AbortController();
    const refused = refusal(cache.verify({ signal: left.signal, onProgress: () => left.abort() }));
    expect((await refused).code).toBe('ABORTED');
    expect(await cache.verify()).toMatchObject({ entries: 50 });
  });

  it('T60: is aborted when the cache is closed', async () => {
    const { cache } = await holding(...Array.from({ length: 50 }, (_, n) => `n${n}`));
    const refused = refusal(cache.verify({ onProgress: () => void cache.close() }));
    expect((await refused).code).toBe('ABORTED');
  });

  it('serves, stores and forgets while it runs', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `n${n}`);
    const { cache } = await holding(...names);
    const verifying = cache.verify();
    for (const name of names.slice(0, 20)) expect((await cache.readUrl(`mem:${name}`)).tier).toBe('disk');
    for (const name of names.slice(80)) await cache.invalidate(`mem:${name}`);
    for (const name of ['new1', 'new2']) await cache.readUrl(`mem:${name}`);
    expect(await verifying).toMatchObject({ ...NOTHING, quarantined: 0 });
    expect((await cache.stats()).total_entries).toBe(82);
  });
});
