import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageCache } from '../../../plugin/cache/imageCache.ts';
import type { Manifest } from '../../../plugin/protocol.ts';
import { openCache } from '../../helpers/cache.ts';
import { refusal } from '../../helpers/source.ts';

async function fill(cache: ImageCache, actor: string, ...names: string[]): Promise<void> {
  for (const name of names) await cache.prefetch({ s3_url: `mem:${name}` }, actor);
}

const isPinned = async (cache: ImageCache, name: string) => (await cache.find(`mem:${name}`))?.pinned === true;

describe('pins', () => {
  it('a pinned image outlives any number of others, and goes once it is unpinned', async () => {
    let now = 0;
    const { cache } = await openCache({ maxEntries: 3, now: () => (now += 1) });
    await fill(cache, 'a', 'kept');
    expect(await cache.pin({ s3_url: 'mem:kept' })).toEqual({ pinned: 1 });
    await fill(cache, 'a', '1', '2', '3', '4', '5');
    expect(await isPinned(cache, 'kept')).toBe(true);
    expect(await cache.unpin({ s3_url: 'mem:kept' })).toEqual({ pinned: 1 });
    await fill(cache, 'a', '6', '7', '8');
    expect(await cache.find('mem:kept')).toBeUndefined();
  });

  it('T61: when nothing but pinned images is left, new ones still come and go', async () => {
    const { cache } = await openCache({ maxEntries: 2 });
    await fill(cache, 'a', 'one', 'two');
    await cache.pin({ actor_id: 'a' });
    await fill(cache, 'b', '1', '2', '3');
    expect((await cache.stats()).total_entries).toBe(3);
    expect(await isPinned(cache, 'one')).toBe(true);
  });

  it('an actor’s pin holds for all its images, also those that come later, and those it shares', async () => {
    const { cache } = await openCache();
    await fill(cache, 'a', 'before');
    await fill(cache, 'b', 'others', 'shared');
    expect(await cache.pin({ actor_id: 'a' })).toEqual({ pinned: 1 });
    await fill(cache, 'a', 'later', 'shared');
    for (const name of ['before', 'later', 'shared']) expect(await isPinned(cache, name), name).toBe(true);
    expect(await isPinned(cache, 'others')).toBe(false);
    await cache.pin({ actor_id: 'b' });
    expect(await cache.unpin({ actor_id: 'a' })).toEqual({ pinned: 3 });
    expect(await isPinned(cache, 'later')).toBe(false);
    expect(await isPinned(cache, 'shared'), 'pinned by b as well').toBe(true);
  });

  it('T51: other processes see a pin, and a restart keeps it', async () => {
    const a = await openCache();
    const b = await openCache({ dir: a.dir });
    await fill(a.cache, 'a', 'one');
    await b.cache.pin({ s3_url: 'mem:one' });
    await b.cache.pin({ actor_id: 'later' });
    await a.cache.stats();
    expect(await isPinned(a.cache, 'one')).toBe(true);
    await a.cache.close();
    await b.cache.close();

    const text = await readFile(join(a.dir, 'manifest.json'), 'utf8');
    expect((JSON.parse(text) as Manifest).entries['mem:one']?.pinned).toBe(true);
    const next = await openCache({ dir: a.dir });
    expect(await isPinned(next.cache, 'one')).toBe(true);
    await fill(next.cache, 'later', 'two');
    expect(await isPinned(next.cache, 'two')).toBe(true);
  });

  it('T52: pins come back from manifest.json alone', async () => {
    const { cache, dir } = await openCache();
    await fill(cache, 'a', 'one');
    await cache.pin({ actor_id: 'a' });
    await cache.close();
    await rm(join(dir, 'journal'), { recursive: true });
    const next = await openCache({ dir });
    expect(await isPinned(next.cache, 'one')).toBe(true);
    await fill(next.cache, 'a', 'two');
    expect(await isPinned(next.cache, 'two')).toBe(true);
  });

  it('clearing removes pinned images, and the pin of the actor', async () => {
    const { cache } = await openCache();
    for (const actor of ['a', undefined]) {
      await cache.pin({ actor_id: 'a' });
      await fill(cache, 'a', 'one');
      expect(await cache.clear(actor)).toMatchObject({ cleared: 1 });
      await fill(cache, 'a', 'one');
      expect(await isPinned(cache, 'one')).toBe(false);
    }
  });

  it('an image that is not there cannot be pinned', async () => {
    const { cache } = await openCache();
    expect((await refusal(cache.pin({ s3_url: 'mem:nothing' }))).code).toBe('NOT_CACHED');
    expect((await refusal(cache.pin({ s3_url: 'https://elsewhere.example/a.png' }))).code).toBe('HOST_NOT_ALLOWED');
    expect(await cache.unpin({ s3_url: 'mem:nothing' })).toEqual({ pinned: 0 });
  });
});
