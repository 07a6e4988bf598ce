import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Manifest } from '../../../plugin/protocol.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';

const NAMES = ['a', 'b', 'c', 'd'];

/** A directory that was closed with four images in it, of which one and one actor are pinned. */
async function leftBehind() {
  const { cache, dir } = await openCache();
  for (const name of NAMES) await cache.prefetch({ s3_url: `mem:${name}` }, name < 'c' ? '0001' : '0002');
  await cache.pin({ actor_id: '0001' });
  await cache.pin({ s3_url: 'mem:c' });
  await cache.close();
  const names = await readdir(join(dir, 'journal'));
  const snapshot = join(dir, 'journal', names.find((name) => name.endsWith('.snap')) ?? '');
  return { dir, snapshot, manifest: join(dir, 'manifest.json'), text: await readFile(snapshot, 'utf8') };
}

const keysIn = async (manifest: string) =>
  Object.keys((JSON.parse(await readFile(manifest, 'utf8')) as Manifest).entries).toSorted();

describe('a manifest of another version', () => {
  it.each(['1.1', '1.25'])('R9: %s keeps what is known of it, pins and all', async (version) => {
    const { dir, snapshot, manifest, text } = await leftBehind();
    const newer = text
      .replace('"version":"1.0",', `"version":"${version}","colours":{"of":"something"},`)
      .replaceAll('"actor_id"', '"mood":"blue","actor_id"');
    for (const file of [snapshot, manifest]) await writeFile(file, newer);
    const { cache, source, warnings } = await openCache({ dir });
    expect((await cache.stats()).total_entries).toBe(4);
    for (const name of NAMES) expect((await cache.readUrl(`mem:${name}`)).entry.pinned === true).toBe(name !== 'd');
    expect([source.downloads, warnings]).toEqual([0, []]);
    await cache.close();
    expect(await readdir(join(dir, 'quarantine')).catch(() => [])).toEqual([]);
  });

  it.each(['2.0', '1', '11.0', '1.0-beta', 2])('R9: %s is put aside, and pinned actors stay so', async (version) => {
    const { dir, snapshot, manifest, text } = await leftBehind();
    const newer = text.replace('"version":"1.0"', `"version":${JSON.stringify(version)}`);
    expect(newer).toContain('"pinned_actors":["0001"]');
    for (const file of [snapshot, manifest]) await writeFile(file, newer);
    const { cache, source, warnings } = await openCache({ dir });
    for (const name of NAMES) {
      const { entry } = await cache.readUrl(`mem:${name}`, { actorId: name < 'c' ? '0001' : '0002' });
      expect(entry.pinned === true).toBe(name < 'c');
    }
    expect(source.downloads).toBe(0); // the files say what they are
    expect(warnings.join()).toContain('single images have to be pinned again');
    await cache.close();
    expect(await readdir(join(dir, 'quarantine'))).toHaveLength(2);
    const next = await openCache({ dir });
    expect((await next.cache.readUrl('mem:a')).entry.pinned).toBe(true);
  });

  it('R9: is treated the same if another tool has formatted it', async () => {
    const { dir, manifest, text } = await leftBehind();
    await rm(join(dir, 'journal'), { recursive: true });
    const parsed = JSON.parse(text) as object;
    await writeFile(manifest, JSON.stringify({ ...parsed, version: '2.0' }, null, 2));
    const { cache } = await openCache({ dir });
    expect((await cache.readUrl('mem:a', { actorId: '0001' })).entry.pinned).toBe(true);
  });
});

describe('a snapshot that was cut', () => {
  const lines = (text: string) => text.split('\n');
  it.each<[string, (text: string) => string]>([
    ['a line in the middle', (text) => lines(text).toSpliced(2, 1).join('\n')],
    ['all lines but the first and the last', (text) => lines(text).toSpliced(1, 4).join('\n')],
    ['the end', (text) => text.slice(0, -30)],
    ['the beginning', (text) => text.slice(30)],
    ['everything', () => ''],
  ])('R9: %s is not copied to manifest.json, which takes its place', async (_, cut) => {
    const { dir, snapshot, manifest, text } = await leftBehind();
    await writeFile(snapshot, cut(text));
    const { cache, warnings } = await openCache({ dir });
    expect((await cache.stats()).total_entries).toBe(4);
    expect((await cache.readUrl('mem:c')).entry.pinned).toBe(true);
    await cache.close();
    expect(await keysIn(manifest)).toEqual(NAMES.map((name) => `mem:${name}`));
    expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
    expect(warnings.join()).toContain('.snap');
  });

  it('R9: still counts for its remaining entries if there is no manifest.json', async () => {
    const { dir, snapshot, manifest, text } = await leftBehind();
    await writeFile(snapshot, lines(text).toSpliced(2, 1).join('\n'));
    await rm(manifest);
    const { cache } = await openCache({ dir });
    expect((await cache.stats()).total_entries).toBe(3);
    expect((await cache.readUrl('mem:c')).body.equals(bytesOf('c'))).toBe(true);
  });
});

describe('a limit that is lower than it was', () => {
  it.each<[string, object, number]>([
    ['maxSize', { maxSize: 5000 }, 2],
    ['maxEntries', { maxEntries: 3 }, 2],
    ['a quota', { quotaOf: (actor: string) => (actor === '0002' ? 2500 : undefined) }, 3],
    ['maxAge', { maxAge: 60_000, now: () => Date.now() + 120_000 }, 0],
  ])('R9: %s is kept to from the start on, before any image is asked for', async (_, limits, left) => {
    const { cache, dir } = await openCache();
    for (const name of NAMES) await cache.prefetch({ s3_url: `mem:${name}` }, name < 'c' ? '0001' : '0002');
    await cache.close();
    const next = await openCache({ dir, ...limits });
    await next.cache.stats();
    await vi.waitFor(async () => expect((await next.cache.stats()).total_entries).toBe(left));
    expect(next.source.downloads).toBe(0);
    const files = async () =>
      (await readdir(join(dir, 'images'), { recursive: true })).filter((name) => name.endsWith('.png'));
    await expect.poll(files).toHaveLength(left); // they follow their entries
  });

  it('R9: evicts variants and files without an entry before images', async () => {
    const { cache, dir } = await openCache();
    for (const name of NAMES) await cache.prefetch({ s3_url: `mem:${name}` }, '0001');
    await cache.close();
    const old = Date.now() + 120_000;
    await rm(join(dir, 'journal'), { recursive: true });
    await rm(join(dir, 'manifest.json'));
    const next = await openCache({ dir, maxSize: 5000, now: () => old });
    await next.cache.stats();
    await vi.waitFor(async () => expect((await next.cache.stats()).unclaimed.files).toBe(2));
  });
});

describe('a journal that is removed by hand while the cache runs', () => {
  it('R9: does not bring back what was invalidated since manifest.json was written, here or in a process that starts later', async () => {
    const { dir, manifest } = await leftBehind();
    const { cache, source } = await openCache({ dir });
    await cache.stats();
    await cache.invalidate('mem:a');
    expect(await keysIn(manifest)).toContain('mem:a'); // it follows a moment later
    await rm(join(dir, 'journal'), { recursive: true });

    expect(await cache.find('mem:a')).toBeUndefined();
    expect((await cache.stats()).total_entries).toBe(3);
    expect((await cache.readUrl('mem:b')).tier).not.toBe('s3');
    expect(source.downloads).toBe(0);
    await expect.poll(() => keysIn(manifest)).toEqual(['mem:b', 'mem:c', 'mem:d']);
    const later = await openCache({ dir });
    expect(await later.cache.find('mem:a')).toBeUndefined();
  });

  it('R9: does not bring it back while the invalidation is running, either', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { dir, manifest } = await leftBehind();
      const { cache } = await openCache({ dir });
      await cache.stats();
      const invalidating = cache.invalidate('mem:a');
      await turn();
      await rm(join(dir, 'journal'), { recursive: true, force: true, maxRetries: 10, retryDelay: 5 });
      await invalidating;
      await cache.stats();
      expect(await cache.find('mem:a')).toBeUndefined();
      await expect.poll(() => keysIn(manifest)).not.toContain('mem:a');
      await cache.close();
    }
  });

  it('R9: keeps images that were added by then, by adopting their files', async () => {
    const { dir } = await leftBehind();
    const { cache, source } = await openCache({ dir });
    await cache.prefetch({ s3_url: 'mem:e' }, '0001');
    await rm(join(dir, 'journal'), { recursive: true });
    expect((await cache.readUrl('mem:e')).body.equals(bytesOf('e'))).toBe(true);
    expect(source.downloads).toBe(1);
  });
});
