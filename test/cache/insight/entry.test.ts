import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ImageCacheError } from '../../../plugin/errors.ts';
import type { EntryAnswer, ImagePlace } from '../../../plugin/inspectorProtocol.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';

const stateOf = ({ places }: EntryAnswer, place: ImagePlace['place']) =>
  places.find((each) => each.place === place)?.state;

describe('the places of an image', () => {
  it('memory and disk, but nobody has asked the bucket', async () => {
    const { cache } = await openCache();
    await cache.readUrl('mem:a');
    const answer = await cache.insight.entry('mem:a');
    expect(answer.places).toMatchObject([
      { place: 'memory', state: 'present' },
      { place: 'disk', state: 'present', size_bytes: bytesOf('a').length },
      { place: 'variants', state: 'absent' },
      { place: 'unclaimed', state: 'absent' },
      { place: 'quarantine', state: 'absent' },
      { place: 'bucket', state: 'unknown' },
    ]);
    expect(answer.entry).toMatchObject({ s3_url: 'mem:a', in_memory: true });
  });

  it('an entry whose file is gone: it says so, and removes nothing', async () => {
    const { cache, dir } = await openCache();
    const { entry } = await cache.readUrl('mem:a');
    await rm(join(dir, entry.local_path.replace('.image-cache/', '')));
    expect(stateOf(await cache.insight.entry('mem:a'), 'disk')).toBe('absent');
    expect((await cache.stats()).total_entries).toBe(1);
  });

  it('quarantine, when its file was damaged', async () => {
    const { cache, dir } = await openCache({ memoryMaxSize: 0 });
    const { entry } = await cache.readUrl('mem:a');
    await writeFile(join(dir, entry.local_path.replace('.image-cache/', '')), 'x');
    await cache.readUrl('mem:a');
    const answer = await cache.insight.entry('mem:a');
    expect([stateOf(answer, 'quarantine'), stateOf(answer, 'disk')]).toEqual(['present', 'present']);
    expect((await cache.insight.entries({ kind: 'quarantined' })).files).toHaveLength(1);
  });
});

describe('the story of an image', () => {
  it('why it is not there', async () => {
    const { cache } = await openCache({ maxEntries: 1 });
    await cache.prefetch({ s3_url: 'mem:a' }, 'x');
    await cache.prefetch({ s3_url: 'mem:b' }, 'x');
    const { entry, reason, cause, story } = await cache.insight.entry('mem:a');
    expect([entry, reason, cause]).toEqual([null, 'evicted', 'maxEntries']);
    expect(story.map(({ what }) => what)).toEqual(['stored', 'removed']);
    expect(story.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^Prefetched after \d+ ms/),
      'Evicted: maxEntries.',
    ]);
  });

  it('what has failed, in the words of the failure, without a signature', async () => {
    const source = new MemorySource(() => {
      throw new Error('X-Amz-Signature=0123456789abcdef');
    });
    const { cache } = await openCache({ source });
    await cache.prefetch({ s3_url: 'mem:a' }, 'x');
    const answer = await cache.insight.entry('mem:a');
    expect(answer.story).toMatchObject([{ what: 'failed', text: expect.stringMatching(/^INTERNAL: /) }]);
    expect(JSON.stringify(answer)).not.toContain('0123456789abcdef');
  });

  it('why its last request has failed, with the line that cures it, until an answer has come', async () => {
    let isDown = true;
    const source = new MemorySource((name) => {
      if (isDown)
        throw new ImageCacheError('HOST_NOT_ALLOWED', 'Not listed.', { hint: 'List it.', fix: "buckets: ['a']" });
      return bytesOf(name);
    });
    const { cache } = await openCache({ source });
    await cache.prefetch({ s3_url: 'mem:a' }, 'x');
    expect((await cache.insight.entry('mem:a')).failure).toMatchObject({
      code: 'HOST_NOT_ALLOWED',
      cause: 'Not listed.',
      hint: 'List it.',
      fix: "buckets: ['a']",
    });
    isDown = false;
    await cache.prefetch({ s3_url: 'mem:a' }, 'x');
    expect((await cache.insight.entry('mem:a')).failure).toBeUndefined();
  });

  it('of an image that is known from the manifest alone', async () => {
    const { cache, dir } = await openCache();
    await cache.readUrl('mem:a');
    await cache.close();
    const { cache: next } = await openCache({ dir });
    const { story } = await next.insight.entry('mem:a');
    expect(story).toMatchObject([{ what: 'stored', text: 'Stored.' }]);
  });

  it('a URL of no configured bucket is answered, too', async () => {
    const { cache } = await openCache();
    expect(await cache.insight.entry('https://elsewhere.example/a.jpg?X-Amz-Signature=1')).toMatchObject({
      s3_url: 'https://elsewhere.example/a.jpg',
      entry: null,
      reason: 'first_seen',
    });
  });
});
